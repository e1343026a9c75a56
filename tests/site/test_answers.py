"""Equations that answer, words that explain themselves, and a search that finds: in a browser."""

import json
import re
import shutil

import browsing
import pytest
import small_books as books

import glossary_ext

# -- a small book ----------------------------------------------------------------------------------

PAGE = """
A gate multiplies; a gate is small. Training by BPTT needs the backward pass of $W_{hh}$.

```{equations} lstm
:lines: c, h
:label: eq-cell
```

```{explained}
a_k = W_{xk}\\, x_t
---
a_k | the pre-activation | (B, H) | a = x @ W.T
W_{xk} | the weights | (H, D)
x_t | the input | (B, D)
```
"""
OTHER = "# Far away\n\nA network may suffer from exploding gradients; clip them. $\\frac{a}{b}$\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of two pages and the real glossary, built."""
    root = tmp_path_factory.mktemp("book")
    pages = {
        "recurrence/gradients": f"{books.HEADER}# Gradients that vanish\n{PAGE}",
        "practice/speed": f"{books.HEADER}{OTHER}",
    }
    books.write_book(root, pages)
    for name in ("glossary.md", "glossary.yml"):
        shutil.copy(books.ROOT / "book/reference" / name, root / "book/reference" / name)
    glossary = root / "book/reference/glossary.md"
    glossary.write_text(glossary.read_text().replace("{doc}`notation page <notation>`", "page"))
    config = root / "book/reference/glossary.yml"
    entries, _ = glossary_ext.read(books.ROOT)
    planned = {entry["where"] for entry in entries if "where" in entry}
    text = re.sub(r"planned: \[.*?\]", f"planned: {json.dumps(sorted(planned))}",
                  config.read_text(), flags=re.S)  # fmt: skip
    config.write_text(text)
    books.execute(root)
    status, printed = books.build(root)
    assert status == 0, printed
    return root


@pytest.fixture
def window(browser, book):
    window = browsing.Page(browser)
    yield window
    assert window.errors == [] and window.requests == []
    window.context.close()


def chapter(book, name="recurrence/gradients"):
    return book / f"_build/html/book/{name}.html"


@pytest.mark.slow
@pytest.mark.browser
def test_an_equation_is_one_stop_and_its_symbols_answer(window, book):
    page = window.open(chapter(book))
    page.wait_for_selector(".u-sym-stop")
    stops, note = page.locator(".u-sym-stop"), page.locator(".u-sym-note:visible")
    assert stops.count() == 2 and page.locator("details.u-symbols:visible").count() == 0
    stop = stops.first
    assert stop.get_attribute("max") == "7"  # c = f * c + i * g; h = o * tanh(c): 8 symbols
    page.locator(".bd-article h1").click()
    for _ in range(60):
        page.keyboard.press("Tab")
        if stop.evaluate("e => e === document.activeElement"):
            break
    assert "the cell state" in note.inner_text()
    page.keyboard.press("ArrowRight")
    assert "the forget gate" in note.inner_text() and "shape (B, H)" in note.inner_text()
    assert stop.get_attribute("aria-valuetext").startswith("f t: the forget gate")
    assert page.locator(".u-sym.is-on").count() == 1
    page.keyboard.press("Escape")
    assert note.count() == 0
    page.keyboard.press("End")
    assert "c = f * c_prev + i * g" in note.inner_text()
    page.keyboard.press("Tab")
    assert stops.nth(1).evaluate("e => e === document.activeElement")
    assert "the pre-activation" in note.inner_text()


@pytest.mark.slow
@pytest.mark.browser
def test_the_pointer_reads_a_symbol_and_may_rest_on_its_note(window, book):
    page = window.open(chapter(book))
    page.wait_for_selector(".u-sym-stop")
    note = page.locator(".u-sym-note:visible")
    page.locator("g.u-sym").nth(3).hover()
    assert "the input gate" in note.inner_text()
    note.hover()
    browsing.after(page, 400)
    assert note.count() == 1
    page.mouse.move(5, 5)
    browsing.after(page, 400)
    assert note.count() == 0


