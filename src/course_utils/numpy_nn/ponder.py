"""Adaptive computation time: how long to think about one input, and what the gradient sees of it.

A cell is applied to the same input again and again; at each such ponder step it emits a halting
probability, and when these add up to almost 1 it stops.  Its state and output are the means of all
ponder steps, weighted by the probabilities.  Graves 2016, section 2.

The number of steps N is piecewise constant, so its gradient is 0 wherever it has one: the ponder
cost N + R is seen through the remainder R alone, and jumps where N changes.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.ops import sigmoid
from course_utils.numpy_nn.validation import of_shape, running
from course_utils.shapes import ShapeError, expect
from course_utils.specs import get_spec

# One ponder step, as lines of ``course_utils.equations``: n takes the place of t, and p is h before
# the last step and r at it.  The language stops there: it has no "the first n for which".
EQUATIONS = (
    "h = sigmoid(W_h @ s + b_h)",
    "r = 1 - total_prev",
    "total = total_prev + h",
    "mean = mean_prev + p * s",
)
SYMBOLS = {
    "h": "h^n_t",
    "s": "s^n_t",
    "p": "p^n_t",
    "r": "R^n_t",
    "total": r"\Sigma^n_t",
    "total_prev": r"\Sigma^{n-1}_t",
    "mean": r"\bar s^n_t",
    "mean_prev": r"\bar s^{n-1}_t",
}


def halting(h, epsilon=0.01):
    """Halting probabilities h (S, ...) of S ponder steps -> p (S, ...), R (...), N (...), cache.

    N, integers: the first step at which the sum of h reaches 1 - epsilon, or S.  p is h before step
    N, the remainder R = 1 - (sum of h before N) at N, and 0 after it, so that it adds up to 1.
    Graves 2016, eqs 6 to 8.  ValueError for no steps, or epsilon outside [0, 1).
    """
    check_epsilon(epsilon)
    if not len(h):
        raise ValueError("h: no ponder steps on axis S; there must be at least one")
    reached = np.cumsum(h.real, axis=0) >= 1 - epsilon
    N = np.where(reached.any(axis=0), reached.argmax(axis=0) + 1, len(h))
    p, R, cache = weights(h, N)
    return p, R, N, cache


def weights(h, N):
    """What h (S, ...) counts when thinking stops at step N (...) -> p (S, ...), R (...), cache."""
    step = np.arange(1, len(h) + 1).reshape(-1, *[1] * (h.ndim - 1))
    before, last = step < N, step == N
    kept = np.where(before, h, 0)
    R = 1 - kept.sum(axis=0)
    p = np.where(last, R, kept)
    return p, R, (before, last)


def halting_backward(cache, dp, dR):
    """dp (S, ...), dR (...) -> dh (S, ...): N is a constant, so h from step N on gets nothing."""
    before, last = cache
    of_shape(last.shape, dp=dp)
    of_shape(last.shape[1:], dR=dR)
    dR = dR + np.where(last, dp, 0).sum(axis=0)  # p = R at the last step
    return np.where(before, dp - dR, 0)  # p = h before it; R = 1 - sum of those


def check_epsilon(epsilon):
    """ValueError unless 0 <= epsilon < 1."""
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon: expected 0 <= epsilon < 1, got {epsilon}")


def mean_field(p, s):
    """The mean of all ponder steps: p (S, B), s (S, B, H) -> (B, H), cache.  Graves 2016, eq. 9."""
    expect(p=(p, "S B"), s=(s, "S B H"))
    return (p[..., None] * s).sum(axis=0), (p, s)


def mean_field_backward(cache, dmean):
    """dmean (B, H) -> dp (S, B), ds (S, B, H)."""
    p, s = cache
    of_shape(s.shape[1:], dmean=dmean)
    return (dmean * s).sum(axis=-1), p[..., None] * dmean


def ponder_cost(N, R, lengths=None):
    """What thinking costs: N, R (T, B), lengths (B,) of ragged sequences -> (B,), cache.

    The sum over time of N + R, counting the steps of each sequence only.  Graves 2016, eqs 10, 11.
    """
    sizes = expect(N=(N, "T B"), R=(R, "T B"))
    active = running(lengths, sizes["T"], sizes["B"])
    if active is None:
        active = np.ones(R.shape, bool)
    return np.where(active, N.astype(R.dtype) + R, 0).sum(axis=0), active


def ponder_cost_backward(active, dcost):
    """dcost (B,) -> dR (T, B); N has no gradient."""
    of_shape(active.shape[1:], dcost=dcost)
    return np.where(active, dcost, 0)


# -- one input, pondered by a cell -----------------------------------------------------------------


class Cache(NamedTuple):
    """What the way back through ``step`` needs; lists over ponder steps."""

    key: str
    caches: list
    readouts: list
    h: np.ndarray  # (S, B)
    N: np.ndarray  # (B,)
    halting: tuple
    means: tuple
    mean_output: tuple


def step(key, params, halt, x, prev, *, epsilon=0.01, max_steps=100, config=None):
    """Ponder one input with any cell.

    params, the cell's, for inputs of size D + 1: a flag that is 1 at the first ponder step is put
    behind x (B, D).  halt, {"weight": (H,), "bias": ()}, reads the cell's output.  prev, the states
    before.  Returns y (B, H), the states, R (B,), N (B,) and a cache; states and output are means
    over ponder steps, a counting state (clockwork's t) is that of step N.
    Graves 2016, eqs 3 to 9.  Departure: the halting unit reads the output, for an LSTM h alone.
    """
    spec, cell = get_spec(key), get_cell(key)
    check_epsilon(epsilon)
    if max_steps < 1:
        raise ValueError(f"max_steps: expected at least 1, got {max_steps}")
    D = spec.check(params, prev=(prev[0], "B H"))["D"] - 1
    expect(x=(x, f"B {D}"), prev=(prev[0], "B H"), weight=(halt["weight"], "H"))
    if np.ndim(halt["bias"]):
        raise ShapeError(f"bias: expected a number, got shape {np.shape(halt['bias'])}")
    readout = getattr(cell, "readout", None)
    options = spec.options(config) | {name: np.zeros_like(prev[0]) for name in spec.inputs}
    now, live = cell.State(*prev), np.ones(len(x), bool)
    total, N = np.zeros(len(x), x.real.dtype), np.zeros(len(x), int)
    caches, readouts, states, outputs, h = [], [], [], [], []
    for n in range(max_steps):
        seen = np.concatenate([x, np.full_like(x[:, :1], n == 0)], axis=-1)
        new, cache = cell.step(params, seen, now, **options)
        out, kept = readout(params, seen, new) if readout else (new[0], None)
        h.append(sigmoid(out @ halt["weight"] + halt["bias"]))
        caches.append(cache)
        readouts.append(kept)
        states.append(new)
        outputs.append(out)
        N += live
        total = total + h[-1].real
        live = total < 1 - epsilon
        if not live.any():
            break
        # a row that has stopped goes back, so that it cannot overflow while others think
        now = cell.State(*(np.where(live[:, None], a, b) for a, b in zip(new, prev, strict=True)))
    h = np.stack(h)
    p, R, halted = weights(h, N)
    y, mean_output = mean_field(p, np.stack(outputs))
    means = [_mean_state(p, N, np.stack(values)) for values in zip(*states, strict=True)]
    mean, kept = zip(*means, strict=True)
    return y, cell.State(*mean), R, N, Cache(key, caches, readouts, h, N, halted, kept, mean_output)


def _mean_state(p, N, values):
    if values.dtype.kind in "fc":
        return mean_field(p, values)
    return values[N - 1, np.arange(len(N))], None  # a counter has no mean


def step_backward(params, halt, cache, dy, dstate, dR):
    """dy (B, H), dstate, gradients of the states, dR (B,) -> dx (B, D), dprev, grads, dhalt."""
    spec, cell = get_spec(cache.key), get_cell(cache.key)
    dp, douts = mean_field_backward(cache.mean_output, dy)
    dstates = []
    for kept, d in zip(cache.means, dstate, strict=True):
        if kept is None:
            dstates.append(np.zeros((len(cache.h), *d.shape), dy.dtype))
            continue
        dp_state, ds = mean_field_backward(kept, d)
        dp = dp + dp_state
        dstates.append(ds)
    dh = halting_backward(cache.halting, dp, dR)
    da = dh * cache.h * (1 - cache.h)  # h = sigmoid(out @ weight + bias), (S, B)
    dhalt = {"weight": np.einsum("sb,sbh->h", da, cache.mean_output[1]), "bias": da.sum()}
    douts = douts + da[..., None] * halt["weight"]
    grads = {name: np.zeros_like(p) for name, p in params.items()}
    dx, later = 0, [0 for _ in dstates]
    for n in reversed(range(len(cache.h))):
        here = [d[n] + after for d, after in zip(dstates, later, strict=True)]
        if cache.readouts[n] is None:
            here[0] = here[0] + douts[n]
        else:
            dseen, from_out, from_readout = cell.readout_backward(
                params, cache.readouts[n], douts[n]
            )
            here = [a + b for a, b in zip(here, from_out, strict=True)]
            dx = dx + dseen[:, :-1]
            _add(grads, from_readout)
        dseen, later, from_step = cell.step_backward(params, cache.caches[n], cell.State(*here))
        dx = dx + dseen[:, :-1]  # the flag is a constant
        _add(grads, {k: v for k, v in from_step.items() if k not in spec.inputs})
    return dx, cell.State(*later), grads, dhalt


def _add(grads, more):
    for name, value in more.items():
        grads[name] += value
