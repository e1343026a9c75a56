"""The loop over time for cells that PyTorch has no kernel for."""

import torch

from course_utils.torch_nn import cells


def unroll(key, p, x, state, *, active=None, reverse=False, config=None, **inputs):
    """Run one layer in one direction.

    p, parameters by the spec's names; x (T, B, D); state, tuple of (B, H); active (T, B) bool, true
    where a step counts, or None; reverse runs from the last step to the first; inputs, further
    (T, B, H) inputs of the step.  Returns y (T, B, H), the last states, and every state of the way
    as a list over time (in the order of x).
    """
    cell = cells.get_cell(key)
    # taken apart at once: the gradient of one from_x[t] has the size of all of them, so that
    # the way back through T of those would cost T²
    from_x = getattr(cell, "project", cells.project)(p, x).unbind()
    inputs = {name: value.unbind() for name, value in inputs.items()}
    readout = getattr(cell, "readout", None)
    T = x.shape[0]
    history = [None] * T
    for t in reversed(range(T)) if reverse else range(T):
        now = {name: value[t] for name, value in inputs.items()}
        new = cell.step(p, from_x[t], state, **(config or {}), **now)
        if active is not None:
            keep = active[t][:, None]
            new = tuple(torch.where(keep, n, o) for n, o in zip(new, state, strict=True))
        history[t] = state = new
    if readout:
        outputs = [readout(p, x_t, s) for x_t, s in zip(x.unbind(), history, strict=True)]
    else:
        outputs = [s[0] for s in history]
    y = torch.stack(outputs) if outputs else x.new_zeros(0, x.shape[1], state[0].shape[-1])
    return (y if active is None else y * active[..., None]), state, history
