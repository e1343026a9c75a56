"""Equations that answer, words that explain themselves, and a search that finds."""

import json
import re
import shutil

import browsing
import pytest
import small_books as books
from docutils import nodes
from sphinx.errors import ExtensionError

import glossary_ext
import search_ext
import symbols_ext
from course_utils import equations
from course_utils.specs import SPECS
from folds import fold

ENTRIES, PLANNED = glossary_ext.read(books.ROOT)


# -- symbols ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(SPECS))
def test_every_use_of_a_symbol_is_marked_and_the_formula_stays(key):
    spec = SPECS[key]
    symbols, marked = symbols_ext.of_cell(spec, None)
    lines = [(equations.target(n), n) for n in spec.equations]
    marks = re.findall(r"\\class\{u-sym u-sym-(\d+)\}", marked)
    assert len(marks) >= sum(1 + len(equations.names(line)) for _, line in lines)
    assert {int(k) for k in marks} == set(range(len(symbols)))
    bare = re.sub(
        r"\\class\{u-sym u-sym-\d+\}\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", r"\1", marked
    )
    assert bare == spec.latex()


def test_an_equation_of_the_text_marks_whole_symbols_only():
    symbols, marked = symbols_ext.of_text(
        r"a_k = W_{xk}\, x_t + \max(x, 0)",
        ["a_k | sum | (B, H) | a = 1", r"W_{xk} | weights | (H, D)", "x_t | input | (B, D)"],
    )
    assert [s.code for s in symbols] == ["a = 1", "", ""]
    assert marked == (r"\class{u-sym u-sym-0}{a_k} = \class{u-sym u-sym-1}{W_{xk}}\, "
                      r"\class{u-sym u-sym-2}{x_t} + \max(x, 0)")  # fmt: skip


@pytest.mark.parametrize(
    "line, says",
    [
        ("a_k | sum", "expected 'symbol | meaning"),
        ("a_k |  | (B, H)", "expected 'symbol | meaning"),
        ("a_k | sum | B by H", "a shape is written"),
        ("q | sum | (B, H)", "does not hold the symbol 'q'"),
    ],
)
def test_a_line_that_does_not_fit_its_equation_is_refused(line, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        symbols_ext.of_text("a_k = x_t", [line])


@pytest.mark.parametrize(
    "latex, words",
    [("W_{xf}", "W x f"), ("h_{t-1}", "h t minus 1"), ("a_{i,t}", "a i t"), (r"\rho", "rho"),
     (r"h^{\mathrm{re}}_{t-1}", "h re t minus 1")],
)  # fmt: skip
def test_symbols_are_spoken(latex, words):
    assert symbols_ext.said(latex) == words


# -- glossary --------------------------------------------------------------------------------------

# review-look 13 and review-text 3, and what the coming chapters need
WANTED = """
BPTT; teacher forcing; vanishing gradient; exploding gradient; clipping; softmax; logits; input
gate; forget gate; output gate; update gate; reset gate; spectral radius; time step; hidden size;
mini-batch; epoch; learning rate; training set; validation set; test set; overfitting; weight
sharing; unroll; truncation length; hidden-to-hidden matrix; cell state; constant error carousel;
backward pass; forward pass; back-propagation; backpropagation; attention; alignment; query; key;
value; content addressing; location addressing; halting; ponder cost; soft selection; packing;
padding; mask; bucketing; variational dropout; zoneout; beam search; CTC; scan; linear recurrence;
state-space model; linear attention; Lyapunov exponent; highway; residual; depth-gated; clockwork
RNN; peephole; coupled gates; ablation; random search; pre-activation
"""


@pytest.mark.parametrize("word", [w.strip() for w in WANTED.replace("\n", " ").split(";")])
def test_the_words_of_the_field_have_an_entry(word):
    known = {glossary_ext._loose(form) for entry in ENTRIES for form in glossary_ext.forms(entry)}
    assert glossary_ext._loose(word) in known


def test_every_chapter_explains_a_word():
    chapters = {path.relative_to(books.ROOT / "book").with_suffix("").as_posix()
                for path in (books.ROOT / "book").glob("*/*.md")}  # fmt: skip
    chapters = {name for name in chapters if not name.startswith("reference/")}
    explained = {entry["where"] for entry in ENTRIES if "where" in entry}
    assert chapters <= explained
    assert explained <= chapters | set(PLANNED)


@pytest.mark.parametrize(
    "text, found",
    [
        ("Gates open.", ["Gates"]),
        ("minibatch, mini batch and mini-batches", ["minibatch", "mini batch", "mini-batches"]),
        ("backpropagation and back-propagation", ["backpropagation", "back-propagation"]),
        ("back-propagation through time", ["back-propagation through time"]),
        ("the RNN, not an rnn in errno or RNNs", ["RNN", "RNNs"]),
        ("investigate a propagate", []),
        ("the key and the value", []),
    ],
)
def test_words_are_found_in_their_spellings(text, found):
    expression, loose = glossary_ext.pattern(ENTRIES)
    assert [m[0] for m in expression.finditer(text)] == found
    assert all(glossary_ext.entry_of(word, loose) for word in found)


@pytest.mark.parametrize(
    "entries, says",
    [
        ([{"term": "b", "means": "B."}, {"term": "a", "means": "A."}], "'b' stands out of"),
        (
            [{"term": "a", "means": "A."}, {"term": "b", "forms": ["A"], "means": "B."}],
            "belongs to",
        ),
        ([{"term": "a", "means": "no sentence"}], "whole sentences"),
        ([{"term": "a", "means": "A.", "shap": "(B,)"}], "unknown fields"),
        ([{"term": "a", "means": r"A $\frac{1}{2}$."}], "cannot show"),
        ([{"term": "a", "means": "A $x."}], "without its partner"),
    ],
)
def test_a_defect_of_the_glossary_stops_the_build(tmp_path, entries, says):
    page = tmp_path / f"{glossary_ext.PAGE}.yml"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps({"entries": entries}))
    with pytest.raises(ExtensionError, match=re.escape(says)):
        glossary_ext.read(tmp_path)


