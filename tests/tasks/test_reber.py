"""The embedded Reber grammar: against a regular expression, and the laws of its streams."""

import re

import numpy as np
import pytest

from course_utils.tasks import EmbeddedReber, ReberStream, reber

REST = r"(?:XT*VP)*(?:S|XT*VV)"  # from the node after TS*X to the end, read off the drawn graph
INNER = re.compile(rf"B(?:TS*X{REST}|PT*V(?:V|P{REST}))E")
OUTER = re.compile(rf"BT{INNER.pattern}TE|BP{INNER.pattern}PE")


def text(symbols):
    """Numbers -> letters."""
    return "".join(reber.SYMBOLS[i] for i in symbols)


def test_every_string_is_of_the_grammar_and_the_target_is_the_next_symbol():
    x, target, mask = EmbeddedReber().sample(np.random.default_rng(0), 500)
    assert x.shape == (*target.shape, 7)
    np.testing.assert_array_equal(x.sum(-1), mask)
    found = set()
    for row, answers, real in zip(x.swapaxes(0, 1), target.T, mask.T, strict=True):
        read, answers = row.argmax(-1)[real], answers[real]
        np.testing.assert_array_equal(read[1:], answers[:-1])
        found.add(text([*read, answers[-1]]))
        assert OUTER.fullmatch(text([*read, answers[-1]]))
    assert len(found) > 100


def test_a_stream_is_strings_one_after_another():
    x, target, mask = ReberStream(2000).sample(np.random.default_rng(1), 3)
    assert mask is None
    np.testing.assert_array_equal(x[1:].argmax(-1), target[:-1])
    for row in x.argmax(-1).T:
        whole = text(row)
        whole = whole[: max(whole.rfind("TEB"), whole.rfind("PEB")) + 2]
        assert re.fullmatch(rf"(?:{OUTER.pattern})+", whole)
    np.testing.assert_array_equal(np.unique(reber.states(x)), np.arange(20))


def test_either_symbol_of_two_is_drawn_equally_often():
    symbols = reber.walk(np.random.default_rng(2), 50, 4000)
    assert abs((symbols[1] == 1).mean() - 0.5) < 0.04  # the outer T or P
    assert abs((symbols[3] == 1).mean() - 0.5) < 0.04


def one_hot(string):
    """A string as (T, 1, 7)."""
    return np.eye(7)[[reber.SYMBOLS.index(s) for s in string]][:, None]


def test_what_is_legal_by_hand():
    x = one_hot("BPBTXSEPEB")
    symbols, legal = np.array(list(reber.SYMBOLS)), reber.legal(reber.states(x)[:, 0])
    may = ["".join(symbols[row]) for row in legal]
    assert may == [
        "TP", "B", "TP", "SX", "SX", "E", "P", "E", "B", "TP"
    ]  # fmt: skip
    assert np.flatnonzero(reber.outer(reber.states(x))).tolist() == [6]


def test_right_needs_every_legal_symbol_above_every_other():
    states = reber.states(one_hot("BT"))
    scores = np.zeros((2, 1, 7))
    scores[0, 0, 1] = 2  # after B: T and P are legal
    scores[1, 0, 0] = 1  # after BT: B
    assert reber.right(scores, states)[:, 0].tolist() == [False, True]
    scores[0, 0, 2] = 1
    assert reber.right(scores, states).all()


def test_padding_leaves_the_state_alone():
    x = one_hot("BTB")
    x[2] = 0
    assert reber.states(x)[:, 0].tolist() == [1, 2, 2]


def test_a_symbol_against_the_grammar_is_named_by_its_step():
    with pytest.raises(ValueError, match="x: step 2 is not legal"):
        reber.states(one_hot("BTE"))
