"""The loop over time: every cell, every kind of call."""

import torch

from course_utils.torch_nn import cells


def unroll(key, p, x, state, *, active=None, resets=None, reverse=False, config=None, **inputs):
    """Run one layer in one direction.

    p, parameters by the spec's names; x (T, B, D); state, tuple of (B, H), the initial one; active
    (T, B) bool, true where a step counts, or None; resets (T, B) bool, true where a new sequence
    begins, which starts from the initial state again, or None; reverse runs from the last step to
    the first; inputs, further (T, B, H) inputs of the step.  Returns y (T, B, H), the last states,
    and every state of the way as a list over time (in the order of x).
    """
    cell = cells.get_cell(key)
    # taken apart at once: the gradient of one from_x[t] has the size of all of them, so that
    # the way back through T of those would cost T²
    from_x = getattr(cell, "project", cells.project)(p, x).unbind()
    inputs = {name: value.unbind() for name, value in inputs.items()}
    keep = None if active is None else active[..., None].unbind()
    fresh = None if resets is None else begins(resets, active, reverse)[..., None].unbind()
    readout = getattr(cell, "readout", None)
    initial, T = state, x.shape[0]
    mixed = bool(T) and from_x[0].dtype != x.dtype  # under autocast
    history = [None] * T
    for t in reversed(range(T)) if reverse else range(T):
        now = {name: value[t] for name, value in inputs.items()}
        if fresh is not None:
            state = _where(fresh[t], initial, state)
        new = cell.step(p, from_x[t], state, **(config or {}), **now)
        if mixed:
            new = tuple(n.to(s.dtype) for n, s in zip(new, state, strict=True))
        history[t] = state = new if keep is None else _where(keep[t], new, state)
    if readout:
        outputs = [readout(p, x_t, s) for x_t, s in zip(x.unbind(), history, strict=True)]
    else:
        outputs = [s[0] for s in history]
    if not outputs:  # the last states are the caller's to write into, the initial ones are not
        state = tuple(s.clone() for s in state)
    y = torch.stack(outputs) if outputs else x.new_zeros(0, x.shape[1], state[0].shape[-1])
    y = y.to(x.dtype)
    return (y if active is None else y.masked_fill(~active[..., None], 0)), state, history


def begins(resets, active, reverse):
    """(T, B) bool: before which steps the state is set back.

    A sequence begins at t; read in reverse, the one before it begins at t - 1.  Beyond the end of a
    row nothing begins, or its last state would be lost.
    """
    resets = resets if active is None else resets & active
    if not reverse:
        return resets
    return torch.cat([resets[1:], torch.zeros_like(resets[:1])])


def _where(condition, first, second):
    return tuple(torch.where(condition, a, b) for a, b in zip(first, second, strict=True))
