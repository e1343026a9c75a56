"""A recurrent cell that looks before each step: Bahdanau's decoder.

What the last state attends to is read beside the input: c_t from the scores of h_{t-1}, then
h_t = cell(h_{t-1}, [x_t; c_t]).  Every step needs the one before, so here the loop returns.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.attention.attend import attend, attend_backward
from course_utils.numpy_nn.attention.masks import check_mask
from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.validation import (
    check,
    cotangent,
    initial_state,
    last_gradient,
    made_by,
)
from course_utils.shapes import ShapeError, expect
from course_utils.specs import get_spec


class AttentiveTape(NamedTuple):
    """What ``attentive_backward`` needs: made by ``attentive``."""

    key: str
    params: dict
    score: dict
    caches: list
    attention: list
    shapes: tuple  # of x and memory
    dtype: np.dtype


def attentive(key, params, kind, score, x, memory, state0=None, mask=None):
    """Run a cell along x (T, B, D) that attends to memory (S, B, M) before every step.

    params, those of the cell for inputs of D + M; kind and score, name and parameters of the
    attention's score, whose query is the cell's first state; state0 as for ``unroll``; mask as for
    ``attend``.  Bahdanau et al. 2015, appendix A.1.2 and A.2.2 (there a GRU).

    Returns states (T, B, H), contexts (T, B, M), weights (T, B, S), the last states (a NamedTuple)
    and a tape.  TypeError for a cell that reads further inputs or whose output is no state.
    """
    spec, cell = get_spec(key), get_cell(key)
    if spec.inputs or hasattr(cell, "readout"):
        raise TypeError(f"key: {spec.key} reads or gives more than x and its state; take another")
    sizes = expect(x=(x, "T B D"), memory=(memory, "S B M"))
    T, B, D, S, M = (sizes[axis] for axis in "TBDSM")
    cell_sizes = check(spec, params)
    if cell_sizes["D"] != D + M:
        raise ShapeError(
            f"params: the cell should read D + M = {D + M} (D={D} from x, M={M} from memory), "
            f"got {cell_sizes['D']}"
        )
    H = cell_sizes["H"]
    dtype = np.result_type(x, memory, *params.values())
    state = initial_state(spec, cell, state0, B, H, dtype)
    mask = check_mask(mask, T, B, S)
    tape = AttentiveTape(spec.key, params, score, [], [], (x.shape, memory.shape), dtype)
    states = np.zeros((T, B, H), dtype)
    contexts, weights = np.zeros((T, B, M), dtype), np.zeros((T, B, S), dtype)
    for t in range(T):
        query = state[0][None]  # (1, B, H)
        context, weight, seen = attend(kind, score, query, memory, mask=mask[t : t + 1])
        both = np.concatenate([x[t], context[0]], axis=-1)
        state, cache = cell.step(params, both, state, **spec.options())
        states[t], contexts[t], weights[t] = state[0], context[0], weight[0]
        tape.caches.append(cache)
        tape.attention.append(seen)
    return states, contexts, weights, state, tape


def attentive_backward(tape, dstates, dcontexts, dlast=None):
    """dstates (T, B, H), dcontexts (T, B, M), dlast like the last states or None.

    Returns dx (T, B, D), dmemory (S, B, M), dstate0 (NamedTuple), the gradients of the cell's
    parameters and those of the score's.
    """
    made_by(tape, AttentiveTape, "attentive")
    spec, cell = get_spec(tape.key), get_cell(tape.key)
    (T, B, D), memory = tape.shapes
    H = spec.check(tape.params)["H"]
    dstates = cotangent("dstates", dstates, tape.dtype, (T, B, H))
    dcontexts = cotangent("dcontexts", dcontexts, tape.dtype, (T, B, memory[-1]))
    dstate = last_gradient(spec, cell, dlast, B, H, tape.dtype)
    dx, dmemory = np.zeros((T, B, D), tape.dtype), np.zeros(memory, tape.dtype)
    grads = {name: np.zeros(p.shape, tape.dtype) for name, p in tape.params.items()}
    dscore = {name: np.zeros(p.shape, tape.dtype) for name, p in tape.score.items()}
    for t in reversed(range(T)):
        dstate = dstate._replace(**{spec.states[0]: dstate[0] + dstates[t]})
        dboth, dprev, from_cell = cell.step_backward(tape.params, tape.caches[t], dstate)
        dx[t] = dboth[:, :D]  # both = [x; context]
        dcontext = dboth[:, D:] + dcontexts[t]
        dquery, dkeys, _, from_score = attend_backward(tape.attention[t], dcontext[None])
        dstate = dprev._replace(**{spec.states[0]: dprev[0] + dquery[0]})
        dmemory += dkeys
        for total, new in ((grads, from_cell), (dscore, from_score)):
            for name, g in new.items():
                total[name] += g
    return dx, dmemory, dstate, grads, dscore
