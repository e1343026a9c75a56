"""Padded and packed batches, and last states, hold what PyTorch's containers and layers hold."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from course_utils import figures
from course_utils.figures.batched import last_states, packed, padded
from course_utils.figures.errors import FigureError

BATCHES = [["reel", "jig", "polka", "air"], ["a"], ["ab", "cd", "e"], ["x", "yy", "zzz", "w"]]


def words_of(draw, *args):
    """The texts that a function puts on an Axes, in the order of drawing, with their places."""
    fig, ax = figures.subplots()
    draw(ax, *args)
    found = [(t.get_text(), t.get_position()) for t in ax.texts if t.get_text()]
    hatched = sum(bool(patch.get_hatch()) for patch in ax.patches)
    fig.clear()
    return found, hatched


@pytest.mark.parametrize("words", BATCHES)
def test_a_packed_row_is_pytorchs(words):
    ids = [torch.tensor([ord(c) for c in word]) for word in words]
    lengths = [len(word) for word in words]
    pack = pack_padded_sequence(pad_sequence(ids), lengths, enforce_sorted=False)
    found, _ = words_of(packed, words)
    assert [text for text, _ in found if text.isalpha()] == [chr(k) for k in pack.data]
    numbers = [int(text) for text, _ in found if text.isdigit()]
    assert numbers[1::2] == pack.batch_sizes.tolist()
    assert numbers[::2] == list(range(max(lengths)))


def test_a_packed_row_ends_where_a_step_ends():
    found, _ = words_of(packed, ["abcd", "abc", "ab"], 4)
    lines = {}
    for text, (x, y) in found:
        if text.isalpha():
            lines.setdefault(y, []).append((x, text))
    assert ["".join(text for _, text in line) for line in lines.values()] == ["aaa", "bbb", "ccd"]
    assert all([x for x, _ in line] == list(range(len(line))) for line in lines.values())


@pytest.mark.parametrize("words", BATCHES)
def test_a_rectangle_holds_every_letter_and_padding_elsewhere(words):
    found, hatched = words_of(padded, words)
    for row, word in enumerate(words):
        assert "".join(text for text, (_, y) in found if y == -row and text.isalpha()) == word
    assert hatched == sum(max(map(len, words)) - len(word) for word in words)


@pytest.mark.parametrize("directions", [1, 2])
def test_the_last_states_stand_where_nn_lstm_puts_them(directions):
    T, H = 5, 3
    y, (h, _) = nn.LSTM(2, H, bidirectional=directions == 2)(torch.randn(T, 1, 2))
    fig, ax = figures.subplots()
    last_states(ax, T, directions)
    filled = {round(p.get_x() + 0.46) for p in ax.patches if p.get_alpha() and p.get_fill()}
    at = {
        next(t for t in range(T) if torch.equal(y[t, :, k * H : (k + 1) * H], h[k]))
        for k in range(directions)
    }
    assert filled == at
    fig.clear()


@pytest.mark.parametrize("words", [[], ["ab", ""], ["a"] * 7])
def test_what_cannot_be_drawn_is_refused(words):
    for draw in (padded, packed):
        with pytest.raises(FigureError, match="sequences"):
            words_of(draw, words)


def test_a_third_direction_is_refused():
    with pytest.raises(FigureError, match="directions"):
        words_of(last_states, 5, 3)
