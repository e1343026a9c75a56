"""A figure alone in a browser, and what its script draws held against what Python draws."""

from contextlib import contextmanager

import pytest
from tests.support.browsing import Page

from course_utils import figures
from course_utils.files import write

# [words, numbers] of each part below a node
PARTS = """root => [...root.querySelectorAll("text, rect, path, circle")].map(e => [
  e.tagName + e.textContent, ["x", "y", "cx", "cy", "width", "height", "d"].flatMap(
    k => ((e.getAttribute(k) || "").match(/[0-9.]+/g) || []).map(Number))])"""


@contextmanager
def opened(browser, folder, body):
    """The page with a figure's HTML and what figures load, and a list of its complaints."""
    names = figures.write_assets(folder)
    head = "".join(f'<link rel="stylesheet" href="{n}">' for n in names["css"])
    scripts = "".join(f'<script src="{n}"></script>' for n in names["js"])
    write(
        folder / "page.html",
        f'<!doctype html><html lang="en"><meta charset="utf-8">{head}<body>{body}{scripts}',
    )
    window = Page(browser)
    yield window.open(folder / "page.html"), window.errors
    window.context.close()


def assert_drawn(page, selector, svg, least):
    """What the script drew has the parts of Python's drawing, more than ``least``, in place."""
    parsed = "new DOMParser().parseFromString(svg, 'text/html')"
    wanted = page.evaluate(f"svg => ({PARTS})({parsed})", svg)
    drawn = page.locator(selector).evaluate(PARTS)
    assert [words for words, _ in drawn] == [words for words, _ in wanted] and len(wanted) > least
    for (_, found), (words, expected) in zip(drawn, wanted, strict=True):
        assert found == pytest.approx(expected, abs=0.011), words  # Python rounds to hundredths
