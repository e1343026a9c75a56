"""Clockwork modules: when each moves, what a step costs, and a step that leaves out what rests.

``numpy_nn``'s cell computes every unit at every step and keeps the old state of those that rest;
here the work is not done.  Periods rise, modules are of one size, as in the paper.
"""

import numpy as np

from course_utils.numpy_nn.cells.clockwork import wiring


def schedule(periods, steps):
    """(modules, steps): true where a module moves, steps counted from 0."""
    return np.arange(steps)[None, :] % np.asarray(periods)[:, None] == 0


def multiplications(periods, size, inputs, t):
    """Multiplications of a weight and a number at step t, for modules of ``size`` units.

    A module that moves reads ``inputs`` numbers and every module with a period as long as its own
    or longer.
    """
    periods = np.asarray(periods)
    heard = (periods[None, :] >= periods[:, None]).sum(axis=1)  # modules
    work = size * (heard * size + inputs)
    return int(work[t % periods == 0].sum())


def mean_multiplications(periods, size, inputs):
    """The mean over a whole turn of all clocks, as a number."""
    periods = np.asarray(periods)
    heard = (periods[None, :] >= periods[:, None]).sum(axis=1)
    return float((size * (heard * size + inputs) / periods).sum())


def weights(periods, size, inputs):
    """Weights that are not switched off, and one bias a unit."""
    periods = np.asarray(periods)
    heard = (periods[None, :] >= periods[:, None]).sum()
    return int(heard * size**2 + len(periods) * size * (inputs + 1))


def unroll(params, x, periods):
    """The outputs of ``numpy_nn.unroll("clockwork", …)`` from zero: x (T, B, D) -> y (T, B, H).

    Periods must rise; then the modules that move at a step and those that they hear are blocks of
    the matrices, and nothing else is multiplied.
    """
    if list(periods) != sorted(periods):
        raise ValueError(f"periods: expected them to rise, got {tuple(periods)}")
    W_x, W_h = params["weight_ih"], params["weight_hh"]
    b = params["bias_ih"] + params["bias_hh"]
    H, size = len(W_h), len(W_h) // len(periods)
    wiring(H, periods)  # ValueError where H does not fit
    h, outputs = np.zeros((x.shape[1], H), x.dtype), []
    for t, x_t in enumerate(x):
        new = h.copy()
        for k, period in enumerate(periods):
            if t % period == 0:
                rows, first = slice(k * size, (k + 1) * size), list(periods).index(period)
                a = x_t @ W_x[rows].T + h[:, first * size :] @ W_h[rows, first * size :].T
                new[:, rows] = np.tanh(a + b[rows])
        h = new
        outputs.append(h)
    return np.stack(outputs)
