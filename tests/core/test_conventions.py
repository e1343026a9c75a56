"""Converted weights compute the same, by Keras' own equations written out here."""

import numpy as np
import pytest

from course_utils import conventions, numpy_nn

T, B, D, H = 4, 2, 3, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def keras_step(key, weights, x, h, c):
    """One step as Keras documents it: kernels on the right, gates along the last axis."""
    kernel, recurrent, bias = weights
    if key in ("rnn", "rnn_relu"):
        a = x @ kernel + h @ recurrent + bias
        return (np.tanh(a) if key == "rnn" else np.maximum(a, 0)), c
    if key == "lstm":
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    if key == "gru_2014":  # reset_after=False
        x_z, x_r, x_h = np.split(x @ kernel + bias, 3, axis=1)
        h_z, h_r, _ = np.split(h @ recurrent, 3, axis=1)
        z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
        return z * h + (1 - z) * np.tanh(x_h + (r * h) @ recurrent[:, 2 * H :]), c
    x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3, axis=1)
    h_z, h_r, h_h = np.split(h @ recurrent + bias[1], 3, axis=1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    return z * h + (1 - z) * np.tanh(x_h + r * h_h), c


@pytest.mark.parametrize("key", conventions.KERAS)
def test_keras_weights_compute_the_same(key):
    rng = np.random.default_rng(0)
    params = numpy_nn.init_params(key, D, H, rng)
    x = rng.standard_normal((T, B, D))
    y, _, _ = numpy_nn.unroll(key, params, x)
    weights = conventions.to_keras(key, params)
    assert weights[0].shape[0] == D and weights[1].shape[0] == H
    h = c = np.zeros((B, H))
    for t in range(T):
        h, c = keras_step(key, weights, x[t], h, c)
        np.testing.assert_allclose(h, y[t], atol=1e-13)
    again, _, _ = numpy_nn.unroll(key, conventions.from_keras(key, weights), x)
    np.testing.assert_allclose(again, y, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("key", conventions.KERAS)
def test_from_keras_and_back_changes_no_bit(key, use_bias, dtype):
    rng = np.random.default_rng(1)
    G = len(conventions.KERAS[key])
    shapes = [(D, G * H), (H, G * H), (2, G * H) if key == "gru" else (G * H,)]
    weights = [rng.standard_normal(s).astype(dtype) for s in shapes[: 2 + use_bias]]
    other = [rng.standard_normal(s).astype(dtype) for s in shapes[: 2 + use_bias]]
    for given in (weights, weights + other):  # one direction, and Bidirectional
        there = conventions.from_keras(key, given)
        again = conventions.to_keras(key, there, use_bias=use_bias)
        assert len(again) == len(given)
        for a, b in zip(again, given, strict=True):
            assert a.dtype == dtype
            np.testing.assert_array_equal(a, b)
    x = rng.standard_normal((T, B, D)).astype(dtype)
    assert numpy_nn.unroll_stack(key, [there], x)[0].dtype == dtype


def test_reordering_goes_there_and_back():
    a = np.arange(24.0).reshape(12, 2)
    there = conventions.reorder(a, "ifgo", "iofg")
    assert (there[3:6] == a[9:12]).all()
    np.testing.assert_array_equal(conventions.reorder(there, "iofg", "ifgo"), a)


def keras(key, *names):
    """Zeros in the layout of a Keras layer, by the names of its arrays."""
    G = len(conventions.KERAS[key])
    bias = (2, 3 * H) if key == "gru" else (G * H,)
    layout = {"kernel": (D, G * H), "recurrent": (H, G * H), "bias": bias}
    return [np.zeros(layout[name] if isinstance(name, str) else name) for name in names]


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: conventions.reorder(np.ones(8), "ifgo", "ifg"), ValueError, "the same gates"),
        (lambda: conventions.reorder(np.ones(7), "ifgo", "iofg"), ValueError, "7 rows"),
        (lambda: conventions.reorder(np.ones(9), "iig", "iig"), ValueError, "the same gates"),
        (lambda: conventions.reorder(np.ones(8), "", ""), ValueError, "the same gates"),
        (lambda: conventions.to_keras("mgu", {}), KeyError, "Keras has no 'mgu'"),
        (
            lambda: conventions.to_keras("lstm", {"weight_ih": np.ones((4, 1))}),
            KeyError,
            "missing bias_hh",
        ),
        (
            lambda: conventions.to_keras(
                "rnn", numpy_nn.init_params("rnn", D, H, np.random.default_rng(0)), use_bias=False
            ),
            ValueError,
            "use_bias: these biases are not zero",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


LAYOUTS = {
    "swapped": ("lstm", ["recurrent", "kernel", "bias"], "swapped"),
    "swapped, without gates": ("rnn", ["recurrent", "kernel", "bias"], "swapped"),
    "PyTorch's": ("lstm", [(4 * H, D), (4 * H, H), "bias"], "PyTorch's layout"),
    "PyTorch's, without gates": ("rnn", [(H, D), (H, H), "bias"], "PyTorch's layout"),
    "another cell's": ("lstm", [(D, 3 * H), (H, 3 * H), (3 * H,)], "should be 20"),
    "CuDNNLSTM": ("lstm", ["kernel", "recurrent", (8 * H,)], "a CuDNNLSTM's: load it into"),
    "CuDNNGRU": ("gru", ["kernel", "recurrent", (6 * H,)], "a CuDNNGRU's: load it into"),
    "reset_after=False": ("gru", ["kernel", "recurrent", (3 * H,)], "False is our 'gru_2014'"),
    "reset_after=True": ("gru_2014", ["kernel", "recurrent", (2, 3 * H)], "True is our 'gru'"),
    "a bias for one unit": ("rnn", ["kernel", "recurrent", (1,)], r"bias: expected shape \(H,\)"),
    "kernel alone": ("lstm", ["kernel"], "weights: expected .* got 1 arrays"),
    "one direction and a half": ("lstm", ["kernel", "recurrent", "bias"] * 2 + ["kernel"], "got 7"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_layout_is_refused_with_its_name(layout):
    key, names, message = LAYOUTS[layout]
    with pytest.raises(ValueError, match=message):
        conventions.from_keras(key, keras(key, *names))


def test_arrays_of_two_dtypes_are_refused():
    kernel, *rest = keras("lstm", "kernel", "recurrent", "bias")
    with pytest.raises(TypeError, match="weights: arrays of float32, float64"):
        conventions.from_keras("lstm", [kernel.astype(np.float32), *rest])
