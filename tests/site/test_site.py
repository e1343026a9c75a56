"""The built book, opened from the disk in a browser: `make book` first."""

import base64
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import browsing
import letters
import pytest

import address

pytestmark = pytest.mark.site


CELLS = ("janet", "depth_gated")  # their pages stand for those of all cells, which are made alike
WHOLE = ("book/intro.html", "book/playground.html", "book/lstm/gates.html")  # all rules, narrow too


def pages():
    """Every page of the book, relative to the site; none where it is not built."""
    folder = browsing.ROOT / "_build" / "html"
    found = sorted(p.relative_to(folder) for p in folder.glob("book/**/*.html"))
    return [p.as_posix() for p in found if p.parent.name != "cells" or p.stem in CELLS]


def test_the_book_is_built():
    assert "book/intro.html" in [p.relative_to(browsing.site()).as_posix()
                                 for p in browsing.site().glob("book/*.html")]  # fmt: skip


class Links(HTMLParser):
    """What a page links to and loads, and the anchors that it offers.

    The parser alone: the trees of all pages would take a minute.
    """

    def __init__(self, path):
        super().__init__()
        self.found, self.anchors = [], set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.found += [attrs[name] for name in ("href", "src") if attrs.get(name)]
        self.anchors |= {attrs[name] for name in ("id", "name") if attrs.get(name)}


def test_links_and_anchors_lead_somewhere():
    site = browsing.site()
    links = {
        path: Links(path)
        for path in site.glob("**/*.html")
        if "_static" not in path.parts  # the theme keeps a template there
    }
    broken, root = [], urlsplit(address.configured().pages).path  # 404.html is read at any depth
    for page, read in links.items():
        for text in read.found:
            link = urlsplit(text)
            if link.scheme or link.netloc:
                continue
            target = (page.parent / unquote(link.path)).resolve() if link.path else page
            if page.name == "404.html" and link.path.startswith(root):
                target = site / unquote(link.path.removeprefix(root))
            if not target.exists():
                broken.append(f"{page.relative_to(site)}: {link.geturl()}")
            elif link.fragment and target in links:
                if unquote(link.fragment) not in links[target].anchors:
                    broken.append(f"{page.relative_to(site)}: #{unquote(link.fragment)}")
    assert not broken
    assert any(read.found for read in links.values())


def test_every_notebook_is_opened_by_its_own_page_and_no_other():
    """Each Colab button names a committed notebook; pages without one show no button."""
    site, root = browsing.site(), browsing.ROOT
    button = re.compile(
        r"colab\.research\.google\.com/github/[^/]+/[^/]+/blob/[^/]+/(notebooks/[^\"]+)"
    )
    opened = {
        page.relative_to(site / "book").with_suffix("").as_posix(): set(
            button.findall(page.read_text("utf-8"))
        )
        for page in site.glob("book/**/*.html")
    }
    notebooks = sorted((root / "notebooks").rglob("*.ipynb"))
    wanted = {page: set() for page in opened}
    for path in notebooks:
        name = path.relative_to(root / "notebooks").with_suffix("").as_posix()
        wanted[name] = {path.relative_to(root).as_posix()}
    assert notebooks and opened == wanted


def test_nothing_names_another_host_to_load_from():
    """Links may lead away; scripts, styles, fonts and pictures may not."""
    site, loads = browsing.site(), re.compile(r"""(?:src|srcset)=["'](?:https?:)?//[^"']+""")
    found = {
        str(page.relative_to(site)): loads.findall(page.read_text("utf-8"))
        for page in site.glob("**/*.html")
    }
    assert not {page: hits for page, hits in found.items() if hits}


def test_the_font_of_formulas_lies_in_the_book_upright_and_italic():
    text = (browsing.site() / "_static/figures/fonts.css").read_text("utf-8")
    faces = re.findall(r"font-style: (\w+); src: url\(data:font/woff;base64,([\w+/=]+)\)", text)
    assert [style for style, _ in faces] == ["normal", "italic"]
    assert all(base64.b64decode(font).startswith(b"wOFF") for _, font in faces)
    for page in pages():
        assert "figures/fonts.css" in (browsing.site() / page).read_text("utf-8"), page


def test_no_page_names_a_folder_of_the_machine_that_built_it():
    site = browsing.site()
    here = str(browsing.ROOT)
    assert not [str(p.relative_to(site)) for p in site.glob("**/*.html") if here in p.read_text()]


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1300, "light"), (1300, "dark"), (390, "light")])
def test_pages_are_quiet_fit_and_accessible(browser, width, scheme):
    site, found, names = browsing.site(), {}, [*pages(), "genindex.html", "search.html"]
    for name, window in browsing.settled(browser, site, names, width=width, scheme=scheme):
        complaints = [*window.errors, *(f"asked for {url}" for url in window.requests)]
        if window.overflow() > 0:
            complaints.append(f"{window.overflow()} px wider than {width}")
        narrow = width < 1000 and name not in WHOLE  # what is laid out there is as in sight
        complaints += window.axe(browsing.LAID_OUT if narrow else None)
        if complaints:
            found[name] = complaints
    assert not found


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1300])
def test_letters_of_figures_are_readable_and_never_on_each_other(browser, width):
    """Of every drawing of every page: eleven pixels at least, no text on another."""
    site, found = browsing.site(), {}
    window = browsing.Page(browser, width=width)
    for name in pages():
        shown = letters.texts(window.open(site / name), ".bd-article .u-figure:not(.u-score)")
        if complaints := letters.small(shown) + letters.touching(shown):
            found[name] = complaints
    window.context.close()
    assert not found


@pytest.mark.browser
def test_sliders_move_by_arrow_key(browser):
    """Every range input in sight that is not disabled, of every page, reacts to the keyboard.

    (A figure may hide one that nothing reads at the moment; tests/figures brings those to light.)
    """
    site, moved = browsing.site(), 0
    for name, window in browsing.settled(browser, site, pages()):
        page = window.page
        for slider in page.locator(".bd-article input[type=range]:visible").all():
            if slider.is_disabled():
                continue
            before = slider.input_value()
            slider.focus()
            page.keyboard.press("ArrowRight")
            if slider.input_value() == before:  # it stood at its end
                page.keyboard.press("ArrowLeft")
            assert slider.input_value() != before, f"{name}: {slider.get_attribute('aria-label')}"
            moved += 1
    assert moved > 0


@pytest.mark.browser
def test_search_finds_pages(browser):
    window = browsing.Page(browser)
    page = window.open(browsing.site() / "search.html")
    page.goto(page.url + "?q=gradient", wait_until="load")
    page.wait_for_selector("#search-results li")
    window.context.close()
