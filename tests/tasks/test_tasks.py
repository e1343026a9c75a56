"""Tasks ask what they say, and ask the same again for the same seed."""

from itertools import pairwise

import numpy as np
import pytest

from course_utils.tasks import Adding, Lamp, TemporalOrder, TemporalXor
from course_utils.tasks.ngram import NGram
from course_utils.tasks.text import Text, python_help, streams

TEXT = Text("toy", "abracadabra " * 40)


@pytest.mark.parametrize("task", [Adding(30), Lamp(20), TemporalXor(7), TemporalOrder(20)], ids=str)
def test_a_seed_names_a_batch(task):
    first, again, other = (task.sample(np.random.default_rng(s), 5) for s in (3, 3, 4))
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.target, again.target)
    assert (first.x != other.x).any()
    assert first.x.shape[1] == 5


def test_adding_is_the_sum_of_the_marked():
    x, target, _ = Adding(60).sample(np.random.default_rng(0), 200)
    marked = x[..., 1] == 1
    assert (marked.sum(axis=0) == 2).all()
    np.testing.assert_allclose(target[:, 0], 0.5 + (x[..., 0] * marked).sum(axis=0) / 4)
    places = np.argwhere(marked.T)[:, 1].reshape(200, 2)
    assert places[:, 0].max() <= 9 and places[:, 1].min() >= 10 and places[:, 1].max() < 30
    assert Adding(60).wrong(target + 0.03, target) == 0
    assert Adding(60).wrong(target + 0.05, target) == 1


def test_the_lamp_obeys_the_last_press():
    x, target, mask = Lamp(50, every=6).sample(np.random.default_rng(0), 30)
    for n in range(30):
        lit = None
        for t in range(50):
            on, off, _ = x[t, n]
            lit = True if on else False if off else lit
            assert mask[t, n] == (lit is not None)
            if lit is not None:
                assert target[t, n, 0] == lit


def test_xor_compares_neighbours():
    x, target, mask = TemporalXor(9).sample(np.random.default_rng(0), 40)
    np.testing.assert_array_equal(target[1:], (x[1:] * x[:-1] < 0).astype(float))
    assert not mask[0].any() and mask[1:].all()
    assert 0.3 < target[1:].mean() < 0.7


def test_temporal_order_asks_for_the_two_in_their_order():
    x, target, _ = TemporalOrder(40).sample(np.random.default_rng(0), 300)
    marked = x[..., 4:].argmax(-1) + 1  # 1 for X, 2 for Y
    marked[x[..., 4:].sum(-1) == 0] = 0
    for n in range(300):
        first, second = np.flatnonzero(marked[:, n])
        assert 4 <= first <= 8 and 20 <= second <= 24
        assert target[n] == 2 * (marked[first, n] - 1) + marked[second, n] - 1
    assert set(target) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Adding(5), "length: expected at least 22"),
        (lambda: Adding(2.5), "length: expected a positive integer"),
        (lambda: Lamp(every=0), "every: expected at least 1"),
        (lambda: Text("a", "aaaa"), "at least two"),
        (lambda: Text("a", "ab", share=1), "share: expected between"),
        (lambda: TEXT.encode("xyz"), r"\['x', 'y', 'z'\] are not in the vocabulary of toy"),
        (lambda: next(streams(TEXT.train, 4, 900)), "900 steps do not fit"),
        (lambda: NGram(TEXT.train, 0, 6), "order"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_text_survives_the_round_trip():
    assert TEXT.decode(TEXT.encode("cab bad")) == "cab bad"
    assert TEXT.decode(np.concatenate([TEXT.train, TEXT.held_out])) == TEXT.characters
    assert len(TEXT.sha256) == 64


def test_streams_continue_row_by_row():
    ids = np.arange(100)
    chunks = list(streams(ids, 3, 8))
    assert len(chunks) == 4
    for x, y in chunks:
        np.testing.assert_array_equal(y, x + 1)
    for (x, _), (after, _) in pairwise(chunks):
        np.testing.assert_array_equal(after[0], x[-1] + 1)


def test_python_help_is_real_text():
    text = python_help()
    assert 300_000 < len(text.characters) < 900_000
    assert "exception" in text.characters and text.characters.isascii()
    assert len(text.vocabulary) < 100


def test_ngrams_are_distributions_and_longer_ones_know_more():
    size = len(TEXT.vocabulary)
    for order in (1, 2, 4):
        model = NGram(TEXT.train, order, size)
        context = [int(i) for i in TEXT.encode("abra")]
        total = sum(model.probabilities([*context, k], 4)[0] for k in range(size))
        assert total == pytest.approx(1, abs=1e-12)
    one, four = (NGram(TEXT.train, k, size).bits(TEXT.held_out) for k in (1, 4))
    assert four < 0.3 * one


def test_an_unseen_character_still_has_a_probability():
    model = NGram(np.array([0, 1, 0, 1]), 2, 3)
    assert 0 < model.probabilities([0, 2], 1)[0] < 0.5
