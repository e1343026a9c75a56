"""Numbers over seeds, scorers and samplers: what decides verdicts has laws of its own."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from course_utils.lab import language_models as lm
from course_utils.lab import probing
from course_utils.lab.gate_bias import set_layer_bias, set_layer_chrono, shift_layer_bias
from course_utils.lab.solving import smoothed, table
from course_utils.lab.statistics import count, mean, median, median_interval, rate_interval
from course_utils.lab.torch_models import Net, accuracy, binary_loss, class_accuracy, masked
from course_utils.specs import SPECS
from course_utils.tasks import Batch
from course_utils.torch_nn import Recurrent

ROWS = [{"a": {"b": v}, "ok": v > 2} for v in (5.0, 1.0, 3.0, 8.0)]


def test_medians_means_and_counts_look_where_they_are_told():
    assert median(ROWS, "a", "b") == 4.0
    assert mean(ROWS, "a", "b") == 4.25
    assert count(ROWS, "ok") == 3
    assert median([2, 9, 4]) == 4.0
    assert median([]) is None and mean([], "a") is None


@pytest.mark.parametrize(
    ("successes", "of", "low", "high"),
    # Wilson 1927, eq. (4), worked by hand with z = 1.959964
    [(0, 10, 0.0, 0.2775), (9, 10, 0.5958, 0.9821), (15, 30, 0.3315, 0.6685)],
)
def test_rates_carry_wilsons_interval(successes, of, low, high):
    np.testing.assert_allclose(rate_interval(successes, of), (low, high), atol=5e-5)


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="successes: expected 0 to of = 3"):
        rate_interval(4, 3)


def test_the_interval_of_a_median_covers_it_as_often_as_it_says():
    """200 samples of 25 normal numbers: about 95 % of the intervals hold the true median."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        low, high = median_interval(rng.standard_normal(25), resamples=400)
        covered += low <= 0 <= high
    assert 0.88 < covered / 200 <= 1  # the binomial's spread is 0.015; the bootstrap's bias, some
    with pytest.raises(ValueError, match=r"values: expected numbers \(n,\)"):
        median_interval([])


def test_the_interval_of_a_median_is_one_of_medians():
    """Of an odd number of values a median is one of them; a mean is not."""
    values = [1.0, 2.0, 4.0, 8.0, 1000.0]
    assert set(median_interval(values)) <= set(values)
    for level in (0, 1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="level: expected a share"):
            median_interval(values, level)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="values: NaN or infinity"):
            median_interval([*values, bad])


def test_only_what_the_mask_counts_is_averaged():
    x = torch.tensor([[3.0, -1.0, 2.0], [-2.0, -5.0, -9.0]])[..., None]
    target = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])[..., None]
    mask = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    batch = Batch(x, target, mask)
    assert masked(x, mask).item() == -5 / 4  # (3 - 1 - 2 - 5) / 4
    assert accuracy(lambda x: x, batch) == 3 / 4  # all but -1
    each = torch.nn.functional.softplus(torch.tensor([-3.0, 1.0, -2.0, -5.0]))
    torch.testing.assert_close(binary_loss(lambda x: x, batch), each.mean())


def test_a_reader_knows_line_quote_and_depth():
    found = probing.labels('a(b"\nc")\n\nd[')
    assert found["line"].tolist() == [1, 2, 3, 4, 0, 1, 2, 3, 0, 0, 1, 2]
    assert found["quote"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert found["depth"].tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1]
    closed = probing.labels('(["\na\n\nb')  # an empty line closes all
    assert closed["quote"].tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    assert closed["depth"].tolist() == [1, 2, 2, 2, 2, 2, 0, 0]


def test_a_table_of_seeds_counts_those_that_solved_it():
    rows = [
        {"solved": True, "sequences": 100, "wrong": 0.0, "loss": [1.0]},
        {"solved": False, "sequences": 900, "wrong": 0.5, "loss": [2.0]},
        {"solved": True, "sequences": 300, "wrong": 0.1, "loss": [3.0]},
    ]
    assert table(rows) == {"solved": 2, "sequences": 200.0, "wrong": 0.1, "loss": [1.0]}
    assert table(rows[1:2])["sequences"] is None


def test_smoothing_takes_means_of_whole_windows():
    assert smoothed(np.arange(100.0), 25) == [12.0, 37.0, 62.0, 87.0]
    assert smoothed([1.0, 2.0], 25) == []


# -- scorers


def test_the_area_is_the_chance_that_a_place_inside_scores_higher():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, 60).astype(float)  # many ties
    inside = rng.integers(0, 2, 60)
    a, b = scores[inside > 0][:, None], scores[inside == 0][None]
    chance = ((a > b) + 0.5 * (a == b)).mean()
    assert probing.area(scores, inside) == pytest.approx(chance, abs=1e-12)


