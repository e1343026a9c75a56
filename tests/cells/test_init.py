"""Where parameters start: schemes, and biases that decide how long a cell remembers."""

import numpy as np
import pytest
from problems import KEYS

from course_utils import numpy_nn
from course_utils.specs import SPECS

D, H = 3, 8
OWN = [k for k in KEYS if hasattr(numpy_nn.get_cell(k), "retain")]
KEEPS = [k for k in KEYS if SPECS[k].retention or k in OWN]
REFUSES = [k for k in KEYS if k not in KEEPS and "alpha" not in SPECS[k].config]


def init(key, **how):
    return numpy_nn.init_params(key, D, how.pop("H", H), np.random.default_rng(0), **how)


def kept(key, r):
    """How a state answers to a small change of the one before, where nothing else is let in."""
    spec, params = SPECS[key], init(key, retention=r)
    deciding = {f"b_{side}{gate}" for side in "xh" for gate, _ in spec.retention}
    for symbol, block in spec.symbol_values(params).items():  # views, but for sums of biases
        if symbol in {s for p in spec.params for s in p.symbols} - deciding and key not in OWN:
            block[...] = 0
        elif symbol.startswith(("W_", "b_")) and key in OWN:
            block[...] = 0
    state = "c" if "c" in spec.states else "h"
    start = {s: np.zeros((1, H), complex) for s in spec.states}
    start[state] += 1e-12 + 1e-30j  # on the open side of a rectifier
    cell = numpy_nn.get_cell(key)
    last = numpy_nn.unroll(key, params, np.zeros((1, 1, D)), cell.State(**start))[1]
    return getattr(last, state).imag / 1e-30


@pytest.mark.parametrize("r", [0.3, 0.95])
@pytest.mark.parametrize("key", [k for k in KEEPS if k not in ("slstm", "lru")])
def test_retention_is_the_share_that_a_step_keeps(key, r):
    np.testing.assert_allclose(kept(key, r), r, rtol=1e-11)


def test_the_cells_of_which_nothing_is_known_to_keep_are_the_ungated():
    assert {"rnn", "rnn_relu", "clockwork", "lstm_1997", "lstm_nfg"} <= set(REFUSES)


def test_the_slstm_keeps_its_share_before_the_stabiliser():
    p = init("slstm", retention=0.9)
    a_f = np.split(p["bias_ih"] + p["bias_hh"], 4)[1]
    np.testing.assert_allclose(1 / (1 + np.exp(-a_f)), 0.9)


@pytest.mark.parametrize("key", REFUSES)
def test_cells_with_nothing_to_set_refuse_by_name(key):
    with pytest.raises(ValueError, match=f"retention: nothing in '{key}'"):
        init(key, retention=0.9)
    with pytest.raises(ValueError, match=f"chrono: nothing in '{key}'"):
        init(key, chrono=50)


def test_the_leaky_cell_says_which_constant_to_set():
    with pytest.raises(ValueError, match=r"config=\{'alpha': 0.1\}"):
        init("rnn_leaky", retention=0.9)


def test_chrono_spreads_the_biases_and_ties_the_input_gate():
    lstm = init("lstm", chrono=100, H=4000)
    b_i, b_f, b_g, _ = np.split(lstm["bias_ih"], 4)
    np.testing.assert_array_equal(b_i, -b_f)
    steps = np.exp(b_f)
    assert 1 <= steps.min() < 1.2 and 98.5 < steps.max() <= 99 and abs(steps.mean() - 50) < 2
    assert not lstm["bias_hh"][: 2 * 4000].any() and b_g.any()
    z = np.split(init("gru", chrono=100)["bias_ih"], 3)[1]
    assert (z >= 0).all()  # z keeps
    assert (np.split(init("mingru", chrono=100)["bias_ih"], 2)[0] <= 0).all()  # z writes


@pytest.mark.parametrize("key", ["lstm", "gru", "mut1", "lstm_fgr"])
def test_orthogonal_recurrent_matrices(key):
    p = init(key, scheme="orthogonal")
    for block in p["weight_hh"].reshape(-1, H, H):
        np.testing.assert_allclose(block @ block.T, np.eye(H), atol=1e-13)
    assert not p["bias_ih"].any()


def test_glorot_looks_at_the_size_of_one_gate():
    w = init("lstm", scheme="glorot", H=200)["weight_hh"]
    bound = np.sqrt(6 / 400)
    assert 0.99 * bound < np.abs(w).max() <= bound


def test_identity_is_the_irnn():
    p = init("rnn_relu", scheme="identity")
    np.testing.assert_array_equal(p["weight_hh"], np.eye(H))
    assert 0 < np.abs(p["weight_ih"]).max() < 0.01 and not p["bias_hh"].any()


def test_the_default_is_torchs():
    p = init("gru", H=400)
    for value in p.values():
        assert 0.9 / 20 < np.abs(value).max() <= 1 / 20


@pytest.mark.parametrize(
    "key, how, error, message",
    [
        ("gru", {"scheme": "xavier"}, ValueError, "scheme: expected one of torch, glorot"),
        ("lru", {"scheme": "glorot"}, ValueError, "lru has a start of its own"),
        ("gru", {"retention": 1.5}, ValueError, "between 0 and 1, got 1.5"),
        ("gru", {"chrono": 2}, ValueError, "more than 2 steps"),
        ("gru", {"chrono": 9, "retention": 0.5}, ValueError, "pass one of them"),
        ("gru", {"H": 0}, ValueError, "hidden_size: expected a positive integer, got 0"),
        ("gru", {"H": 2.0}, ValueError, "hidden_size: expected a positive integer, got 2.0"),
        ("gru", {"dtype": np.int64}, TypeError, "dtype: expected a floating type, got int64"),
        ("gur", {}, KeyError, "no cell 'gur'; choose from"),
        ("clockwork", {"config": {"period": (1,)}}, KeyError, "knows: periods"),
    ],
)
def test_a_mistake_is_named(key, how, error, message):
    with pytest.raises(error, match=message):
        init(key, **how)


def test_another_generator_is_refused():
    with pytest.raises(TypeError, match=r"pass np\.random"):
        numpy_nn.init_params("gru", D, H, np.random.RandomState(0))
