"""Ways back through time that stop early.

All start from the tape of one full ``unroll``: the state is carried along the whole sequence, only
the credit is cut.  Returns are those of ``unroll_backward``.
"""

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.unroll import unroll_backward


def truncated_backward(tape, dy, every):
    """Back-propagation in chunks of ``every`` steps; no gradient crosses from chunk to chunk.

    dy (T, B, H).  A loss at the start of a chunk reaches no earlier step, one at its end reaches
    every - 1: what a training loop does that detaches the state between chunks.
    """
    T = len(dy)
    if int(every) != every or every < 1:
        raise ValueError(f"every: expected a positive number of steps, got {every!r}")
    cuts = list(range(0, T, every))
    return _cut_backward(tape, dy, dict.fromkeys(cuts, 0.0))


def randomly_truncated_backward(tape, dy, stop, rng):
    """Stop at each step back with probability ``stop``, else scale up by 1 / (1 - stop).

    dy (T, B, H); one draw per step for the whole batch.  The expectation over rng is the full
    gradient; its variance is what one pays.  Tallec & Ollivier 2017, with a constant probability.
    """
    if not 0 <= stop < 1:
        raise ValueError(f"stop: expected a probability below 1, got {stop!r}")
    scale = np.where(rng.random(len(dy)) < stop, 0.0, 1 / (1 - stop))
    return _cut_backward(tape, dy, dict(enumerate(scale)))


def _cut_backward(tape, dy, scales):
    """Back-propagation in which the gradient that leaves step t backwards is times scales[t]."""
    T = len(dy)
    bounds = sorted({0, *scales})
    dlast, parts = None, []
    for start, stop in reversed(list(zip(bounds, [*bounds[1:], T], strict=True))):
        dx, dlast, grads = unroll_backward(_part(tape, start, stop), dy[start:stop], dlast)
        parts.append((dx, grads))
        if start:  # the gradient of state0 itself is never scaled
            dlast = type(dlast)(*(d * scales[start] for d in dlast))
    parts.reverse()
    dx = np.concatenate([dx for dx, _ in parts])
    grads = {
        name: sum(g[name] for _, g in parts)
        if name in tape.params
        else np.concatenate([g[name] for _, g in parts])
        for name in parts[0][1]
    }
    return dx, dlast, grads


def _part(tape, start, stop):
    """The tape of the steps from start to stop."""
    return tape._replace(
        caches=tape.caches[start:stop],
        states=tape.states[start:stop],
        readouts=tape.readouts[start:stop],
        mask=None if tape.mask is None else tape.mask[start:stop],
        shape=(stop - start, *tape.shape[1:]),
    )


def cell_state_only_backward(tape, dy):
    """Gradients of an LSTM's parameters with the error cut wherever it would flow back through h.

    Only the cell state carries error from step to step.  tape of ``unroll("lstm", …)``, dy
    (T, B, H) -> grads with the names of its parameters.  Hochreiter & Schmidhuber 1997, appendix
    A.1, whose gradient this is for a cell with a forget gate.
    """
    cell = get_cell("lstm")
    dc = np.zeros_like(tape.caches[0].c_prev) if tape.caches else None
    grads = {name: np.zeros_like(p) for name, p in tape.params.items()}
    for dh, cache in zip(dy[::-1], reversed(tape.caches), strict=True):  # dh: the loss's alone
        _, (_, dc), new = cell.step_backward(tape.params, cache, cell.State(dh, dc))
        grads = {name: g + new[name] for name, g in grads.items()}
    return grads
