"""The whole sequence at once, where the recurrence is linear: h_t = a_t ⊙ h_{t-1} + b_t.

Scan from zero, then add (a_1 ⊙ … ⊙ a_t) ⊙ h_0: so a start of any sign is right, also in log space.
A cell takes part by a function ``coefficients(params, x) -> a, b``, or, where everything is
positive, ``log_coefficients``.  The scan is Blelloch's (1990) in Hillis & Steele's form: ⌈log₂ T⌉
passes over the sequence instead of T steps.
"""

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.unroll import initial_state
from course_utils.specs import get_spec


def scan(key, params, x, state0=None):
    """As ``unroll``, without a tape: x (T, B, D) -> y (T, B, H), last states.

    The same function as the loop, by another algorithm.  TypeError for a cell that is not linear
    along time.
    """
    spec, cell = get_spec(key), get_cell(key)
    if not has_scan(key):
        raise TypeError(f"key: {spec.key} is not linear in its past and cannot be scanned")
    sizes = spec.check(params, x=(x, "T B D"))
    dtype = np.result_type(x, *params.values())
    state = initial_state(spec, cell, state0, sizes["B"], sizes["H"], dtype)
    if not len(x):
        return np.zeros((0, sizes["B"], sizes["H"]), dtype), state
    h0 = state[0] if len(state) == 1 else state[0] + 1j * state[1]
    if hasattr(cell, "log_coefficients"):
        log_a, log_b = cell.log_coefficients(params, x)
        log_product = np.cumsum(log_a, axis=0)
        h = np.exp(log_product + np.logaddexp.accumulate(log_b - log_product, axis=0))
        product = np.exp(log_product)
    else:
        product, h = prefix(*cell.coefficients(params, x))
    h = h + product * h0
    states = (h,) if len(state) == 1 else (h.real, h.imag)
    readout = getattr(cell, "readout", None)
    y = readout(params, x, cell.State(*states))[0] if readout else h
    return y, cell.State(*(s[-1] for s in states))


def has_scan(key):
    """Whether the cell says how to scan it."""
    cell = get_cell(key)
    return hasattr(cell, "coefficients") or hasattr(cell, "log_coefficients")


def prefix(a, b):
    """a, b (T, ...) -> products a_1…a_t and h_t = a_t h_{t-1} + b_t from h_0 = 0, both (T, ...)."""
    a, b = np.broadcast_to(a, b.shape).copy(), b.copy()
    reach = 1
    while reach < len(b):
        b[reach:] = b[reach:] + a[reach:] * b[:-reach]
        a[reach:] = a[reach:] * a[:-reach]
        reach *= 2
    return a, b