def test_every_page_that_answers_learners_exists():
    for words, where in glossary_ext.searches(books.ROOT):
        assert words and (books.ROOT / "book" / f"{where}.md").is_file(), where


@pytest.mark.parametrize(
    "latex, text",
    [("W_{hh}", "W_hh"), ("h_{t-1}", "h_t−1"), (r"\sigma(a)", "σ(a)"), (r"\frac{1}{2}", "…")],
)
def test_small_formulas_are_readable_in_an_excerpt(latex, text):
    assert search_ext.plain(latex) == text


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
    planned = {entry["where"] for entry in ENTRIES if "where" in entry}
    text = re.sub(r"planned: \[.*?\]", f"planned: {json.dumps(sorted(planned))}",
                  config.read_text(), flags=re.S)  # fmt: skip
    config.write_text(text)
    books.execute(root)
    status, printed = books.build(root)
    assert status == 0, printed
    return root


@pytest.fixture(scope="module")
def browser():
    with browsing.chromium() as running:
        yield running


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
    page.wait_for_timeout(400)
    assert note.count() == 1
    page.mouse.move(5, 5)
    page.wait_for_timeout(400)
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
    page.wait_for_timeout(400)
    assert "The computation of gradients" in note.inner_text()
    links.first.click()
    assert page.url.endswith("book/reference/glossary.html#term-gate")


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
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(chapter(book).as_uri())
    table = page.locator("details.u-symbols").first
    table.locator("summary").click()
    assert "h = o * np.tanh(c)" in table.inner_text() and table.locator("tbody tr").count() == 7
    context.close()


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


def test_a_question_that_unfolds_is_no_place_for_a_link():
    """A link inside of what opens and shuts on a click could not be reached."""
    answer, question = nodes.paragraph("", "the forget gate"), nodes.Text("the forget gate")
    made = fold([question], answer)
    assert glossary_ext.apart(made[0][0])
    assert not glossary_ext.apart(answer[0])
