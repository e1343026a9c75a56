"""Nets trained together are the nets trained alone."""

import numpy as np
import pytest

from course_utils import compiled
from course_utils.lab.net_families import Family, falling, mean_errors
from course_utils.numpy_nn import losses


def trained(seeds, updates=3, **options):
    """Answers of nets after a few updates."""
    with compiled.uncompiled():
        family = Family("lstm_peephole", 2, 3, 1, seeds, lr=0.1, biases={"f": 1.0}, **options)
        x = np.random.default_rng(9).standard_normal((4, 2, 2))
        target = np.ones((4, 2, 1))
        for k in range(updates):
            answers, _ = family(x)
            family.learn(mean_errors(answers, target), falling(0.1, k, updates))
        return family, family(x)[0].copy()


def test_a_net_learns_the_same_alone_and_among_others():
    _, alone = trained([5])
    _, among = trained([4, 5, 6])
    np.testing.assert_allclose(among[1], alone[0], rtol=1e-5, atol=1e-6)
    assert abs(among[0] - among[1]).max() > 1e-3


def test_what_is_frozen_stays_and_is_not_counted():
    start, _ = trained([1], updates=0, frozen=("weight_ci",))
    family, _ = trained([1], frozen=("weight_ci",))
    np.testing.assert_array_equal(family.params["weight_ci"], start.params["weight_ci"])
    assert (family.params["weight_cf"] != start.params["weight_cf"]).any()
    assert family.size == 4 * 3 * (2 + 3 + 1) + 2 * 3 + 3 + 1


def test_one_bias_a_gate_is_set_and_the_spread_holds():
    family, _ = trained([1, 2], updates=0, spread=0.1)
    assert (family.params["bias_ih"][:, 3:6] == 1).all()
    others = [p for n, p in family.params.items() if not n.startswith("bias")]
    assert max(abs(p).max() for p in others) <= 0.1


@pytest.mark.parametrize("masked", [False, True])
def test_errors_are_the_gradient_of_the_mean_cross_entropy(masked):
    rng = np.random.default_rng(0)
    answers, target = rng.standard_normal((2, 3, 4, 1)), rng.integers(0, 2, (3, 4, 1))
    mask = rng.random((3, 4)) < 0.6 if masked else None
    found = mean_errors(answers, target, mask)
    for k in range(2):
        logits = np.concatenate([np.zeros_like(answers[k]), answers[k]], axis=-1)
        _, dlogits = losses.cross_entropy(logits, target[..., 0], mask)
        np.testing.assert_allclose(found[k, ..., 0], dlogits[..., 1], atol=1e-12)


def test_the_rate_falls_to_a_twentieth():
    assert falling(1.0, 0, 10) == 1 and falling(1.0, 9.9, 10) == 0.05
