"""Many small nets side by side: every array has a leading axis of nets, K.

    params = many.stack([init_params("lstm", D, H, np.random.default_rng(k)) for k in range(K)])
    y, last, tape = many.unroll("lstm", params, x, workspace=workspace)
    dx, dstate0, grads = many.unroll_backward(tape, dy)
    step = many.Each(Adam(lr=np.geomspace(1e-4, 1e-1, K)))     # a learning rate for each net
    params, state = step.update(params, grads, state)

One net of 16 units leaves most of its time to Python: a step is dozens of calls, each with a few
hundred numbers to work on.  K nets take the same calls, each with K times as many.  No net sees
another: the results are those of K separate runs to rounding, and a net that diverges leaves the
others alone.  Any cell will do: those in ``TUNED`` have a step of their own, the others, a new one
among them, run their readable step on arrays with one more axis.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.many.kernels import GRU, RNN, ReluRNN
from course_utils.numpy_nn.many.lstm import LSTM, LSTM_KEYS
from course_utils.numpy_nn.many.readable import Readable
from course_utils.numpy_nn.many.training import (
    Each,
    affine,
    affine_backward,
    clip_norm,
    cross_entropies,
    mses,
)
from course_utils.numpy_nn.validation import (
    beginnings,
    check,
    cotangent,
    floating,
    further_inputs,
    initial_state,
    last_gradient,
    made_by,
    running,
)
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS, get_spec

__all__ = [
    "KEYS",
    "TUNED",
    "Each",
    "Workspace",
    "affine",
    "affine_backward",
    "clip_norm",
    "cross_entropies",
    "mses",
    "pick",
    "stack",
    "unroll",
    "unroll_backward",
]

_KERNELS = {"rnn": RNN, "rnn_relu": ReluRNN, "gru": GRU, **dict.fromkeys(LSTM_KEYS, LSTM)}
KEYS = tuple(SPECS)
"""The cells that can stand side by side: all of them."""

TUNED = tuple(_KERNELS)
"""Those among them with a step of their own, in place; the others take the readable one."""


def stack(nets):
    """A list of K dicts of parameters -> one dict whose arrays have a leading axis K."""
    if not isinstance(nets, (list, tuple)) or not all(isinstance(net, Mapping) for net in nets):
        raise TypeError("nets: expected a list with a dict of parameters for each net")
    if not nets or any(set(net) != set(nets[0]) for net in nets):
        raise KeyError("nets: expected dicts of parameters with the same names, at least one")
    return {name: np.stack([net[name] for net in nets]) for name in nets[0]}


def pick(params, k):
    """The parameters of net k, or, for a list of numbers or a mask, of several nets."""
    return {name: p[k] for name, p in params.items()}


class Workspace:
    """Arrays that successive calls share, as in ``numpy_nn.fast``: fresh ones cost more than they
    seem, since the system hands out memory page by page.

    What a call with a workspace returns lives in it, and is overwritten by the next call of the
    same cell and sizes: copy what must outlast it.  For a cell that is not ``TUNED`` every call
    takes fresh arrays, with a workspace or without.
    """

    def __init__(self):
        self._kernels = {}

    def kernel(self, key, sizes, dtype):
        """The kernel of this cell for these sizes (K, T, B, D, H), made at first use."""
        place = (key, sizes, np.dtype(dtype))
        if place not in self._kernels:
            self._kernels[place] = _KERNELS[key](get_spec(key), *sizes, np.dtype(dtype))
        return self._kernels[place]


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    key: str
    kernel: object
    call: int  # of the kernel's forward passes, which one this is
    params: dict


def unroll(
    key,
    params,
    x,
    state0=None,
    workspace=None,
    *,
    lengths=None,
    resets=None,
    config=None,
    **inputs,
):
    """Run K nets of one cell along a sequence.

    params as from ``stack``; x (T, B, D) for all nets, or (K, T, B, D) to each its own; state0, the
    initial state, each (K, B, H), the cell's own if None; workspace, a ``Workspace`` to compute in,
    or None for fresh arrays; lengths (B,) and resets (T, B) as for ``numpy_nn.unroll``, the same
    for all nets (with either, every cell runs its readable step); config overrides the spec's
    constants; inputs, what else a step reads, each (K, T, B, H).

    Returns y (K, T, B, H), the last states (a NamedTuple, each (K, B, H)) and the tape for
    ``unroll_backward``.  Raises ShapeError, TypeError, ValueError or KeyError by name.
    """
    spec, cell = get_spec(key), get_cell(key)
    K, T, B, _, H = sizes = _sizes(spec, params, x)
    dtype = np.result_type(x, *params.values())
    state = initial_state(spec, cell, state0, B, H, dtype, nets=K)
    dtype = state[0].dtype
    options = spec.options(config)
    inputs = further_inputs(spec, inputs, {"K": K, "T": T, "B": B, "H": H}, dtype)
    mask, resets = running(lengths, T, B), beginnings(resets, T, B)
    if spec.key not in _KERNELS or mask is not None or resets is not None:
        kernel = Readable(spec.key, sizes, dtype, options, inputs, mask, resets)
        y, last = kernel.forward(params, x, state)
    else:
        kernel = (workspace or Workspace()).kernel(spec.key, sizes, dtype)
        kernel.calls += 1
        y, last = kernel.forward(params, x, state)
        if workspace is None:  # what the caller does to y must not reach the backward pass
            y, last = y.copy(), tuple(s.copy() for s in last)
    return y, cell.State(*last), Tape(spec.key, kernel, kernel.calls, params)


def unroll_backward(tape, dy, dlast=None):
    """Back-propagation through time for K nets.

    dy (K, T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the
    order of the spec's states, each (K, B, H) or None), zero if None.

    Returns dx (K, T, B, D), also where the nets share x; dstate0 (NamedTuple, each (K, B, H)) and
    grads with the keys of params, and with each further input of ``unroll`` by its name.  Raises
    ShapeError, and RuntimeError where the workspace has been used again since.
    """
    made_by(tape, Tape, "many.unroll")
    kernel, spec, cell = tape.kernel, get_spec(tape.key), get_cell(tape.key)
    K, T, B, _, H = kernel.sizes
    if tape.call != kernel.calls:
        raise RuntimeError(
            "tape: a later unroll has overwritten its workspace; "
            "go backward before the next unroll, or use one workspace for each"
        )
    dy = cotangent("dy", dy, kernel.dtype)
    if dy.shape != (K, T, B, H):
        raise ShapeError(f"dy: expected shape {(K, T, B, H)} (K, T, B, H), got {dy.shape}")
    dstate = last_gradient(spec, cell, dlast, B, H, kernel.dtype, nets=K)
    dx, dstate0, grads = kernel.backward(tape.params, dy, dstate)
    return dx, cell.State(*dstate0), grads


def _sizes(spec, params, x):
    """K, T, B, D, H; ShapeError, TypeError and KeyError as from ``validation.check``."""
    floating("f", x=x)
    if x.ndim not in (3, 4):
        raise ShapeError(f"x: expected axes (T, B, D) or (K, T, B, D), got {x.ndim}: {x.shape}")
    if not isinstance(params, Mapping):
        raise TypeError(f"params: expected a dict from stack, got {type(params).__name__}")
    known = [p for p in spec.params if p.name in params]
    deep = all(np.ndim(params[p.name]) == 1 + len(p.axes.split()) for p in known)
    nets = {len(p) for p in params.values()} if deep and known else ()
    if len(nets) != 1 or (x.ndim == 4 and len(x) not in nets):
        shapes = {name: np.shape(p) for name, p in params.items()} | {"x": x.shape}
        raise ShapeError(f"params: expected one leading axis K, of nets, got {shapes}; use stack")
    (K,) = nets
    if not K:
        raise ShapeError("params: expected at least one net, got K=0; use stack")
    sizes = check(spec, pick(params, 0), "f", x=(x if x.ndim == 3 else x[0], "T B D"))
    return (K, *(sizes[axis] for axis in "TBDH"))
