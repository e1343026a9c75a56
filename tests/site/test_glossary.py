"""The glossary: which words it has, how they are found in a text, and what it must not be."""

import json
import re

import pytest
import small_books as books
from docutils import nodes
from sphinx.errors import ExtensionError

import glossary_ext
import search_ext
from folds import fold

ENTRIES, PLANNED = glossary_ext.read(books.ROOT)

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


def test_a_question_that_unfolds_is_no_place_for_a_link():
    """A link inside of what opens and shuts on a click could not be reached."""
    answer, question = nodes.paragraph("", "the forget gate"), nodes.Text("the forget gate")
    made = fold([question], answer)
    assert glossary_ext.apart(made[0][0])
    assert not glossary_ext.apart(answer[0])
