"""Backward passes through time that stop early.

All start from the tape of one full ``unroll``: the state is carried along the whole sequence, only
the credit is cut.  Returns are those of ``unroll_backward``.
"""

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.unroll import Tape, backward
from course_utils.numpy_nn.validation import cotangent, made_by, probability
from course_utils.shapes import ShapeError, generator, positive_integer


def truncated_backward(tape, dy, every):
    """Back-propagation in chunks of ``every`` steps; no gradient crosses from chunk to chunk.

    dy (T, B, H).  A loss at the start of a chunk reaches no earlier step, one at its end reaches
    every - 1: what a training loop does that detaches the state between chunks.
    """
    every = positive_integer(every=every)
    return _cut_backward(tape, dy, dict.fromkeys(range(0, len(dy), every), 0.0))


def randomly_truncated_backward(tape, dy, stop, rng):
    """Stop at each step back with probability ``stop``, else scale up by 1 / (1 - stop).

    dy (T, B, H); one draw per step for the whole batch.  The expectation over rng is the full
    gradient; its variance is what one pays.  Tallec & Ollivier 2017, with a constant probability.
    """
    stop = probability("stop", stop)
    generator(rng)
    scale = np.where(rng.random(len(dy)) < stop, 0.0, 1 / (1 - stop))
    return _cut_backward(tape, dy, dict(enumerate(scale.tolist())))


def _cut_backward(tape, dy, scales):
    """Back-propagation in which the gradient that leaves step t backwards is times scales[t].

    What reaches the initial state, through the first step or a reset, is never scaled.
    """
    made_by(tape, Tape, "numpy_nn.unroll")
    T = tape.shape[0]
    if len(dy) != T:
        raise ShapeError(f"dy: axis T should be {T} (T={T} from x), got {len(dy)}")
    bounds = sorted({0, *scales})
    dlast, dinitial, parts = None, None, []
    for start, stop in reversed(list(zip(bounds, [*bounds[1:], T], strict=True))):
        part = _part(tape, start, stop)
        dx, dlast, dreset, grads = backward(part, dy[start:stop], dlast)
        parts.append((dx, grads))
        if dreset is not None:
            dinitial = _plus(dreset, dinitial) if dinitial else dreset
        if start:
            dlast = type(dlast)(*(scales[start] * d for d in dlast))
    parts.reverse()
    dx = np.concatenate([dx for dx, _ in parts])
    grads = {
        name: sum(g[name] for _, g in parts)
        if name in tape.params
        else np.concatenate([g[name] for _, g in parts])
        for name in parts[0][1]
    }
    return dx, _plus(dlast, dinitial) if dinitial else dlast, grads


def _plus(a, b):
    return type(a)(*(x + y for x, y in zip(a, b, strict=True)))


def _part(tape, start, stop):
    """The tape of the steps from start to stop."""
    cut = slice(start, stop)
    return tape._replace(
        caches=tape.caches[cut],
        states=tape.states[cut],
        readouts=tape.readouts[cut],
        mask=None if tape.mask is None else tape.mask[cut],
        resets=None if tape.resets is None else tape.resets[cut],
        shape=(stop - start, *tape.shape[1:]),
    )


def cell_state_only_backward(tape, dy):
    """Gradients of an LSTM's parameters with the error cut wherever it would flow back through h.

    Only the cell state carries error from step to step.  tape of ``unroll("lstm", …)``, dy
    (T, B, H) -> grads with the names of its parameters.  Hochreiter & Schmidhuber 1997, appendix
    A.1, whose gradient this is for a cell with a forget gate.
    """
    made_by(tape, Tape, "numpy_nn.unroll")
    if tape.key != "lstm" or tape.mask is not None or tape.resets is not None:
        raise ValueError("tape: expected one of unroll('lstm', …) without lengths and resets")
    cell, dy = get_cell("lstm"), cotangent("dy", dy, tape.dtype)
    wanted = (*tape.shape[:2], tape.params["weight_hh"].shape[1])
    if dy.shape != wanted:
        raise ShapeError(f"dy: expected shape {wanted} (T, B, H), got {dy.shape}")
    dc = np.zeros_like(tape.caches[0].c_prev) if tape.caches else None
    grads = {name: np.zeros_like(p) for name, p in tape.params.items()}
    for dh, cache in zip(dy[::-1], reversed(tape.caches), strict=True):  # dh: the loss's alone
        _, (_, dc), new = cell.step_backward(tape.params, cache, cell.State(dh, dc))
        grads = {name: g + new[name] for name, g in grads.items()}
    return grads
