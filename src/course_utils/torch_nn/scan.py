"""The whole sequence at once, where the recurrence is linear: h_t = a_t ⊙ h_{t-1} + b_t.

The file of the same name in ``numpy_nn`` explains; this one goes through autograd.
"""

import torch

from course_utils.specs import get_spec
from course_utils.torch_nn import cells


def scan(key, p, x, state):
    """One layer: p, parameters by the spec's names; x (T, B, D), T >= 1; state, tuple of (B, H).

    Returns y (T, B, H) and the last states.  TypeError for a cell that is not linear along time.
    """
    spec, cell = get_spec(key), cells.get_cell(key)
    h0 = state[0] if len(state) == 1 else torch.complex(*state)
    if hasattr(cell, "log_coefficients"):
        log_a, log_b = cell.log_coefficients(p, x)
        log_product = log_a.cumsum(dim=0)
        h = (log_product + torch.logcumsumexp(log_b - log_product, dim=0)).exp()
        product = log_product.exp()
    elif hasattr(cell, "coefficients"):
        product, h = prefix(*cell.coefficients(p, x))
    else:
        raise TypeError(f"key: {spec.key} is not linear in its past and cannot be scanned")
    h = h + product * h0
    states = (h,) if len(state) == 1 else (h.real, h.imag)
    readout = getattr(cell, "readout", None)
    y = readout(p, x, states) if readout else h
    return y, tuple(s[-1] for s in states)


def prefix(a, b):
    """a, b (T, ...) -> products a_1…a_t and h_t = a_t h_{t-1} + b_t from h_0 = 0, both (T, ...)."""
    a, reach = a.expand_as(b), 1
    while reach < len(b):
        b = torch.cat([b[:reach], b[reach:] + a[reach:] * b[:-reach]])
        a = torch.cat([a[:reach], a[reach:] * a[:-reach]])
        reach *= 2
    return a, b
