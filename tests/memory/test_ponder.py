"""Adaptive computation time: a table by hand, gradients, NumPy = torch, ragged batches, laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import by_kind
from problems import close

from course_utils import equations, numpy_nn, torch_nn
from course_utils.numpy_nn import gradcheck, ponder
from course_utils.shapes import ShapeError
from course_utils.spec import NUMPY
from course_utils.torch_nn import OneStep
from course_utils.torch_nn import ponder as torch_ponder
from course_utils.torch_nn.ponder import Ponder

T, B, D, H = 4, 3, 2, 4
TABLE = np.array([[0.5, 0.25, 0.995, 0.1], [0.3, 0.25, 0.5, 0.1], [0.4, 0.49, 0.5, 0.1]])


def test_halting_worked_by_hand():
    """Graves 2016, eqs 6 to 8, epsilon 0.01: reached at 3, at 3 (0.99 exactly), at 1, never."""
    p, R, N, _ = ponder.halting(TABLE)
    np.testing.assert_array_equal(N, [3, 3, 1, 3])
    close(R, np.array([0.2, 0.5, 1.0, 0.8]), 1e-15)
    close(p, np.array([[0.5, 0.25, 1, 0.1], [0.3, 0.25, 0, 0.1], [0.2, 0.5, 0, 0.8]]), 1e-15)
    cost, _ = ponder.ponder_cost(N[None], R[None])
    close(cost, np.array([3.2, 3.5, 2.0, 3.8]), 1e-15)  # eqs 10 and 11


def test_the_cost_reaches_the_halting_probabilities_through_the_remainder_alone():
    """Graves 2016, eq. 13: -1 before the last step, 0 at it."""
    _, R, N, cache = ponder.halting(TABLE)
    _, active = ponder.ponder_cost(N[None], R[None])
    dR = ponder.ponder_cost_backward(active, np.ones(4))
    dh = ponder.halting_backward(cache, np.zeros_like(TABLE), dR[0])
    np.testing.assert_array_equal(dh, [[-1, -1, 0, -1], [-1, -1, 0, -1], [0, 0, 0, 0]])


def test_the_cost_jumps_where_n_does():
    """N + R as h_1 grows: R falls with slope 1, and when the second step is no longer needed the
    cost falls at once, by what R was short of 1 above the new N: from 2 + 0.01 to 1 + 1."""
    costs = []
    for first in (0.5, 0.9, 0.99 - 1e-9, 0.99):
        _, R, N, _ = ponder.halting(np.array([[first], [0.6]]))
        costs.append((N + R)[0])
    close(np.array(costs), np.array([2.5, 2.1, 2.01, 2.0]), 1e-8)


def problem(seed=0, S=5, shape=(T, B)):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.05, 0.6, (S, *shape)), rng.standard_normal((S, *shape))


def test_halting_backward_is_the_complex_step():
    h, dp = problem()
    dR = np.random.default_rng(1).standard_normal((T, B))
    _, _, N, cache = ponder.halting(h)
    assert len(np.unique(N)) > 2

    def loss(v):
        p, R, _, _ = ponder.halting(v)
        return (p * dp).sum() + (R * dR).sum()

    close(ponder.halting_backward(cache, dp, dR), gradcheck.complex_step(loss, h), 1e-12)


def test_mean_field_backward_is_the_complex_step():
    h, _ = problem(2, shape=(B,))
    s, dmean = (np.random.default_rng(3).standard_normal(n) for n in ((5, B, H), (B, H)))
    _, cache = ponder.mean_field(h, s)
    dp, ds = ponder.mean_field_backward(cache, dmean)
    close(
        dp, gradcheck.complex_step(lambda v: (ponder.mean_field(v, s)[0] * dmean).sum(), h), 1e-12
    )
    close(
        ds, gradcheck.complex_step(lambda v: (ponder.mean_field(h, v)[0] * dmean).sum(), s), 1e-12
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_halting_equals_torch_with_gradients_and_keeps_the_dtype(dtype):
    h, dp = (v.astype(dtype) for v in problem(4))
    p, R, N, cache = ponder.halting(h)
    leaf = torch.tensor(h, requires_grad=True)
    tp, tR, tN = torch_ponder.halting(leaf)
    tolerance = 1e-13 if dtype == np.float64 else 1e-6
    np.testing.assert_array_equal(N, tN.numpy())
    close(p, tp.detach().numpy(), tolerance)
    close(R, tR.detach().numpy(), tolerance)
    ((tp * torch.tensor(dp)).sum() + (tR**2).sum()).backward()
    dh = ponder.halting_backward(cache, dp, 2 * R)
    close(dh, leaf.grad.numpy(), tolerance * 10)
    lengths = np.array([4, 0, 2])
    cost, _ = ponder.ponder_cost(N, R, lengths)
    close(cost, torch_ponder.ponder_cost(tN, tR, lengths).detach().numpy(), tolerance * 10)
    assert {a.dtype for a in (p, R, dh, cost)} == {np.dtype(dtype)}


def test_a_ragged_cost_counts_each_sequences_own_steps():
    h, _ = problem(5)
    _, R, N, _ = ponder.halting(h)
    lengths = np.array([4, 0, 2])
    cost, active = ponder.ponder_cost(N, R, lengths)
    for b, length in enumerate(lengths):
        close(cost[b], (N + R)[:length, b].sum(), 1e-13)
    np.testing.assert_array_equal(ponder.ponder_cost_backward(active, np.ones(B)).sum(0), lengths)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0.0, 0.01, 0.5]))
def test_halting_weights_are_weights(seed, S, epsilon):
    h = np.random.default_rng(seed).uniform(0, 1, (S, 6)) ** 3
    p, R, N, _ = ponder.halting(h, epsilon)
    np.testing.assert_allclose(p.sum(0), 1, atol=1e-12)
    assert (p >= 0).all() and (N >= 1).all() and (N <= S).all() and (R > 0).all()
    for b in range(6):  # the definition, step by step
        first = next((n for n in range(1, S + 1) if h[:n, b].sum() >= 1 - epsilon), S)
        assert N[b] == first and not p[first:, b].any()


def test_the_equation_lines_compute_what_the_functions_compute():
    rng = np.random.default_rng(6)
    weight, bias, s = (
        rng.standard_normal((1, H)),
        rng.standard_normal(),
        rng.standard_normal((4, B, H)),
    )
    h = np.stack([0.5 * (1 + np.tanh(0.5 * (s_n @ weight.T + bias))) for s_n in s])[..., 0]
    p, R, N, _ = ponder.halting(h)
    mean, _ = ponder.mean_field(p, s)
    values = {"total": np.zeros((B, 1)), "mean": np.zeros((B, H))}
    for n in range(4):
        given = {
            "total_prev": values["total"],
            "mean_prev": values["mean"],
            "s": s[n],
            "p": p[n, :, None],
        }
        values = equations.evaluate(ponder.EQUATIONS, given | {"W_h": weight, "b_h": bias}, NUMPY)
        close(values["h"][:, 0], h[n], 1e-13)
        stop = N == n + 1
        close(values["r"][stop, 0], R[stop], 1e-13)
    close(values["mean"], mean, 1e-13)
    assert "\\sigma" in equations.latex(ponder.EQUATIONS, ponder.SYMBOLS)


# -- any cell --------------------------------------------------------------------------------------


def build(key, seed=0, dtype=torch.float64, **options):
    torch.manual_seed(seed)
    options = {"max_steps": 6, "halting_bias": -1.0} | options
    layer = Ponder(key, D, H, dtype=dtype, **options)
    return layer, torch.randn(T, B, D, dtype=dtype)


def by_numpy(layer, key, x):
    """The loop over time from ``numpy_nn.ponder.step``, with its way back."""
    params = torch_nn.to_numpy(layer.cell.layer)
    halt = {"weight": layer.halt.weight.detach().numpy()[0], "bias": layer.halt.bias.item()}
    options = {"epsilon": layer.epsilon, "max_steps": layer.max_steps}
    state = tuple(s.numpy() for s in layer.cell.start(x.shape[1]))
    steps = []
    for x_t in x.detach().numpy():
        y, state, R, N, cache = ponder.step(key, params, halt, x_t, state, **options)
        steps.append((y, R, N, cache))
    return params, halt, steps, state


@pytest.mark.parametrize("key", by_kind())
def test_the_layer_equals_numpy_with_all_gradients(key):
    layer, x = build(key)
    x.requires_grad_()
    y, state, told = layer(x)
    params, halt, steps, last = by_numpy(layer, key, x)
    close(y.detach().numpy(), np.stack([s[0] for s in steps]), 1e-11)
    close(told.R.detach().numpy(), np.stack([s[1] for s in steps]), 1e-11)
    np.testing.assert_array_equal(told.N.numpy(), np.stack([s[2] for s in steps]))
    for ours, theirs in zip(last, state, strict=True):
        close(ours, theirs.detach().numpy(), 1e-11)
    rng = np.random.default_rng(7)
    dy, dR = rng.standard_normal(y.shape), rng.standard_normal((T, B))
    dlast = [rng.standard_normal(s.shape) if s.dtype.kind == "f" else 0 * s for s in last]
    loss = (y * torch.tensor(dy)).sum() + (told.R * torch.tensor(dR)).sum()
    for s, d in zip(state, dlast, strict=True):
        loss = loss + (s * torch.tensor(d)).sum()
    loss.backward()
    dstate, total, dweight, dbias = tuple(dlast), dict.fromkeys(params, 0), 0, 0
    for t in reversed(range(T)):
        dx, dstate, grads, dhalt = ponder.step_backward(
            params, halt, steps[t][3], dy[t], dstate, dR[t]
        )
        close(dx, x.grad[t].numpy(), 1e-10)
        total = {name: total[name] + grads[name] for name in total}
        dweight, dbias = dweight + dhalt["weight"], dbias + dhalt["bias"]
    for name, gradient in total.items():
        close(gradient, getattr(layer.cell.layer, f"{name}_l0").grad.numpy(), 1e-10)
    close(dweight, layer.halt.weight.grad.numpy()[0], 1e-10)
    close(dbias, layer.halt.bias.grad.numpy()[0], 1e-10)


def test_one_step_is_the_plain_layer_with_the_flag():
    layer, x = build("lstm", max_steps=1)
    flagged = torch.cat([x, torch.ones(T, B, 1, dtype=x.dtype)], -1)
    y, (_, c) = layer.cell.layer(flagged)
    ours, state, told = layer(x)
    close(ours.detach().numpy(), y.detach().numpy(), 1e-14)
    close(state[1].detach().numpy(), c[0].detach().numpy(), 1e-14)
    assert (told.N == 1).all() and (told.R == 1).all()


@pytest.mark.parametrize("key", ["lstm", "clockwork"])
def test_rows_of_a_ragged_batch_are_sequences_of_their_own(key):
    layer, x = build(key)
    lengths = torch.tensor([4, 0, 2])
    y, state, told = layer(x, lengths=lengths)
    for b, length in enumerate(lengths.tolist()):
        alone, last, alone_told = layer(x[:length, b : b + 1])
        close(y[:length, b].detach().numpy(), alone[:, 0].detach().numpy(), 1e-13)
        assert not y[length:, b].any() and not told.N[length:, b].any()
        assert not told.R[length:, b].any() and not told.p[length:, :, b].any()
        np.testing.assert_array_equal(told.N[:length, b], alone_told.N[:, 0])
        for ours, theirs in zip(state, last, strict=True):
            close(ours[b].detach().numpy(), theirs[0].detach().numpy(), 1e-13)
    cost = torch_ponder.ponder_cost(told.N, told.R, lengths)
    assert cost[1] == 0 and (cost[[0, 2]] > 0).all()


def test_a_sequence_that_is_over_keeps_nobody_waiting():
    """The cell is called as often as the slowest row that is still there needs, once at least."""
    layer, x = build("lstm")
    alone = layer(x[:, :1])[2]
    calls = []
    layer.cell.register_forward_hook(lambda *_: calls.append(1))
    layer(x, lengths=torch.tensor([4, 0, 0]))
    assert len(calls) == alone.N.sum() < 4 * layer.max_steps
    calls.clear()
    layer(x, lengths=torch.tensor([0, 0, 0]))
    assert len(calls) == 4


def test_the_record_adds_up_and_more_bias_means_fewer_steps():
    layer, x = build("gru")
    _, _, told = layer(x)
    close(told.p.sum(1).detach().numpy(), np.ones((T, B)), 1e-12)
    np.testing.assert_array_equal((told.p > 0).sum(1), told.N)
    eager = build("gru", halting_bias=5.0)[0](x)[2]
    assert (eager.N == 1).all() and (told.N > 1).any()


def test_a_row_that_has_stopped_cannot_overflow_while_others_think():
    """One row stops at once, one step from infinity; the other takes a hundred steps."""
    layer, x = build("rnn_relu", max_steps=100)
    with torch.no_grad():
        for p in layer.parameters():
            p.zero_()
        layer.cell.layer.weight_hh_l0.copy_(1e308 * torch.eye(H, dtype=x.dtype))
        layer.cell.layer.weight_ih_l0[0, 0] = layer.halt.weight[0, 0] = 1.0
        layer.halt.bias.fill_(-5.0)
    x = torch.tensor([[[20.0, 0.0], [0.0, 0.0]]], dtype=x.dtype)
    y, state, told = layer(x)
    assert told.N.tolist() == [[1, 100]]
    (y.sum() + state[0].sum()).backward()
    assert all(p.grad.isfinite().all() for p in layer.parameters())
    params, halt, steps, _ = by_numpy(layer, "rnn_relu", x)
    dx, _, grads, dhalt = ponder.step_backward(
        params, halt, steps[0][3], np.ones((2, H)), (np.zeros((2, H)),), np.zeros(2)
    )
    assert all(np.isfinite(g).all() for g in (dx, *grads.values(), *dhalt.values()))


@pytest.mark.parametrize("shape", [(0, B, D), (T, 0, D), (0, 0, D)])
def test_no_steps_and_no_rows(shape):
    layer, _ = build("lstm", dtype=torch.float32)
    y, state, told = layer(torch.zeros(shape))
    assert y.shape == (*shape[:2], H) and told.N.shape == told.R.shape == shape[:2]
    assert all(s.shape == (shape[1], H) and s.dtype == torch.float32 for s in state)
    assert torch_ponder.ponder_cost(told.N, told.R).shape == shape[1:2]


@pytest.mark.parametrize("key", ["lstm", "lru", "clockwork"])
@pytest.mark.parametrize("rows", [0, 2])
def test_numpy_keeps_float32_and_no_rows(key, rows):
    rng = np.random.default_rng(8)
    params = numpy_nn.init_params(key, D + 1, H, rng, dtype=np.float32)
    halt = {"weight": np.ones(H, np.float32), "bias": -1.0}
    x = rng.standard_normal((rows, D)).astype(np.float32)
    prev = tuple(s.numpy() for s in OneStep(key, D + 1, H).start(rows))
    y, state, R, N, cache = ponder.step(key, params, halt, x, prev)
    assert y.shape == (rows, H) and R.shape == N.shape == (rows,)
    dx, dprev, grads, dhalt = ponder.step_backward(params, halt, cache, y, state, R)
    assert {a.dtype for a in (y, R, dx, *grads.values(), *dhalt.values())} == {np.dtype("float32")}
    assert {s.dtype for s in state} | {s.dtype for s in dprev} <= {
        np.dtype("float32"),
        prev[-1].dtype,
    }


STATE = (np.zeros((B, H)), np.zeros((B, H)))


def numpy_step(**changed):
    params = numpy_nn.init_params("lstm", D + 1, H, np.random.default_rng(0))
    call = {"x": np.zeros((B, D)), "halt": {"weight": np.zeros(H), "bias": 0.0}} | changed
    options = {k: v for k, v in call.items() if k not in ("x", "halt")}
    return ponder.step("lstm", params, call["halt"], call["x"], STATE, **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ponder.halting(TABLE, 1.0), ValueError, "epsilon: expected 0 <= epsilon < 1"),
        (lambda: ponder.halting(TABLE[:0]), ValueError, "h: no ponder steps"),
        (lambda: ponder.ponder_cost(np.ones((T, B)), np.ones((T, 2))), ShapeError, "R: axis B"),
        (
            lambda: ponder.ponder_cost(np.ones((T, B)), np.ones((T, B)), np.array([5, 1, 1])),
            ValueError,
            "lengths: expected 0 to T=4",
        ),
        (lambda: numpy_step(x=np.zeros((B, D + 1))), ShapeError, "x: expected size 2, got 3"),
        (lambda: numpy_step(max_steps=0), ValueError, "max_steps: expected at least 1"),
        (
            lambda: numpy_step(halt={"weight": np.zeros(2), "bias": 0.0}),
            ShapeError,
            "weight: axis H should be 4",
        ),
        (lambda: Ponder("lstm", D, H, epsilon=-0.1), ValueError, "epsilon: expected"),
        (lambda: Ponder("lstm", D, H, max_steps=0), ValueError, "max_steps: expected a positive"),
        (lambda: build("lstm")[0](torch.zeros(T, B, 7)), ShapeError, "x: expected size 2, got 7"),
        (lambda: build("lstm")[0](torch.zeros(T, B, D)), TypeError, "x: expected torch.float64"),
        (lambda: torch_ponder.halting(torch.zeros(0, 2)), ValueError, "h: no ponder steps"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
