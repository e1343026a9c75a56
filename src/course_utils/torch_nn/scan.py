"""The whole sequence at once, where the recurrence is linear: h_t = a_t ⊙ h_{t-1} + b_t.

The file of the same name in ``numpy_nn`` explains the algorithm; here it is one autograd function,
which keeps a and h alone and whose backward is the scan from the other end.
"""

import torch

from course_utils.specs import get_spec
from course_utils.torch_nn import cells, modes


def has_scan(key):
    """Whether the cell is linear along time, and so can be scanned."""
    return hasattr(cells.get_cell(key), "coefficients")


def obstacle(layer, call):
    """Why a scan cannot serve this call of a ``Recurrent``, or None where it can."""
    if not has_scan(layer.key):
        return f"{layer.key} is not linear in its past, a scan needs that"
    if modes.recorded():
        return "a recorded scan would be tied to one number of steps"
    if not modes.concrete(call.x):
        return "a scan needs an input with numbers, in a plain tensor"
    dtype = layer.example().dtype
    if len(layer.spec.states) == 2 and dtype not in (torch.float32, torch.float64):
        return f"{layer.key} is scanned in complex numbers, which {dtype} has not"
    return None


def scan(key, p, x, state):
    """``unroll`` without its history.  Returns y (T, B, H) and the last states."""
    y, last, _ = unroll(key, p, x, state)
    return y, last


def unroll(key, p, x, state, *, active=None, resets=None, reverse=False, config=None):
    """Run one layer in one direction: as ``torch_nn.unroll.unroll``, for cells linear along time.

    p, parameters by the spec's names; x (T, B, D); state, tuple of (B, H), the initial one; active
    (T, B) bool, true where a step counts, or None; resets (T, B) bool, true where a new sequence
    begins, which starts from the initial state again, or None; reverse runs from the last step to
    the first; config, for the signature: these cells have no constants.  Returns y (T, B, H), the
    last states, and None where the loop has every state of the way.  TypeError for a cell that is
    not linear.
    """
    spec, cell = get_spec(key), cells.get_cell(key)
    spec.options(config)
    if not has_scan(key):
        raise TypeError(f"key: {spec.key} is not linear in its past and cannot be scanned")
    if not len(x):
        return x.new_zeros(0, *state[0].shape), tuple(state), None
    if active is not None:
        x = torch.where(active[..., None], x, 0)  # padding may be NaN
    a, b = (part.to(_coefficient_dtype(part, x)) for part in cell.coefficients(p, x))
    h0 = state[0] if len(state) == 1 else torch.complex(*state)
    if active is not None:
        a = torch.where(active[..., None], a, 1)
        b = torch.where(active[..., None], b, 0)
    begins = _begins(x, active, resets, reverse)[..., None]
    b = torch.where(begins, b + a * h0, b)
    a = torch.where(begins, 0, a)
    h = LinearScan.apply(a.flip(0), b.flip(0)).flip(0) if reverse else LinearScan.apply(a, b)
    states = (h,) if len(state) == 1 else (h.real, h.imag)
    readout = getattr(cell, "readout", None)
    y = (readout(p, x, states) if readout else h).to(x.dtype)
    if active is not None:
        y = y.masked_fill(~active[..., None], 0)
    return y, tuple(s[0 if reverse else -1] for s in states), None


def _coefficient_dtype(part, x):
    """The precision of x, real or complex: under autocast a cell may compute in less."""
    return x.dtype.to_complex() if part.is_complex() else x.dtype


def _begins(x, active, resets, reverse):
    """(T, B) bool: where a step starts from the initial state, the first of all among them.

    A sequence begins at t; read in reverse, the one before it begins at t - 1.  Beyond the end of a
    row nothing begins, or its last state would be lost.
    """
    T, B = x.shape[:2]
    first = torch.arange(T, device=x.device) == (T - 1 if reverse else 0)
    first = first[:, None].expand(T, B)
    if resets is None:
        return first
    resets = resets if active is None else resets & active
    if reverse:
        resets = torch.cat([resets[1:], torch.zeros_like(resets[:1])])
    return first | resets


class LinearScan(torch.autograd.Function):
    """a, b (T, ...) of one shape -> h (T, ...), h_t = a_t h_{t-1} + b_t from h_0 = 0.

    Real or complex; may be differentiated again, forward and backward, and mapped over.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(a, b):
        """The values; see the class."""
        return prefix(a, b)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep a and h for both derivatives."""
        ctx.save_for_backward(inputs[0], output)
        ctx.save_for_forward(inputs[0], output)

    @staticmethod
    def backward(ctx, dh):
        """dh_t gathers a*_{t+1} dh_{t+1}: the same recurrence from the last step to the first."""
        a, h = ctx.saved_tensors
        after = torch.cat([a[1:], torch.zeros_like(a[:1])])
        db = LinearScan.apply(after.conj().flip(0), dh.flip(0)).flip(0)
        return db * before(h).conj(), db

    @staticmethod
    def jvp(ctx, a_tangent, b_tangent):
        """Tangents obey the same recurrence, driven by da_t h_{t-1} + db_t."""
        a, h = ctx.saved_tensors
        drive = b_tangent
        if a_tangent is not None:
            pushed = a_tangent * before(h)
            drive = pushed if drive is None else drive + pushed
        return LinearScan.apply(a, drive)


def before(h):
    """h (T, ...) one step later, zero first."""
    return torch.cat([torch.zeros_like(h[:1]), h[:-1]])


def prefix(a, b):
    """The values of ``LinearScan``: pairs of steps joined to one, half as many scanned."""
    if len(b) < 2:
        return b.clone()
    even, odd = slice(0, len(b) - 1, 2), slice(1, None, 2)
    h = torch.empty_like(b)
    h[odd] = prefix(a[odd] * a[even], a[odd] * b[even] + b[odd])
    h[0] = b[0]
    h[2::2] = a[2::2] * h[1:-1:2] + b[2::2]
    return h
