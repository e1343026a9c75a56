"""The built book in Firefox, another engine than everywhere else: `make book` first."""

import io

import browsing
import pypdf
import pytest

pytestmark = [pytest.mark.site, pytest.mark.browser]

# Formulas in sight that are not set: without extent, without a glyph in it, or still TeX.
UNSET = r"""(() => {
  const all = [...document.querySelectorAll(".bd-article :is(.math, math, mjx-container)")]
    .filter(e => !e.closest("mjx-assistive-mml"));           // read aloud, and never seen
  const bad = all.filter(e => e.checkVisibility()).filter(e => {
    const box = e.getBoundingClientRect(), drawn = e.querySelector("svg");
    return box.width < 2 || box.height < 5 || drawn && !drawn.getBBox().width
      || /^\s*\\[(\[]|\$\$/.test(e.textContent);
  });
  return {count: all.length, bad: bad.map(e => e.outerHTML.slice(0, 100))};
})()"""
# Every figure that a script keeps: its number, its kind, and a key for its first control in sight.
FIGURES = """(() => {
  const arrow = e => Number(e.value) < Number(e.max) ? "ArrowRight" : "ArrowLeft";
  const kinds = [["input[type=range]", arrow], ["input[type=radio]", () => "ArrowRight"],
    ["select", () => "ArrowDown"], ["[role=slider][tabindex='0']", () => "ArrowUp"]];
  return [...document.querySelectorAll(".bd-article [data-awake]")].map((figure, k) => {
    figure.dataset.k = k;
    for (const [kind, key] of kinds) {
      const control = [...figure.querySelectorAll(kind)]
        .find(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled);
      if (!control) continue;
      control.dataset.first = "";
      return [k, figure.className, key(control)];
    }
    return [k, figure.className, null];
  });
})()"""
# Firefox says so of a formula too of which it has read but the half when it lays out the page, as a
# busy machine makes it do; ARITY counts when the page is whole.
HALF = "Invalid markup: Incorrect number of children for <"
ARITY = """(() => {
  const counts = {mfrac: 2, mroot: 2, msub: 2, msup: 2, munder: 2, mover: 2, msubsup: 3, munderover: 3};
  return [...document.querySelectorAll(Object.keys(counts).join())]
    .filter(e => e.childElementCount !== counts[e.localName]).map(e => e.outerHTML.slice(0, 100));
})()"""  # noqa: E501
LOOK = "k => document.querySelector(`[data-k='${k}']`).innerHTML"
FOCUS = "k => document.querySelector(`[data-k='${k}'] [data-first]`).focus()"
MOVED = """(k, before, patience) => new Promise(done => {
  const end = Date.now() + patience;
  const look = () => document.querySelector(`[data-k='${k}']`).innerHTML !== before ? done(true)
    : Date.now() > end ? done(false) : setTimeout(look, 20);
  look();
})"""


def chapters():
    """Chapters of the built book, by path relative to the site."""
    site = browsing.site()
    found = sorted(p.relative_to(site).as_posix() for p in site.glob("book/*/*.html"))
    return [name for name in found if "/reference/" not in name]


@pytest.fixture(scope="module")
def page():
    with browsing.firefox() as page:
        yield page


def still(page, patience_ms=60_000):
    """What is wrong with figures: those that no key moves, however long one waits."""
    for k, kind, key in page.evaluate(FIGURES):
        if key is None:
            yield f"{kind}: no control in sight"
            continue
        before = page.evaluate(LOOK, k)
        page.evaluate(FOCUS, k)
        page.press(key)
        if not page.evaluate(MOVED, k, before, patience_ms):
            yield f"{kind}: {key} moves nothing"


def errors(page):
    """What the page complained of, but for formulas that were not whole yet."""
    return [text for text in page.errors if not text.startswith(HALF)]


def complaints(page, **patience):
    """All that is wrong with the page that is open, at both widths."""
    formulas = page.evaluate(UNSET)
    yield from (f"formula not set: {bad}" for bad in formulas["bad"])
    if not formulas["count"]:
        yield "no formula"
    for width in (1300, 390):
        page.resize(width)
        page.evaluate(browsing.DRAWN)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            yield f"{over} px wider than {width}"
    yield from still(page, **patience)
    yield from (f"children missing: {bad}" for bad in page.evaluate(ARITY))
    yield from errors(page)
    yield from (f"asked for {url}" for url in page.requests)


def test_chapters_are_quiet_fit_are_set_and_answer_keys(page):
    site, found = browsing.site(), {}
    for name in chapters():
        page.open(site / name)
        if wrong := list(complaints(page)):
            found[name] = wrong
    assert not found


BAD = r"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Bad</title><body class="bd-article">
<div style="width: 1301px">wide</div><p class="math">\(x\)</p><p class="math">y</p>
<mjx-assistive-mml><math><msub><mi>z</mi></msub><msup><mi>z</mi><mn>2</mn></msup></math></mjx-assistive-mml>
<div data-awake class="stuck"><input type="range"></div><div data-awake class="bare"></div>
<img src="https://unrolled.invalid/x.png" alt=""><script>setTimeout(() => nothing())</script>"""  # noqa: E501


def test_what_is_wrong_with_a_page_is_seen(page, tmp_path):
    (tmp_path / "bad.html").write_text(BAD, "utf-8")
    page.open(tmp_path / "bad.html")
    found = " / ".join(complaints(page, patience_ms=300))
    for words in (
        "formula not set", "children missing: <msub><mi>z", "px wider than 1300",
        "px wider than 390", "stuck: Arrow",
        "bare: no control", "nothing is not defined", "asked for https://unrolled",
    ):  # fmt: skip
        assert words in found, words
    assert found.count("children missing") == 1
    assert found.count("formula not set") == 1  # the other one has an extent and no TeX


def test_a_chapter_is_printed(page):
    """Its print style and its script for printing run, and the words are on paper."""
    page.open(browsing.site() / "book/lstm/gates.html")
    paper = pypdf.PdfReader(io.BytesIO(page.pdf()))
    assert len(paper.pages) > 5
    assert "gate" in "".join(sheet.extract_text() for sheet in paper.pages[:3])
    assert errors(page) == []


def test_the_page_trains(page):
    """Ten updates, one by one, by key; the loss goes from one number to another."""
    page.open(browsing.site() / "book/playground.html")
    button, losses = "document.querySelector('.u-train [name=once]')", []
    says = "document.querySelector('.u-train-status').textContent"
    told = page.evaluate(changed(says, ""))
    assert "right" in told and "loss" not in told
    page.evaluate(f"{button}.focus()")
    for _ in range(10):
        page.press("Enter")
        told = page.evaluate(changed(says, told))
        losses.append(told)
    assert all("loss" in told for told in losses) and len(set(losses)) == 10
    label = "document.querySelector('[data-chart=rate]').ariaLabel"  # drawn a frame later
    drawn = f"String({label}.startsWith('After 10 updates: '))"
    assert page.evaluate(changed(drawn, "false")) == "true"
    assert errors(page) == []


def changed(what, before):
    """A promise of the first value of an expression that is not ``before``."""
    return f"""new Promise(done => {{
      const look = () => {what} === {before!r} ? setTimeout(look, 20) : done({what});
      look();
    }})"""
