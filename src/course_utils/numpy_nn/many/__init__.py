"""Many small nets side by side: every array has a leading axis of nets, K.

    params = many.stack([init_params("lstm", D, H, np.random.default_rng(k)) for k in range(K)])
    y, last, tape = many.unroll("lstm", params, x, workspace=workspace)
    dx, dstate0, grads = many.unroll_backward(tape, dy)
    step = many.Each(Adam(lr=np.geomspace(1e-4, 1e-1, K)))     # a learning rate for each net
    params, state = step.update(params, grads, state)

One net of 16 units leaves most of its time to Python: a step is dozens of calls, each with a few
hundred numbers to work on.  K nets take the same calls, each with K times as many.  No net sees
another: the results are those of K separate runs to rounding, and a net that diverges leaves the
others alone.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.many.kernels import KERNELS
from course_utils.numpy_nn.many.training import (
    Each,
    affine,
    affine_backward,
    clip_norm,
    cross_entropies,
    mses,
)
from course_utils.shapes import ShapeError
from course_utils.specs import get_spec

__all__ = [
    "KEYS",
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

KEYS = tuple(KERNELS)
"""The cells that can stand side by side."""


def stack(nets):
    """A list of K dicts of parameters -> one dict whose arrays have a leading axis K."""
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
    same cell and sizes: copy what must outlast it.
    """

    def __init__(self):
        self._kernels = {}

    def kernel(self, key, sizes, dtype):
        """The kernel of this cell for these sizes (K, T, B, D, H), made at first use."""
        place = (key, sizes, np.dtype(dtype))
        if place not in self._kernels:
            self._kernels[place] = KERNELS[key](*sizes, np.dtype(dtype))
        return self._kernels[place]


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    key: str
    kernel: object
    call: int  # of the kernel's forward passes, which one this is
    params: dict


def unroll(key, params, x, state0=None, workspace=None):
    """Run K nets of one cell along a sequence.

    params as from ``stack``; x (T, B, D) for all nets, or (K, T, B, D) to each its own; state0, the
    states before the first step, each (K, B, H), zero if None; workspace, a ``Workspace`` to
    compute in, or None for fresh arrays.

    Returns y (K, T, B, H), the last states (a NamedTuple, each (K, B, H)) and the tape for
    ``unroll_backward``.  Raises ShapeError, or KeyError for a cell that cannot stand side by side.
    """
    spec, cell = get_spec(key), get_cell(key)
    if spec.key not in KERNELS:
        raise KeyError(f"key: {spec.key!r} has no step for many nets, only {', '.join(KEYS)}")
    K, _, B, _, H = sizes = _sizes(spec, params, x)
    dtype = np.result_type(x, *params.values())
    state = _states("state0", spec, state0, (K, B, H), dtype)
    kernel = (workspace or Workspace()).kernel(spec.key, sizes, dtype)
    kernel.calls += 1
    last = kernel.forward(params, x, state)
    y = kernel.h[1:].transpose(1, 0, 3, 2)
    last = cell.State(*(s.swapaxes(1, 2) for s in last))
    return y, last, Tape(spec.key, kernel, kernel.calls, params)


def unroll_backward(tape, dy, dlast=None):
    """Back-propagation through time for K nets.

    dy (K, T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the
    order of the spec's states, each (K, B, H) or None), zero if None.

    Returns dx (K, T, B, D), also where the nets share x; dstate0 (NamedTuple, each (K, B, H)) and
    grads with the keys of params.  Raises ShapeError, and RuntimeError where the workspace has been
    used again since.
    """
    kernel, params = tape.kernel, tape.params
    spec, cell = get_spec(tape.key), get_cell(tape.key)
    K, T, B, D, H = kernel.sizes
    if tape.call != kernel.calls:
        raise RuntimeError(
            "tape: a later unroll has overwritten its workspace; "
            "go backward before the next unroll, or use one workspace for each"
        )
    if dy.shape != (K, T, B, H):
        raise ShapeError(f"dy: expected shape {(K, T, B, H)} (K, T, B, H), got {dy.shape}")
    dstate = _states("dlast", spec, dlast, (K, B, H), kernel.dtype)
    sums = kernel.backward(params, dy, dstate)
    da_x, da_h = (a.reshape(K, -1, T * B) for a in sums)
    x, h_prev = (
        v.transpose(1, 0, 3, 2).reshape(v.shape[1], T * B, -1)
        for v in (kernel.x[:, 0, :, :D], kernel.h[:T])
    )
    grads = {
        "weight_ih": da_x @ x,
        "weight_hh": da_h @ h_prev,
        "bias_ih": da_x.sum(axis=2),
        "bias_hh": da_h.sum(axis=2),
    }
    dx = (da_x.swapaxes(1, 2) @ params["weight_ih"]).reshape(K, T, B, D)
    dstate0 = cell.State(*(d.swapaxes(1, 2).copy() for d in kernel.first()))
    return dx, dstate0, grads


def _sizes(spec, params, x):
    """K, T, B, D, H; ShapeError and KeyError as from ``spec.check``."""
    if x.ndim not in (3, 4):
        raise ShapeError(f"x: expected axes (T, B, D) or (K, T, B, D), got {x.ndim}: {x.shape}")
    if x.dtype.kind != "f":
        raise TypeError(f"x: expected real floating numbers, got {x.dtype}; use x.astype(float)")
    known = [p for p in spec.params if p.name in params]
    deep = all(params[p.name].ndim == 1 + len(p.axes.split()) for p in known)
    nets = {len(p) for p in params.values()} if deep else ()
    if len(nets) != 1 or (x.ndim == 4 and len(x) not in nets):
        found = {name: p.shape for name, p in params.items()} | {"x": x.shape}
        raise ShapeError(f"params: expected one leading axis K, of nets, got {found}; use stack")
    (K,) = nets
    sizes = spec.check(pick(params, 0), x=(x if x.ndim == 3 else x[0], "T B D"))
    return (K, *(sizes[axis] for axis in "TBDH"))


def _states(name, spec, given, shape, dtype):
    """The spec's states as (K, H, B), zeros where none is given."""
    given = (None,) * len(spec.states) if given is None else given
    if isinstance(given, np.ndarray) or len(given) != len(spec.states):
        raise ShapeError(f"{name}: expected a tuple of {', '.join(spec.states)}, each {shape}")
    states = []
    for field, value in zip(spec.states, given, strict=True):
        value = np.zeros(shape, dtype) if value is None else value
        if value.shape != shape:
            raise ShapeError(f"{name}.{field}: expected {shape} (K, B, H), got {value.shape}")
        states.append(value.swapaxes(1, 2))
    return tuple(states)
