"""Forecasts read the past alone; windows, intervals and alignments are what they say."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from course_utils.lab import classifying
from course_utils.lab import forecasting as lab

WALK = np.random.default_rng(0).standard_normal(120).cumsum() + 5 * np.sin(np.arange(120) / 2)
ORIGINS = np.array([70, 81, 100])


def window_model(values, origins, horizon):
    known = lab.windows(values, np.arange(10, 60 - horizon), 10, horizon)
    weights = lab.fit_linear(*known)
    return lab.linear(weights, lab.windows(np.nan_to_num(values), origins, 10, horizon)[0])


WAYS = {
    "last": lab.last_value,
    "seasonal": lambda v, o, h: lab.seasonal_naive(v, o, h, 12),
    "rise": lambda v, o, h: lab.seasonal_rise(v, o, h, 12),
    "linear": window_model,
    "arima": lambda v, o, h: lab.arima(v, 60, o, h, (1, 0, 0), trend="c"),
    "ets": lambda v, o, h: lab.ets(v, 60, o, h, 6),
}


@pytest.mark.parametrize("name", WAYS)
def test_no_forecast_feels_what_comes_after_its_origin(name):
    if name in ("arima", "ets") and find_spec("statsmodels") is None:
        pytest.skip("statsmodels is not installed")
    for origin in ORIGINS[:2]:
        spoiled = WALK.copy()
        spoiled[origin:] = 1e6
        first, again = (WAYS[name](v, [origin], 8) for v in (WALK, spoiled))
        assert first.shape == (1, 8)
        np.testing.assert_array_equal(first, again)


@pytest.mark.skipif(find_spec("statsmodels") is None, reason="statsmodels is not installed")
@pytest.mark.parametrize("fit", [lab.arima, lab.ets])
def test_parameters_may_not_be_fitted_beyond_the_first_origin(fit):
    more = {"order": (1, 0, 0)} if fit is lab.arima else {"season": 6}
    with pytest.raises(ValueError, match="known: 71 values reach beyond the first origin 70"):
        fit(WALK, 71, ORIGINS, 4, **more)


def test_naive_forecasts_by_hand():
    values = np.array([1.0, 2, 3, 5, 7, 9])
    np.testing.assert_array_equal(lab.seasonal_naive(values, [6], 5, 3), [[5, 7, 9, 5, 7]])
    np.testing.assert_array_equal(lab.seasonal_rise(values, [6], 5, 3), [[11, 13, 15, 17, 19]])
    np.testing.assert_array_equal(lab.last_value(values, [4, 6], 2), [[5, 5], [9, 9]])


def test_windows_are_the_values_around_their_origins():
    x, y = lab.windows(np.arange(20), np.array([4, 9]), 3, 2)
    assert x.tolist() == [[1, 2, 3], [6, 7, 8]]
    assert y.tolist() == [[4, 5], [9, 10]]
    with pytest.raises(ValueError, match="origins: 3 values before and 2 after do not fit into 20"):
        lab.windows(np.arange(20), np.array([19]), 3, 2)


def test_parts_follow_each_other_and_share_no_target():
    parts = lab.split(50, {"train": 30, "validation": 38, "test": 50}, 5, 4)
    targets = [np.unique(o[:, None] + np.arange(4)) for o in parts.values()]
    assert np.concatenate(targets).tolist() == list(range(5, 50))
    with pytest.raises(ValueError, match="part 'b' up to 33 holds no window of 4 steps"):
        lab.split(50, {"a": 30, "b": 33}, 5, 4)


def test_feeding_back_multiplies_the_factor():
    x = np.array([[0.0, 8.0], [0.0, -2.0]])
    found = lab.feed_back(lambda w: 0.5 * w[:, -1], x, 3)
    np.testing.assert_array_equal(found, [[4, 2, 1], [-1, -0.5, -0.25]])


def test_least_squares_finds_a_line_and_goes_on_with_it():
    """On a slope with a season it never saw levels of, where only changes can be right."""
    t = np.arange(200.0)
    values = 0.3 * t + np.sin(2 * np.pi * t / 12)
    weights = lab.fit_linear(*lab.windows(values, np.arange(24, 100), 24, 6), ridge=1e-9)
    x, y = lab.windows(values, np.arange(150, 190), 24, 6)
    np.testing.assert_allclose(lab.linear(weights, x), y, atol=1e-4)


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_a_relative_forecast_moves_with_its_window(kind):
    x = np.random.default_rng(1).standard_normal((5, 7))
    model = lab.Forecaster(lab.Net(kind, 7, 4, 3, 0), x)
    np.testing.assert_allclose(model(x + 100), model(x) + 100, atol=1e-3)
    level = lab.Forecaster(lab.Net(kind, 7, 4, 3, 0), x, relative=False)
    assert np.abs(level(x + 100) - level(x) - 100).min() > 90  # bounded units cannot follow


def test_training_keeps_the_weights_that_validate_best():
    x = np.random.default_rng(2).standard_normal((40, 5))
    parts = {"train": (x, x[:, -1:] + x[:, :1]), "validation": (x, x[:, -1:] + x[:, :1])}
    model = lab.Forecaster(lab.Net("mlp", 5, 8, 1, 0), x)
    checks = lab.train(model, parts, updates=60, batch=4, lr=0.2, seed=0, every=5)
    now = np.square((model(x) - parts["train"][1]) / model.scale).mean()
    np.testing.assert_allclose(now, min(checks), rtol=1e-4)
    assert min(checks) < 0.8 * checks[-1]  # at this rate the last weights are not the best


def test_the_pinball_loss_is_least_at_the_quantile():
    draws = torch.from_numpy(np.random.default_rng(3).standard_normal((4000, 1)))
    at = torch.linspace(-2, 2, 81)
    losses = [lab.pinball((0.8,))(torch.full((4000, 1), float(a)), draws) for a in at]
    np.testing.assert_allclose(at[int(np.argmin(losses))], np.quantile(draws, 0.8), atol=0.05)


def test_conformal_intervals_hold_what_they_promise():
    """Over 4,000 worlds with n = 19 the rank is 18 of 20, exactly 0.9."""
    old, new = np.abs(np.random.default_rng(4).standard_t(2, (2, 19, 4000)))
    inside = (new[0] <= lab.conformal_margin(old, 0.9)).mean()
    assert abs(inside - 0.9) < 0.015  # three standard errors
    assert np.isinf(lab.conformal_margin(old[:8], 0.9)).all()


def test_blocks_widen_the_interval_where_neighbours_are_alike():
    alike = np.repeat(np.random.default_rng(5).standard_normal(30), 20)
    single, blocks = (np.ptp(lab.block_interval(alike, b)) for b in (1, 40))
    assert blocks > 2.5 * single
    assert np.ptp(lab.block_interval(alike, 600)) < 1e-12  # the whole series, turned, is itself
    with pytest.raises(ValueError, match="block: expected 1 to 600"):
        lab.block_interval(alike, 601)


def one_by_one(a, b):
    """Dynamic time warping of one pair, as its recurrence is written."""
    table = np.full((len(a) + 1, len(b) + 1), np.inf)
    table[0, 0] = 0
    for t, s in np.ndindex(len(a), len(b)):
        best = min(table[t, s], table[t, s + 1], table[t + 1, s])
        table[t + 1, s + 1] = ((a[t] - b[s]) ** 2).sum() + best
    return table[-1, -1]


def test_warping_all_pairs_is_warping_each():
    rng = np.random.default_rng(6)
    x, others = rng.standard_normal((7, 3, 2)), rng.standard_normal((5, 4, 2))
    n, m = np.array([7, 2, 5]), np.array([1, 5, 3, 5])
    found = classifying.warped(x, n, others, m)
    for k, j in np.ndindex(3, 4):
        np.testing.assert_allclose(found[k, j], one_by_one(x[: n[k], k], others[: m[j], j]))


def test_summaries_and_readers_do_not_see_the_padding():
    rng = np.random.default_rng(7)
    x, lengths = rng.standard_normal((6, 4, 2)), np.array([6, 1, 3, 4])
    spoiled = np.where((np.arange(6)[:, None] < lengths)[..., None], x, 1e3)
    model = classifying.Reader("lstm", 2, 5, 3, 0)
    model.eval()
    for read in (classifying.summaries, lambda *a: model(*classifying.as_tensors(*a)).detach()):
        np.testing.assert_allclose(read(spoiled, lengths), read(x, lengths), rtol=1e-6)
    first = classifying.summaries(x, lengths)[0]
    expected = [x[:, 0].mean(0), x[:, 0].std(0), x[:, 0].min(0), x[:, 0].max(0),
                x[5, 0] - x[0, 0], [6]]  # fmt: skip
    np.testing.assert_allclose(first, np.concatenate(expected))
