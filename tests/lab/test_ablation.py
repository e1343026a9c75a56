"""What `ablate` holds is held, what it cuts is cut, and nothing else changes."""

import numpy as np
import pytest

from course_utils import numpy_nn
from course_utils.lab.ablation import ablate, scores

T, N, D, H = 6, 5, 3, 4


@pytest.fixture
def net():
    rng = np.random.default_rng(3)
    params = numpy_nn.init_params("lstm", D, H, rng)
    params = {name: p + 0.3 * rng.standard_normal(p.shape) for name, p in params.items()}
    return params, rng.standard_normal((T, N, D))


def test_left_alone_it_is_the_layer(net):
    params, x = net
    y, last, _ = numpy_nn.unroll("lstm", params, x)
    found = ablate(params, x)
    np.testing.assert_allclose(found["h"], y, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found["c"][-1], last.c, rtol=0, atol=1e-13)


def test_a_held_gate_stands_still_and_the_belt_obeys_it(net):
    params, x = net
    value = np.array([0.1, 0.4, 0.7, 1.0])
    found = ablate(params, x, {"f": value})
    np.testing.assert_array_equal(found["f"], np.broadcast_to(value, (T, N, H)))
    c = found["c"]
    np.testing.assert_allclose(c[1:], value * c[:-1] + (found["i"] * found["g"])[1:], atol=1e-13)


def exchanged(x):
    """The first sequences' early inputs exchanged: every mean over the sequences is the same."""
    other = x.copy()
    other[:3, [0, 1]] = x[:3, [1, 0]]
    return other


def test_with_both_states_cut_the_past_of_a_sequence_is_lost_and_with_one_it_is_not(net):
    params, x = net
    for cut, same in (("hc", True), ("h", False), ("c", False), ("", False)):
        one, other = (ablate(params, v, cut=cut)["h"][-1] for v in (x, exchanged(x)))
        assert (np.abs(one - other).max() < 1e-12) == same, cut


def test_each_gate_is_held_at_its_own_mean_over_steps_and_sequences(net):
    params, x = net
    usual = ablate(params, x)
    found = scores(params, x, lambda h: h)
    for key, which in {"f": "f", "i": "i", "o": "o", "all": "ifo"}.items():
        means = {k: usual[k].reshape(-1, H).mean(0) for k in which}
        np.testing.assert_allclose(found["held"][key], ablate(params, x, means)["h"], atol=1e-13)
    for state in "ch":
        np.testing.assert_array_equal(found["cut"][state], ablate(params, x, cut=state)["h"])
