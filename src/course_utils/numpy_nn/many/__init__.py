"""Many small nets side by side: every array has a leading axis of nets, K.

    params = many.stack([init_params("lstm", D, H, np.random.default_rng(k)) for k in range(K)])
    y, last, tape = many.unroll("lstm", params, x, workspace=workspace)
    dx, dstate0, grads = many.unroll_backward(tape, dy)
    step = many.Each(Adam(lr=np.geomspace(1e-4, 1e-1, K)))     # a learning rate for each net
    params, state = step.update(params, grads, state)

One net of 16 units leaves most of its time to Python: a step is dozens of calls, each with a few
hundred numbers to work on.  Code compiled from the equations takes all nets, and all steps, in one
call, as ``numpy_nn.fast`` does for one net.  No net sees another: the results are those of K
separate runs to rounding, and a net that diverges leaves the others alone.  Any cell will do.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course_utils.compiled import Tape, Workspace, layer
from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.fast import compilable
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
    by_name,
    check,
    cotangent,
    floating,
    further_inputs,
    initial_state,
    last_gradient,
    made_by,
    numpy_array,
    running,
)
from course_utils.shapes import ShapeError
from course_utils.specs import get_spec

__all__ = [
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


def stack(nets):
    """A list of K dicts of parameters -> one dict whose arrays have a leading axis K."""
    if not isinstance(nets, (list, tuple)) or not all(isinstance(net, Mapping) for net in nets):
        raise TypeError("nets: expected a list with a dict of parameters for each net")
    if not nets or any(set(net) != set(nets[0]) for net in nets):
        raise KeyError("nets: expected dicts of parameters with the same names, at least one")
    for name in nets[0]:
        floating("f", **{f"nets[0][{name!r}]": nets[0][name]})
        for k, net in enumerate(nets):
            _same_size(name, k, net[name], nets[0][name])
    return {name: np.stack([net[name] for net in nets]) for name in nets[0]}


def pick(params, k):
    """The parameters of net k, or, for a list of numbers or a mask, of several nets."""
    by_name("params", params)
    try:
        if k is None:
            raise IndexError("None is NumPy's new axis")
        return {name: p[k] for name, p in params.items()}
    except (IndexError, ValueError) as error:
        K = len(next(iter(params.values())))
        raise IndexError(
            f"k: expected one of {K} nets, 0 to {K - 1}, a list of them or a mask ({K},), got {k!r}"
        ) from error


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
    for all nets; config overrides the spec's
    constants; inputs, what else a step reads, each (K, T, B, H).

    Returns y (K, T, B, H), the last states (a NamedTuple, each (K, B, H)) and the tape for
    ``unroll_backward``.  Raises ShapeError, TypeError, ValueError or KeyError by name, and
    ImportError with the remedy where Numba or SciPy is missing.
    """
    plain = state0 is lengths is resets is config is None and not inputs
    if Workspace.checked(workspace) is not None and plain and isinstance(params, Mapping):
        run = workspace.known(prepared, key, params, x)
    else:
        run = prepared(key, params, x, state0, config, inputs)
    spec, T, B = get_spec(key), run.sizes["T"], run.sizes["B"]
    y, last, tape = layer.forward(
        spec, params, x if x.ndim == 4 else x[None], run.state0, run.sizes, run.dtype, workspace,
        running(lengths, T, B), beginnings(resets, T, B), run.options, run.inputs,
    )  # fmt: skip
    return y, get_cell(key).State(*last), tape


class Run(NamedTuple):
    """Checked arguments: state0, inputs and options of K nets, sizes by axis, and the dtype."""

    params: dict
    x: np.ndarray
    state0: tuple
    inputs: dict
    options: dict
    sizes: dict
    dtype: np.dtype


def prepared(key, params, x, state0=None, config=None, inputs=()):
    """The checked arguments of a call, as a Run."""
    spec = get_spec(key)
    K, T, B, D, H = _sizes(spec, params, x)
    dtype = np.result_type(x, *params.values())
    state = initial_state(spec, get_cell(key), state0, B, H, dtype, nets=K)
    dtype = state[0].dtype
    compilable(dtype)
    inputs = further_inputs(spec, dict(inputs), {"K": K, "T": T, "B": B, "H": H}, dtype)
    sizes = {"K": K, "T": T, "B": B, "D": D, "H": H}
    return Run(params, x, state, inputs, spec.options(config), sizes, dtype)


def unroll_backward(tape, dy, dlast=None):
    """Back-propagation through time for K nets.

    dy (K, T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the
    order of the spec's states, each (K, B, H) or None), zero if None.

    Returns dx (K, T, B, D), also where the nets share x; dstate0 (NamedTuple, each (K, B, H)) and
    grads with the keys of params, and with each further input of ``unroll`` by its name.  Raises
    ShapeError, and RuntimeError where the workspace has been used again since.
    """
    made_by(tape, Tape, "many.unroll")
    spec, dtype = tape.code.spec, np.dtype(tape.code.dtype)
    cell, (K, T, B, _, H) = get_cell(spec.key), tape.arena.sizes.values()
    dy = cotangent("dy", dy, dtype)
    if dy.shape != (K, T, B, H):
        raise ShapeError(f"dy: expected shape {(K, T, B, H)} (K, T, B, H), got {dy.shape}")
    if dlast is None:
        dstate = (None,) * len(spec.states)
    else:
        dstate = last_gradient(spec, cell, dlast, B, H, dtype, nets=K)
    dx, dstate0, grads = layer.backward(tape, dy, dstate)
    return dx, cell.State(*dstate0), grads


def _same_size(name, k, array, first):
    """Refuse an array of net k that is not, in shape and type, as that of the first net."""
    numpy_array(f"nets[{k}][{name!r}]", array)
    if array.shape != first.shape or array.dtype != first.dtype:
        raise ShapeError(
            f"nets[{k}][{name!r}]: expected shape {first.shape} and {first.dtype}, as of nets[0], "
            f"got {array.shape} and {array.dtype}; nets of one cell and one size only"
        )


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
