"""What the connectivity experiment asks of a network is what it says."""

import numpy as np
import torch

from course_utils.experiments.lstm.backward import connectivity
from course_utils.lab.language_models import CharModel
from course_utils.tasks.text import Text


def small():
    """A text and an untrained model that reads it, with weights large enough to matter."""
    torch.manual_seed(0)
    text = Text("letters", "the quick (brown) fox \"jumps\" over the lazy dog\n\n" * 20)
    model = CharModel(len(text.vocabulary), 4, 6)
    with torch.no_grad():
        for p in model.parameters():
            p *= 3
    return text, model.eval()


def test_marks_are_paired_and_an_empty_line_closes_them():
    found = connectivity.pairs('a "bc" ([d] e) "f\n\n"g(h" i)', 1, 99)
    assert found == {"quotes": [(2, 5), (19, 23)], "brackets": [(8, 10), (7, 13), (21, 26)]}
    assert connectivity.pairs('"ab" "cdef"', 4, 5)["quotes"] == [(5, 10)]


def test_another_character_changes_what_comes_after_it_and_nothing_before():
    text, model = small()
    config = connectivity.Config(others=3)
    window, before = text.held_out[:12], 4
    change = connectivity.exchanged(config, model, text, window, before, seed=0)
    assert change.shape == (8, 8)
    after = np.triu(np.ones((8, 8), bool), 1)
    assert (change[after] > 0).all()
    np.testing.assert_allclose(change[np.tril(np.ones((8, 8), bool), -1)], 0, atol=1e-5)


def test_one_exchange_costs_what_the_edited_text_costs():
    text, model = small()
    config = connectivity.Config(others=1)
    window, before = text.held_out[:12], 4
    change = connectivity.exchanged(config, model, text, window, before, seed=0)
    others = np.random.default_rng((0, 3)).choice(text.train, (8, 1))
    edited = window.copy()
    edited[before + 2] = others[2, 0]
    for j in (3, 7):
        pair = np.stack([window, edited], axis=1)[: before + j + 1]
        intact, other = connectivity.last_bits(model, pair)
        np.testing.assert_allclose(change[2, j], abs(other - intact), rtol=1e-3)


def test_a_foreign_past_means_nothing_to_a_model_that_reads_no_further():
    """Without recurrent weights and with the forget gates shut only the last character counts."""
    text, model = small()
    with torch.no_grad():
        model.layer.weight_hh_l0.zero_()
        model.layer.bias_ih_l0[6:12] = -60
        model.layer.bias_hh_l0[6:12] = -60
    table = connectivity.KneserNey(text.train[:25], 3, len(text.vocabulary))
    config = connectivity.Config(order=3, kept=(2, 4), exchanged=20)
    found = connectivity.past(config, model, table, text.held_out, 8, seed=0)
    np.testing.assert_allclose(found["all"]["other_2"], found["all"]["intact"], rtol=1e-6)
    np.testing.assert_allclose(found["all"]["shuffled"], found["all"]["intact"], rtol=1e-6)
