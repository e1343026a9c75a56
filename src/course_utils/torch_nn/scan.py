"""The whole sequence at once, where the recurrence is linear: h_t = a_t ⊙ h_{t-1} + b_t.

The file of the same name in ``numpy_nn`` explains the algorithm; here it is one autograd function,
which keeps a and h alone and whose backward is the scan from the other end.  Its values come from
``prefix``, or on a GPU from ``scan_kernels``, which moves each number once.
"""

from collections.abc import Mapping

import torch

from course_utils.shapes import expect
from course_utils.specs import get_spec
from course_utils.torch_nn import cells, modes, scan_kernels, validation


def has_scan(key):
    """Whether the cell is linear along time, and so can be scanned."""
    return hasattr(cells.get_cell(key), "coefficients")


def _linear(spec):
    """Refuse a cell that has no scan."""
    if not has_scan(spec.key):
        raise TypeError(f"key: {spec.key} is not linear in its past and cannot be scanned")


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
    """``unroll`` without its history.  Returns y (T, B, H) and the last states.

    Raises ShapeError, TypeError or KeyError by name.
    """
    spec, state = get_spec(key), (state,) if isinstance(state, torch.Tensor) else state
    _linear(spec)
    if not isinstance(p, Mapping):
        raise TypeError(f"p: expected a dict of tensors, got {type(p).__name__}")
    if not isinstance(state, tuple | list) or len(state) != len(spec.states):
        raise TypeError(
            f"state: expected a tuple of tensors ({', '.join(spec.states)}), as from "
            f"initial_state, got {type(state).__name__}"
        )
    states = {f"state.{n}": s for n, s in zip(spec.states, state, strict=True)}
    validation.check_tensors(x, **{f"p[{n!r}]": w for n, w in p.items()}, **states)
    axes = {q.name: q.axes for q in spec.params}
    known = {name: (w, axes[name]) for name, w in p.items() if name in axes}
    expect(**known, x=(x, "T B D"), **{n: (s, "B H") for n, s in states.items()})
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
    _linear(spec)
    if not len(x):
        return x.new_zeros(0, *state[0].shape), tuple(s.clone() for s in state), None
    if active is not None:
        x = torch.where(active[..., None], x, 0)  # padding may be NaN
    a, b = (part.to(_coefficient_dtype(part, x)) for part in cell.coefficients(p, x))
    h0 = state[0] if len(state) == 1 else torch.complex(*state)
    if active is not None:
        a = torch.where(active[..., None], a, 1)
        b = torch.where(active[..., None], b, 0)
    if resets is not None:
        begins = _begins(resets, active, reverse)[..., None]
        b = torch.where(begins, b + a * h0, b)
        a = torch.where(begins, 0, a)
    dtype = torch.promote_types(b.dtype, h0.dtype)  # a state may be wider than x under autocast
    h = LinearScan.apply(a.to(dtype).expand_as(b), b.to(dtype), h0.to(dtype), reverse)
    states = (h,) if len(state) == 1 else (h.real, h.imag)
    readout = getattr(cell, "readout", None)
    y = (readout(p, x, states) if readout else h).to(x.dtype)
    if active is not None:
        y = y.masked_fill(~active[..., None], 0)
    ends = (s[0 if reverse else -1] for s in states)
    return y, tuple(end.clone() for end in ends), None  # written into, y stays as it is


def _coefficient_dtype(part, x):
    """The precision of x, real or complex: under autocast a cell may compute in less."""
    return x.dtype.to_complex() if part.is_complex() else x.dtype


def _begins(resets, active, reverse):
    """(T, B) bool: where a step starts from the initial state, though it is not the first.

    A sequence begins at t; read in reverse, the one before it begins at t - 1.  Beyond the end of a
    row nothing begins, or its last state would be lost.
    """
    resets = resets if active is None else resets & active
    if reverse:
        return torch.cat([resets[1:], torch.zeros_like(resets[:1])])
    return resets


class LinearScan(torch.autograd.Function):
    """a, b (T, ...) of one shape -> h (T, ...), h_t = a_t h_{t-1} + b_t from h_0 = 0.

    As ``LinearScan.apply(a, b, h0, reverse)`` from h0 (...), and from the last step to the first
    where reverse is true.  Real or complex; may be differentiated again, forward and backward, and
    mapped over.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(a, b, h0=None, reverse=False):
        """The values; see the class."""
        if scan_kernels.serves(a, b, h0):
            return scan_kernels.forward(a, b, h0, reverse=reverse)
        if h0 is not None:
            first = -1 if reverse else 0
            begun = (a[first] * h0 + b[first])[None]
            b = torch.cat([b[:-1], begun] if reverse else [begun, b[1:]])
        return prefix(a.flip(0), b.flip(0)).flip(0) if reverse else prefix(a, b)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep a, h and h0 for both derivatives."""
        a, _, h0, ctx.reverse = (*inputs, None, False)[:4]
        ctx.given = len(inputs)
        ctx.save_for_backward(a, output, h0)
        ctx.save_for_forward(a, output, h0)

    @staticmethod
    def backward(ctx, dh):
        """dh_t gathers a*_{t+1} dh_{t+1}: the same recurrence from the last step to the first."""
        (a, h, h0), reverse = ctx.saved_tensors, ctx.reverse
        if not torch.is_grad_enabled() and scan_kernels.serves(a, dh, h, h0):
            da, db = scan_kernels.backward(a, dh, h, h0, reverse=reverse)
        else:
            after = before(a, not reverse).conj()
            db = LinearScan.apply(after, dh, None, not reverse)
            da = db * before(h, reverse, h0).conj()
        first = -1 if reverse else 0
        dh0 = None if h0 is None else a[first].conj() * db[first]
        return (da, db, dh0, None)[: ctx.given]

    @staticmethod
    def jvp(ctx, a_tangent, b_tangent, h0_tangent=None, _=None):
        """Tangents obey the same recurrence, driven by da_t h_{t-1} + db_t."""
        (a, h, h0), reverse = ctx.saved_tensors, ctx.reverse
        drive = torch.zeros_like(h) if b_tangent is None else b_tangent
        if a_tangent is not None:
            drive = drive + a_tangent * before(h, reverse, h0)
        return LinearScan.apply(a, drive, h0_tangent, reverse)


def before(h, reverse=False, h0=None):
    """h (T, ...) one step later, h0 (...) or zero first; from the other end in reverse."""
    first = torch.zeros_like(h[:1]) if h0 is None else h0[None]
    return torch.cat([h[1:], first] if reverse else [first, h[:-1]])


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
