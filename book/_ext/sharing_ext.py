"""What a browser's tab, a search engine and a chat show of a page; and the page that is not there.

Descriptions are a page's first sentences with formulas in plain letters instead of TeX.
"""

from pathlib import Path
from urllib.parse import urlsplit

import unicodeit
from docutils import nodes

STATIC = Path(__file__).parents[1] / "_static"

LOST = """<h1>This page is not there</h1>
<p>It may have moved, or the link has a typing mistake. The
<a href="{prefix}index.html">first page</a> has a map of all chapters, and the search at the left
knows every word of the book.</p>"""


def icon(app, config):
    """The tab's icon, and where a missing page looks for styles: from any depth of address."""
    config.html_favicon = str(STATIC / "favicon.svg")
    config.ogp_social_cards = {**config.ogp_social_cards, "image_mini": str(STATIC / "icon.png")}
    prefix = urlsplit(config.html_baseurl).path or "/"
    config.notfound_urls_prefix = prefix
    config.notfound_context = {"title": "Not found", "body": LOST.format(prefix=prefix)}


def plain(tex):
    """A formula as people would type it in a message: no braces, no backslashes."""
    said = unicodeit.replace(tex)
    for word, letters in ((r"\,", " "), (r"\operatorname", ""), (r"\mathrm", ""), (r"\text", "")):
        said = said.replace(word, letters)
    return " ".join(said.translate(str.maketrans("", "", "{}\\$")).split())


def without_tex(app, pagename, templatename, context, doctree):
    """Formulas as plain letters; the page is written already, its description not yet."""
    for formula in list(doctree.findall(nodes.math)) if doctree else ():
        formula.parent.replace(formula, nodes.Text(plain(formula.astext())))


def setup(app):
    app.setup_extension("notfound.extension")
    app.connect("config-inited", icon, priority=20)  # once the book's address is known
    app.connect("html-page-context", without_tex, priority=300)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
