"""Browsers for tests of pages, Chromium through Playwright and Firefox; skips without one."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

import browser
import firefox as other

ROOT = Path(__file__).parents[2]


def missing(what):
    """Skip, or fail where UNROLLED_REQUIRE says that nothing may be missing (.ci/run does)."""
    if os.environ.get("UNROLLED_REQUIRE"):
        pytest.fail(f"{what}, and UNROLLED_REQUIRE is set")
    pytest.skip(what)


def site():
    """The folder of the built book."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        missing("the book is not built; run: make book")
    return folder


@contextmanager
def running(start):
    """The browser that ``start`` starts; the test is skipped where there is none."""
    try:
        with start() as started:
            yield started
    except browser.NoBrowser as why:
        missing(str(why))


def chromium():
    """A running Chromium."""
    return running(browser.chromium)


def firefox():
    """The one page of a running Firefox."""
    return running(other.firefox)


PATIENCE_MS = 300_000  # for one answer; a machine of two cores may have ten other things to do
SETTLED_MS = 1800  # course.js mends the theme's marks once more a second and a half after loading


def settled(browser, site, names, *, many=6, **options):
    """(name, its `Page`) of pages on which the scripts have done all they do.

    ``many`` pages wait together: they load one after the other and then need one wait.
    """
    for group in (names[k : k + many] for k in range(0, len(names), many)):
        windows = [Page(browser, **options) for _ in group]
        for name, window in zip(group, windows, strict=True):
            window.open(site / name, wait=0)
        windows[-1].page.wait_for_timeout(SETTLED_MS + 300)
        for name, window in zip(group, windows, strict=True):
            yield name, window
            window.context.close()


# [level, rule, first node]; a heading that holds nothing but a formula is empty to axe
AXE = """options => axe.run({preload: false, ...options}).then(({violations, incomplete}) => {
  const set = n => document.querySelector(n.target[0]).querySelector("math, mjx-container");
  return [...violations.map(v => [v.impact, v]), ...incomplete.map(v => ["undecided", v])]
    .map(([level, {id, nodes}]) =>
      [level, id, nodes.find(n => id !== "empty-table-header" || !set(n))?.html])
    .filter(([level, id, html]) => html);
})"""
LAID_OUT = {  # the rules that look at where things lie; all others find the same at any width
    "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
}
UNDECIDED = {  # what axe cannot decide, and why we leave it so
    # the ground of what is below the edge of the window or lies in a picture; letters of pictures
    # have their colours from the palette, whose contrast tests/figures/test_palette.py holds
    ("undecided", "color-contrast"),
}


class Page:
    """A page from file://, with what it complained of and what it asked other hosts for."""

    def __init__(self, browser, *, width=1300, scheme="light"):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.errors, self.requests = [], []
        self.context.route("**/*", self._asked)
        self.page = self.context.new_page()
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def _asked(self, route):
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            self.requests.append(route.request.url)
            route.abort()

    def open(self, path, wait=300):
        """Load a file and give its scripts ``wait`` milliseconds to settle."""
        self.errors.clear()
        self.requests.clear()
        self.page.goto(Path(path).absolute().as_uri(), wait_until="load")
        self.page.wait_for_timeout(wait)
        return self.page

    def overflow(self):
        """How many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def axe(self, options=None):
        """Findings of axe-core of every level, decided or not, as "rule: node"; but `UNDECIDED`.

        options: of ``axe.run``; all rules if None.
        """
        from importlib.resources import files

        script = files("axe_playwright_python") / "axe.min.js"
        self.page.evaluate(script.read_text("utf-8"))
        # preload would fetch the style sheets once more, which file:// forbids
        found = self.page.evaluate(AXE, options or {})
        return [
            f"{rule} ({level}): {html[:120]}"
            for level, rule, html in found
            if (level, rule) not in UNDECIDED
        ]
