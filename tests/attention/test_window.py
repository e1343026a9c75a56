"""Graves's window over a text: by hand, by its equations, and NumPy = torch."""

import numpy as np
import pytest
import torch
from problems import close

from course_utils import equations
from course_utils.numpy_nn.attention import init_window, window_step, window_step_backward
from course_utils.numpy_nn.attention.window import EQUATIONS, State
from course_utils.spec import NUMPY
from course_utils.torch_nn.attention import Window

B, H, K, U, C = 3, 4, 2, 5, 6
RNG = np.random.default_rng(0)
PARAMS = init_window(H, K, RNG, pace=0.5)
PREVIOUS = State(RNG.uniform(0, 3, (B, K)))
STATE, TEXT = RNG.standard_normal((B, H)), RNG.standard_normal((U, B, C))
DW, DKAPPA, DPHI = (RNG.standard_normal(s) for s in ((B, C), (B, K), (B, U)))
LENGTHS = np.array([5, 2, 3])


def run(text=TEXT, lengths=None):
    w, state, phi, cache = window_step(PARAMS, STATE, PREVIOUS, text, lengths)
    dh, dprev, dtext, grads = window_step_backward(PARAMS, cache, DW, State(DKAPPA), DPHI)
    return [w, state.kappa, phi, dh, dprev.kappa, dtext, grads["weight"], grads["bias"]]


def run_torch(text=TEXT, lengths=None):
    layer = Window(H, K, dtype=torch.float64)
    layer.load_state_dict({name: torch.tensor(p) for name, p in PARAMS.items()})
    leaves = [torch.tensor(a, requires_grad=True) for a in (STATE, PREVIOUS.kappa, text)]
    out = layer(*leaves, None if lengths is None else torch.tensor(lengths))
    loss = sum((o * torch.tensor(d)).sum() for o, d in zip(out, (DW, DKAPPA, DPHI), strict=True))
    grads = torch.autograd.grad(loss, [*leaves, *layer.parameters()])
    return [t.detach().numpy() for t in (*out, *grads)]


def test_one_bump_by_hand():
    """Zero pre-activations: α = β = 1 and κ moves from 1 to 2; letters 1, 2, 3 are 1, 0, 1 away."""
    params = {"weight": np.zeros((3, 1)), "bias": np.zeros(3)}
    text = np.array([[[1.0]], [[10.0]], [[100.0]]])
    w, state, phi, _ = window_step(params, np.zeros((1, 1)), State(np.ones((1, 1))), text)
    assert state.kappa == 2
    np.testing.assert_allclose(phi, [[np.exp(-1), 1, np.exp(-1)]])
    np.testing.assert_allclose(w, [[101 * np.exp(-1) + 10]])


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_numpy_equals_torch_in_gradients_too(lengths):
    for a, b in zip(run(lengths=lengths), run_torch(lengths=lengths), strict=True):
        close(a, b, 1e-13)


def test_the_equation_lines_are_what_the_window_computes():
    """One letter at a time; the sums over bumps and letters are not in the language yet."""
    _, kappa, phi, *_ = run()
    values = {"h": STATE, "kappa_prev": PREVIOUS.kappa}
    for k, name in enumerate(("alpha", "beta", "kappa")):
        values[f"W_{name}"] = PARAMS["weight"][k * K : (k + 1) * K]
        values[f"b_{name}"] = PARAMS["bias"][k * K : (k + 1) * K]
    for u in range(1, U + 1):
        found = equations.evaluate(EQUATIONS, values | {"u": u}, NUMPY)
        close(found["kappa"], kappa, 1e-14)
        close(found["bump"].sum(axis=1), phi[:, u - 1], 1e-14)


def test_the_window_never_goes_back():
    state = PREVIOUS
    for seed in range(20):
        h = 3 * np.random.default_rng(seed).standard_normal((B, H))
        _, new, *_ = window_step(PARAMS, h, state, TEXT)
        assert (new.kappa > state.kappa).all()
        state = new


def test_past_a_text_s_end_nothing_weighs_whatever_stands_there():
    there = (np.arange(U)[:, None] < LENGTHS)[..., None]
    clean = run(np.where(there, TEXT, 0), LENGTHS)
    assert (clean[2][1, 2:] == 0).all() and (clean[5][~there[..., 0]] == 0).all()
    for found in (
        run(np.where(there, TEXT, np.nan), LENGTHS),
        run_torch(np.where(there, TEXT, np.nan), LENGTHS),
    ):
        for a, b in zip(found, clean, strict=True):
            close(a, b, 1e-13)


def test_the_pace_is_where_the_bumps_start_to_move():
    params = init_window(H, K, np.random.default_rng(0), np.float32, pace=0.5)
    w, state, phi, _ = window_step(
        params,
        np.zeros((1, H), np.float32),
        State(np.zeros((1, K), np.float32)),
        TEXT[:, :1].astype(np.float32),
    )
    np.testing.assert_allclose(state.kappa, 0.5)
    assert {a.dtype for a in (w, state.kappa, phi)} == {np.dtype(np.float32)}
    layer = Window(H, K, pace=0.5)
    np.testing.assert_allclose(layer.bias[2 * K :].detach().exp(), 0.5)
    assert layer.zeros(2).shape == (2, K)


def test_what_is_refused():
    with pytest.raises(ValueError, match="text: axis U is empty"):
        window_step(PARAMS, STATE, PREVIOUS, TEXT[:0])
    with pytest.raises(ValueError, match="lengths: expected 0 to T=5"):
        window_step(PARAMS, STATE, PREVIOUS, TEXT, np.array([1, 2, 6]))
    with pytest.raises(ValueError, match="kappa: axis K should be 2"):
        window_step(PARAMS, STATE, State(np.zeros((B, 3))), TEXT)
    with pytest.raises(ValueError, match="text: axis U is empty"):
        Window(H, K)(torch.zeros(B, H), torch.zeros(B, K), torch.zeros(0, B, C))
