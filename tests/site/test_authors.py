"""The authors' page, which shows each element of a chapter once: `make book` first."""

import browsing
import pytest
from bs4 import BeautifulSoup

pytestmark = pytest.mark.site
PAGE = "book/reference/authors.html"
FIGURE = "#fig-authors-decay"
# opens what is folded; kept when the last one has told of it, which a script of the page hears
OPENED = """Promise.all([...document.querySelectorAll("details:not([open])")].map(fold =>
  new Promise(done => { fold.addEventListener("toggle", () => done()); fold.open = true; })))"""


@pytest.fixture(scope="module")
def article():
    text = (browsing.site() / PAGE).read_text("utf-8")
    return BeautifulSoup(text, "html.parser").find("article")


def test_every_element_stands_under_the_lines_that_make_it(article):
    """No section without its lines, and no lines without something live below them."""
    sections = article.select("section > section")
    assert len(sections) >= 10
    for section in sections:
        title = section.find("h2").text.rstrip("#")
        shown = section.select(".element-lines")
        assert shown, title
        for lines in shown:
            below = lines.find_next_sibling()
            assert below is not None and (below.text.strip() or below.find("svg")), title


def test_what_the_page_promises_is_there(article):
    figure = article.select_one(FIGURE)
    caption = figure.select_one("figcaption")
    assert caption.select_one(".caption-number").text.startswith("Figure ")
    assert caption.select_one("a.headerlink")["href"] == FIGURE
    assert figure.find("svg")["aria-label"].startswith("A curve that falls")
    assert figure.find_next_sibling("details").find("pre")
    number = caption.select_one(".caption-number").text.strip()
    assert number in [a.text for a in article.select(f'a[href="{FIGURE}"]')]
    source = article.select_one(".course-source")
    assert source.select_one("a")["href"].endswith(tuple("0123456789"))
    assert source.select_one("pre .k").text == "def"  # highlighted, not plain


@pytest.mark.browser
def test_the_keyboard_reaches_link_and_code(browser):
    window = browsing.Page(browser)
    page = window.open(browsing.site() / PAGE)
    link = page.locator(f"{FIGURE} figcaption a.headerlink")
    summary = page.locator("details.figure-code > summary").first
    assert float(link.evaluate("e => getComputedStyle(e).opacity")) == 0
    link.focus()
    page.wait_for_function("e => getComputedStyle(e).opacity == 1", arg=link.element_handle())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{FIGURE}")
    link.focus()
    page.keyboard.press("Tab")
    assert summary.evaluate("e => e === document.activeElement")
    code = page.locator("details.figure-code pre").first
    assert not code.is_visible()
    page.keyboard.press("Enter")
    assert code.is_visible() and "0.9**steps" in code.inner_text()
    window.context.close()


@pytest.mark.browser
def test_without_script_nothing_is_missing(browser):
    window = browsing.Page(browser, java_script_enabled=False)
    page = window.open(browsing.site() / PAGE)
    for selector in (f"{FIGURE} svg", f"{FIGURE} figcaption", ".course-source pre"):
        assert page.locator(selector).first.is_visible(), selector
    page.locator("details.figure-code > summary").first.click()
    assert page.locator("details.figure-code pre").first.is_visible()
    window.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(390, "dark"), (390, "light"), (1300, "dark")])
def test_with_everything_open_it_fits_and_is_accessible(browser, width, scheme):
    window = browsing.Page(browser, width=width, scheme=scheme)
    page = window.open(browsing.site() / PAGE)
    page.evaluate(OPENED)
    assert window.overflow() <= 0 and not window.errors and not window.requests
    assert not window.axe()
    window.context.close()