def test_a_constant_score_knows_nothing():
    assert probing.area(np.zeros(10), np.arange(10) < 3) == 0.5


def test_accuracy_counts_the_largest_answer():
    answers = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    batch = Batch(answers, torch.tensor([1, 0, 0]))
    assert class_accuracy(lambda x: x, batch) == pytest.approx(2 / 3)


# -- character models: what they are charged for, and what they write


def markov(size=4, seed=0):
    """A CharModel whose next character depends on the last one alone, and its table of log p."""
    torch.manual_seed(seed)
    model = lm.CharModel(size, size, 3).double()
    with torch.no_grad():
        for p in model.layer.parameters():
            p.zero_()
        model.layer.bias_ih_l0[3:6] = -60.0  # forget gates shut: nothing of the past
        model.layer.bias_ih_l0[:3] = model.layer.bias_ih_l0[9:] = 60.0
        model.layer.weight_ih_l0[6:9] = torch.randn(3, size)
        model.readout.weight *= 4
    ids = torch.arange(size)[None]
    return model.eval(), torch.log_softmax(model(ids)[0][0].detach(), -1).numpy()


def test_every_character_is_charged_given_the_one_before_it():
    model, logp = markov()
    ids = np.array([2, 0, 3, 3, 1, 0, 2])
    expected = -np.array([logp[a, b] for a, b in pairwise(ids)]) / np.log(2)
    np.testing.assert_allclose(lm.surprises(model, ids)[1:], expected, rtol=1e-10)
    assert lm.surprises(model, ids)[0] == pytest.approx(2.0)  # uniform over four
    np.testing.assert_allclose(lm.surprises(model, ids[2:], ids[:2]), expected[1:], rtol=1e-10)
    assert lm.bits(model, ids) == pytest.approx(expected.mean(), rel=1e-6)
    pieces = lm.surprises(model, ids[:6], empty_every=3)
    np.testing.assert_allclose(pieces[[0, 3]], 2.0)
    np.testing.assert_allclose(pieces[[1, 2, 4, 5]], expected[[0, 1, 3, 4]], rtol=1e-10)


def test_the_memory_is_carried_from_chunk_to_chunk():
    torch.manual_seed(0)
    model = lm.CharModel(4, 4, 3).double()
    ids = np.random.default_rng(0).integers(0, 4, 11)
    whole = lm.surprises(model, ids)
    for chunk in (1, 3, 10):
        np.testing.assert_allclose(lm.surprises(model, ids, chunk=chunk), whole, rtol=1e-10)
    emptied = lm.surprises(model, ids[:9], empty_every=3)
    assert not np.allclose(emptied[4:6], whole[4:6])


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), None])
def test_a_temperature_is_positive(temperature):
    with pytest.raises(ValueError, match="temperature: expected a positive number"):
        lm.write(markov()[0], [1], 1, 2, temperature, seed=0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_writing_draws_from_the_model_at_its_temperature(temperature):
    model, logp = markov()
    start, n = 1, 4000
    drawn = lm.write(model, [start], 1, n, temperature, seed=0)[0]
    p = np.exp(logp[start] / temperature)
    p /= p.sum()
    share = np.bincount(drawn, minlength=4) / n
    np.testing.assert_allclose(share, p, atol=4 * np.sqrt(0.25 / n))  # four standard errors


# -- biases of one gate


@pytest.mark.parametrize(("key", "gate"), [("lstm", "f"), ("gru", "z"), ("lstm_coupled", "f")])
def test_the_bias_of_a_gate_is_set_and_no_other(key, gate):
    layer, spec = Recurrent(key, 2, 3), SPECS[key]
    before = {k: p.detach().clone() for k, p in layer.named_parameters()}
    set_layer_bias(layer, gate, [1.0, 2.0, 3.0])
    row = spec.gates.index(gate) * 3
    for name, p in layer.named_parameters():
        expected = before[name].clone()
        if name.startswith("bias_ih"):
            expected[row : row + 3] = torch.tensor([1.0, 2.0, 3.0])
        if name.startswith("bias_hh"):
            expected[row : row + 3] = 0
        assert torch.equal(p, expected), name
    shift_layer_bias(layer, gate, -1.0)
    assert layer.bias_ih_l0[row : row + 3].tolist() == [0.0, 1.0, 2.0]


def test_chrono_gives_input_gates_the_negative_of_the_forget_gates():
    model = Net("lstm", 2, 50, 1, 0)
    set_layer_chrono(model.layer, 20, np.random.default_rng(0))
    i, f = model.layer.bias_ih_l0[:50], model.layer.bias_ih_l0[50:100]
    assert torch.equal(i, -f)
    assert 0 <= f.min() and f.max() <= np.log(19) and f.max() > np.log(10)