@pytest.mark.slow
@pytest.mark.browser
def test_the_first_use_of_a_word_is_a_link_with_its_meaning(window, book):
    page = window.open(chapter(book))
    links = page.locator("a.u-term")
    assert links.all_inner_texts() == ["gate", "BPTT", "backward pass"]
    note = page.locator("#u-term-note:visible")
    links.nth(1).focus()
    assert "from the last time step to the first" in note.inner_text()
    assert links.nth(1).get_attribute("aria-describedby") == "u-term-note"
    page.keyboard.press("Escape")
    assert note.count() == 0 and links.nth(1).get_attribute("aria-describedby") is None
    links.nth(2).hover()
    note.hover()
    browsing.after(page, 400)
    assert "The computation of gradients" in note.inner_text()
    links.first.click()
    page.wait_for_url("**/book/reference/glossary.html#term-gate")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(
    "query, first",
    [
        ("vanishing gradient", "Gradients that vanish"),
        ("vanishing", "Gradients that vanish"),
        ("gradient clipping", "Gradients that vanish"),
        ("clip gradients", "Gradients that vanish"),
        ("GPU", "Far away"),
        ("back propagation through time", "Glossary: back-propagation through time"),
    ],
)
def test_the_search_shows_a_terms_chapter_first(window, book, query, first):
    rows = search(window, book / "_build/html", query)
    assert rows[0].split("\n")[0].split(" › ")[0].lstrip("0123456789. ") == first
    assert not any(re.search(r"\\[a-z]|\\\(", row) for row in rows)


def search(window, site, query):
    """The texts of the results, best first."""
    page = window.open(site / "search.html")
    page.goto(f"{page.url}?q={query.replace(' ', '+')}", wait_until="load")
    page.wait_for_selector("#search-results li")
    return page.locator("#search-results li").all_inner_texts()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1300, "light"), (390, "dark")])
def test_notes_fit_and_are_accessible(browser, book, width, scheme):
    window = browsing.Page(browser, width=width, scheme=scheme)
    page = window.open(chapter(book))
    page.wait_for_selector(".u-sym-stop")
    page.locator(".u-sym-stop").first.focus()
    page.keyboard.press("ArrowRight")
    assert window.axe() == [] and window.overflow() <= 0
    page.locator("a.u-term").last.focus()
    assert window.axe() == [] and window.overflow() <= 0
    window.context.close()


@pytest.mark.slow
@pytest.mark.browser
def test_without_script_the_symbols_are_a_table(browser, book):
    window = browsing.Page(browser, java_script_enabled=False)
    page = window.open(chapter(book))
    table = page.locator("details.u-symbols").first
    table.locator("summary").click()
    assert "h = o * np.tanh(c)" in table.inner_text() and table.locator("tbody tr").count() == 7
    window.context.close()


@pytest.mark.slow
def test_in_a_notebook_the_symbols_are_a_folded_table(book):
    status, printed = books.lower(book, book / "notebooks")
    assert status == 0, printed
    text = (book / "notebooks/recurrence/gradients.ipynb").read_text("utf-8")
    source = "".join(s for c in json.loads(text)["cells"] for s in c["source"])
    folded = source.partition("<summary>Symbols of this equation</summary>")[2].partition(
        "</details>"
    )
    assert (
        "| $f_{t}$ | the forget gate: how much of the old cell state stays | (B, H) |" in folded[0]
    )
    assert r"\class" not in source


# -- the whole book --------------------------------------------------------------------------------


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize(
    "query, pages",
    [
        ("LSTM from scratch", "lstm/gates"),
        ("GRU", "variants/relatives reference/glossary"),
        ("backpropagation", "recurrence/bptt"),
        ("back-propagation", "recurrence/bptt"),
        ("BPTT", "recurrence/bptt"),
        ("vanishing gradient", "recurrence/gradients"),
        ("vanishing", "recurrence/gradients"),
        ("exploding gradients", "recurrence/gradients"),
        ("teacher", "recurrence/bptt"),
        ("gradient clipping", "recurrence/gradients"),
        ("forget gate bias", "lstm/forgetting"),
        ("teacher forcing", "recurrence/bptt"),
        ("RNN from scratch", "recurrence/unrolled"),
        ("perplexity", "lstm/language"),
        ("cuDNN", "practice/speed"),
        ("Keras", "reference/notation"),
    ],
)
def test_the_book_answers_what_learners_type(browser, query, pages):
    window = browsing.Page(browser)
    search(window, browsing.site(), query)
    address = window.page.locator("#search-results li a").first.get_attribute("href")
    assert re.sub(r"\.html.*", "", address).removeprefix("book/") in pages.split()
    words = window.page.locator("#search-results .context").all_inner_texts()
    assert words and not any(re.search(r"\\[a-z]{2}|[{}]{2}", text) for text in words)
    window.context.close()
