"""Browsers for tests of pages, Chromium through Playwright and Firefox; skips without one."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

import browser
import firefox as other
from browser import PATIENCE_MS

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


SETTLED_MS = 1800  # course.js mends the theme's marks once more a second and a half after loading
BELL = "ms => { setTimeout(() => { window.bell = true; }, ms); }"
# Two frames on: what a script asked to be done in the next frame is done, and laid out.
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def settled(browser, site, names, *, many=6, **options):
    """(name, its `Page`) of pages on which the scripts have done all they do.

    ``many`` pages wait together: they load one after the other, and each rings a bell of its own.
    """
    for group in (names[k : k + many] for k in range(0, len(names), many)):
        windows = [Page(browser, **options) for _ in group]
        for name, window in zip(group, windows, strict=True):
            window.open(site / name)
            window.page.evaluate(BELL, SETTLED_MS)
        for name, window in zip(group, windows, strict=True):
            window.page.wait_for_function("window.bell")
            yield name, window
            window.context.close()


def drawn(page):
    """Wait until what was to happen in the next frame has happened."""
    page.evaluate(DRAWN)


def after(page, ms):
    """Wait until the page's timers that were set for less than ``ms`` from now have rung.

    By its own clock, which rings them in order; ours runs on while a busy machine lets it stand.
    """
    page.evaluate("ms => new Promise(done => { setTimeout(done, ms); })", ms)


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
    """A page from file://, with what it complained of and what it asked other hosts for.

    options: of Playwright's ``new_context``.
    """

    def __init__(self, browser, *, width=1300, height=900, scheme="light", **options):
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        self.scripts = options.get("java_script_enabled", True)
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

    def open(self, path):
        """Load a file; its scripts have started, its fonts are there, and a frame is drawn."""
        self.errors.clear()
        self.requests.clear()
        self.page.goto(Path(path).absolute().as_uri(), wait_until="load")
        if self.scripts:  # without them no promise is kept
            self.page.evaluate("document.fonts.ready.then(() => {})")
            drawn(self.page)
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
