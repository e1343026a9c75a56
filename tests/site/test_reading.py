"""Claims, cards, print and the Tab key in the built book, in a browser: `make book` first."""

import json

import browsing
import pytest

from course_utils import ledger

pytestmark = [pytest.mark.site, pytest.mark.browser]
ROWS = "section.claims-chapter table.claims-table tbody tr"
# a stop of the Tab key is a control, or says by its role that it answers, or scrolls
STOP = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  if (e === document.body) return null;
  const control = e.matches("a[href], button, input, select, textarea, summary, iframe");
  const role = e.matches("[role]:not([role=presentation], [role=img])");
  const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY)
    && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight);
  const seen = box.width > 0 && box.height > 0 && e.checkVisibility({visibilityProperty: true});
  return {ok: seen && (control || role || scrolls), what: e.outerHTML.slice(0, 160)};
}"""


def chapters():
    """Chapters of the built book, by path relative to the site."""
    folder = browsing.ROOT / "_build" / "html"
    found = sorted(p.relative_to(folder).as_posix() for p in folder.glob("book/*/*.html"))
    return [name for name in found if "/reference/" not in name]


def claims_page():
    return browsing.site() / "book/reference/claims.html"


def visible(page, selector=ROWS):
    return page.locator(f"{selector}:visible").count()


def test_a_verdict_in_a_chapter_leads_to_its_claim(browser):
    window, followed = browsing.Page(browser), 0
    for name in chapters():
        page = window.open(browsing.site() / name)
        links = page.locator("ul.claims .claim-facts > a[href*='#claim-']")
        assert links.count() >= page.locator("ul.claims > li").count()
        if links.count():
            links.first.click()
            page.wait_for_url("**/claims.html#claim-*")
            row = page.evaluate("location.hash.slice(1)")
            assert page.locator(f"tr#{row}").is_visible()
            followed += 1
    window.context.close()
    assert followed


def test_claims_are_filtered_by_keyboard(browser):
    window = browsing.Page(browser)
    page = window.open(claims_page())
    total = visible(page)
    assert total == page.locator(ROWS).count() > 100
    verdict, chapter = page.locator(".claims-filter select").all()
    verdict.focus()
    page.keyboard.press("ArrowDown")
    some = visible(page)
    assert 0 < some < total and page.locator(".claims-filter output").inner_text().startswith(
        f"{some} of {total}"
    )
    chosen = verdict.input_value()
    assert visible(page, f"{ROWS}.{chosen}") == some
    page.keyboard.press("Home")
    chapter.focus()
    page.keyboard.press("ArrowDown")
    assert 0 < visible(page) < total
    page.keyboard.press("Home")
    page.locator(".claims-filter input[type=checkbox]").first.focus()
    page.keyboard.press("Space")
    assert visible(page) == page.locator(f"{ROWS}.sourced").count()
    page.keyboard.press("Space")
    page.locator(".claims-filter input[type=search]").focus()
    page.keyboard.type("no such words")
    assert visible(page) == 0
    window.context.close()


def test_without_a_script_every_claim_is_in_sight(browser):
    window = browsing.Page(browser, java_script_enabled=False)
    page = window.open(claims_page())
    assert visible(page) == page.locator(ROWS).count() > 100
    assert page.locator("svg.paper-and-here circle:visible").count() > 5
    window.context.close()


def test_the_claims_page_is_short_on_a_phone(browser):
    window = browsing.Page(browser, width=390)
    page = window.open(claims_page())
    height = "document.documentElement.scrollHeight"
    assert page.evaluate(height) < 8_000
    page.evaluate("document.querySelectorAll('details.claims-fold').forEach(f => f.open = true)")
    assert page.evaluate(height) < 190 * len(ledger.claims())
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg.paper-and-here text')]"
        ".map(t => [parseFloat(getComputedStyle(t).fontSize), t.getBoundingClientRect().right])"
    )
    assert all(size >= 11 and right <= 390 for size, right in sizes)
    window.context.close()


@pytest.mark.parametrize("width", [1300, 390])
def test_every_stop_of_the_tab_key_answers_or_scrolls(browser, width):
    site, bad = browsing.site(), {}
    for name, window in browsing.settled(browser, site, chapters(), width=width):
        page = window.page
        for _ in range(1000):
            page.keyboard.press("Tab")
            stop = page.evaluate(STOP)
            if stop is None:
                break
            if not stop["ok"]:
                bad.setdefault(name, []).append(stop["what"])
    assert not bad


def test_the_exercise_is_downloaded_from_the_disk(browser):
    window, found = browsing.Page(browser), set()
    for name in chapters():
        page = window.open(browsing.site() / name)
        links = page.locator(".exercise-card a.download").all()
        assert links, name
        for link in links:
            with page.expect_download() as waiting:
                link.click()
            notebook = json.loads(waiting.value.path().read_text("utf-8"))
            assert notebook["cells"] and waiting.value.suggested_filename.endswith(".ipynb")
            found.add(waiting.value.suggested_filename)
    window.context.close()
    assert found == {p.name for p in (browsing.ROOT / "exercises").glob("*/*.ipynb")}


def test_paper_is_light_and_whole_from_the_dark_theme_too(browser):
    window = browsing.Page(browser, width=720, scheme="dark")
    for name in chapters():
        page = window.open(browsing.site() / name)
        page.emulate_media(media="print")
        page.wait_for_function("document.documentElement.dataset.theme === 'light'")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        controls = ".bd-article :is(input, button, select), .prev-next-area, .bd-header-article"
        assert page.locator(controls).locator("visible=true").count() == 0
        titles = page.locator("h1").locator("visible=true").all_inner_texts()
        assert len(titles) == 1 and titles[0][0].isdigit()  # the article's own, with its number
        cut = "pre => pre.scrollWidth > pre.clientWidth + 1"
        assert not page.evaluate(f"[...document.querySelectorAll('pre')].filter({cut}).length")
        assert not page.locator("details.fold:not(.claim-more):not([open])").count()
        page.emulate_media(media="screen")
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    window.context.close()
