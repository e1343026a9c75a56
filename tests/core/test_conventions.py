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
    if key == "rnn":
        return np.tanh(x @ kernel + h @ recurrent + bias), c
    if key == "lstm":
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
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


def test_reordering_goes_there_and_back():
    a = np.arange(24.0).reshape(12, 2)
    there = conventions.reorder(a, "ifgo", "iofg")
    assert (there[3:6] == a[9:12]).all()
    np.testing.assert_array_equal(conventions.reorder(there, "iofg", "ifgo"), a)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: conventions.reorder(np.ones(8), "ifgo", "ifg"), ValueError, "the same gates"),
        (lambda: conventions.reorder(np.ones(7), "ifgo", "iofg"), ValueError, "7 rows"),
        (lambda: conventions.to_keras("mgu", {}), KeyError, "Keras has no 'mgu'"),
        (
            lambda: conventions.from_keras("gru", [np.ones((2, 9)), np.ones((3, 9)), np.ones(9)]),
            ValueError,
            "reset_after=False is our 'gru_2014'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
