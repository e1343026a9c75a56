"""Looking at HTML that figures return."""

import json
import re
from html.parser import HTMLParser


class Open(HTMLParser):
    """Complains about a tag that is closed wrongly."""

    VOID = ("input", "br", "meta", "link")

    def __init__(self, html):
        super().__init__()
        self.stack = []
        self.feed(html)
        assert not self.stack

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def data(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])


def plates(html):
    """What stands on the wires of the explorer's circuit: name -> text."""
    found = re.findall(r'data-show="(\w+)".*?<text[^>]*>([^<]*)</text>', html, re.S)
    return dict(found)
