"""The tuned layers: the results of ``numpy_nn.unroll`` to rounding, several times faster.

What makes them fast, in order of gain: one product of the inputs for the whole sequence, before the
loop; feature-major states (H, B), for which the recurrent product is quicker; the ½ of
σ(a) = ½(1 + tanh(a/2)) folded into the weights, so that one tanh serves all gates; every operation
writing into an array that exists; the slopes of the gates for many steps at once; weight gradients
as one product after the loop.  The chapter ``practice/speed`` takes these steps one by one.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.fast.gru import GRU_KEYS, GRUKernel
from course_utils.numpy_nn.fast.lstm import LSTM_KEYS, LSTMKernel
from course_utils.numpy_nn.fast.rnn import RNN_KEYS, RNNKernel
from course_utils.numpy_nn.unroll import Tape as ReadableTape
from course_utils.numpy_nn.unroll import unroll as unroll_readable
from course_utils.numpy_nn.unroll import unroll_backward as unroll_readable_backward
from course_utils.numpy_nn.validation import (
    check,
    cotangent,
    initial_state,
    last_gradient,
    made_by,
)
from course_utils.shapes import ShapeError, expect
from course_utils.specs import get_spec

__all__ = ["KEYS", "Workspace", "unroll", "unroll_backward"]

_KERNELS = {
    **dict.fromkeys(RNN_KEYS, RNNKernel),
    **dict.fromkeys(LSTM_KEYS, LSTMKernel),
    **dict.fromkeys(GRU_KEYS, GRUKernel),
}
KEYS = tuple(_KERNELS)
"""The cells that have a tuned layer."""


class Workspace:
    """Arrays that successive calls share: with one, a repeated step allocates nothing.

    What a call with a workspace returns lives in it, and is overwritten by the next call of the
    same cell and sizes: copy what must outlast it.
    """

    def __init__(self):
        self._kernels, self._sizes = {}, {}

    def sizes(self, spec, params, x):
        """Checked sizes by axis, at once for arrays shaped like those of an earlier call."""
        arrays = {"x": x} | (params if isinstance(params, Mapping) else {"": params})
        shapes = (
            spec.key,
            *((n, type(a), np.shape(a), getattr(a, "dtype", None)) for n, a in arrays.items()),
        )
        if shapes not in self._sizes:
            self._sizes[shapes] = check(spec, params, "f", x=(x, "T B D"))
        return self._sizes[shapes]

    def kernel(self, spec, sizes, dtype):
        """The kernel of this cell for these sizes (T, B, D, H), made at first use."""
        place = (spec.key, sizes, np.dtype(dtype))
        if place not in self._kernels:
            self._kernels[place] = _KERNELS[spec.key](spec, *sizes, dtype)
        return self._kernels[place]

    @property
    def nbytes(self):
        """Bytes held."""
        return sum(kernel.nbytes for kernel in self._kernels.values())


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    kernel: object
    call: int  # of the kernel's forward passes, which one this is
    params: dict
    fresh: bool  # whether results are arrays of their own


def unroll(key, params, x, state0=None, workspace=None, *, lengths=None, resets=None):
    """Run a cell along a sequence: ``numpy_nn.unroll``, tuned.

    params as from ``init_params``; x (T, B, D); state0, the initial state, each (B, H), zero if
    None; workspace, a ``Workspace`` to compute in, or None for fresh arrays; lengths (B,) and
    resets (T, B) as for ``numpy_nn.unroll``, which then runs: the tuned layers know neither.

    Returns y (T, B, H), the last states (a NamedTuple, each (B, H)) and the tape for
    ``unroll_backward``.  Raises KeyError for a cell without a tuned layer, ShapeError and TypeError
    as ``numpy_nn.unroll`` does.
    """
    spec, cell = get_spec(key), get_cell(key)
    if spec.key not in _KERNELS:
        raise KeyError(
            f"key: {spec.key!r} has no tuned layer, only {', '.join(KEYS)}; use numpy_nn.unroll"
        )
    if lengths is not None or resets is not None:
        return unroll_readable(key, params, x, state0, lengths=lengths, resets=resets)
    known = workspace or Workspace()
    T, B, D, H = (known.sizes(spec, params, x)[axis] for axis in "TBDH")
    dtype = np.result_type(x, *params.values())
    state = initial_state(spec, cell, state0, B, H, dtype)
    dtype = state[0].dtype
    if dtype.kind != "f":
        raise TypeError(f"state0: expected real floating numbers, got {dtype}")
    kernel = known.kernel(spec, (T, B, D, H), dtype)
    kernel.calls += 1
    y, last = kernel.forward(params, x, state)
    if workspace is None:  # what the caller does to y must not reach the backward pass
        y, last = y.copy(), tuple(s.copy() for s in last)
    return y, cell.State(*last), Tape(kernel, kernel.calls, params, workspace is None)


def unroll_backward(tape, dy, dlast=None, workspace=None):
    """Back-propagation through time: ``numpy_nn.unroll_backward``, tuned.

    dy (T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the order
    of the spec's states, each (B, H) or None), zero if None; workspace, as given to ``unroll`` (the
    tape knows it; accepted so that both calls read alike).

    Returns dx (T, B, D), dstate0 (NamedTuple, each (B, H)) and grads with the keys of params.
    Raises ShapeError, and RuntimeError where the workspace has been used again since.
    """
    if isinstance(tape, ReadableTape):
        return unroll_readable_backward(tape, dy, dlast)
    made_by(tape, Tape, "numpy_nn.fast.unroll")
    kernel = tape.kernel
    spec, cell = kernel.spec, get_cell(kernel.spec.key)
    if tape.call != kernel.calls:
        raise RuntimeError(
            "tape: a later unroll has overwritten its workspace; "
            "go backward before the next unroll, or use one workspace for each"
        )
    if workspace is not None and kernel not in workspace._kernels.values():
        raise ValueError("workspace: not the one that this tape was made in; leave it out")
    T, B, H = kernel.T, kernel.B, kernel.H
    if expect(dy=(dy, "T B H")) != {"T": T, "B": B, "H": H}:
        raise ShapeError(f"dy: expected shape {(T, B, H)} (T, B, H), got {dy.shape}")
    dy = cotangent("dy", dy, kernel.dtype)
    dstate = last_gradient(spec, cell, dlast, B, H, kernel.dtype)
    dx, dstate0, grads = kernel.backward(tape.params, dy, dstate)
    if tape.fresh:
        dx, dstate0 = dx.copy(), tuple(d.copy() for d in dstate0)
        grads = {name: g.copy() for name, g in grads.items()}
    return dx, cell.State(*dstate0), grads
