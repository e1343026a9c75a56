"""Layers compiled from their equations: the results of ``numpy_nn.unroll`` to rounding, faster.

The code is made by ``course_utils.compiled`` from the lines that the book prints, for every cell of
``SPECS``; it needs Numba and SciPy.  The first call of a cell in a precision compiles, the next
process finds the code on the disk.  The chapter ``practice/speed`` tells what makes it fast.
"""

from collections.abc import Mapping

import numpy as np

from course_utils import compiled
from course_utils.compiled import Workspace, layer
from course_utils.numpy_nn.cells import get_cell
from course_utils.numpy_nn.unroll import prepare
from course_utils.numpy_nn.validation import cotangent, last_gradient, made_by
from course_utils.shapes import ShapeError, expect
from course_utils.specs import get_spec

__all__ = ["Workspace", "unroll", "unroll_backward"]


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
    """Run a cell along a sequence: ``numpy_nn.unroll``, compiled.

    params as from ``init_params``; x (T, B, D); state0, the initial state, each (B, H), the cell's
    own if None; workspace, a ``Workspace`` to compute in, or None for fresh arrays; lengths (B,),
    resets (T, B), config and inputs as for ``numpy_nn.unroll``.

    Returns y (T, B, H), the last states (a NamedTuple, each (B, H)) and the tape for
    ``unroll_backward``.  Raises what ``numpy_nn.unroll`` raises, TypeError for numbers other than
    float32 and float64, and ImportError with the remedy where Numba or SciPy is missing.
    """
    plain = state0 is lengths is resets is config is None and not inputs
    if Workspace.checked(workspace) is not None and plain and isinstance(params, Mapping):
        run = workspace.known(prepared, key, params, x)._replace(x=x)
    else:
        run = prepare(key, params, x, state0, lengths, resets, config, inputs)
        compilable(run.dtype)
    T, B, D = x.shape
    sizes = {"K": 1, "T": T, "B": B, "D": D, "H": run.state0[0].shape[-1]}
    y, last, tape = layer.forward(
        get_spec(run.key), layer.one(params), run.x[None], [s[None] for s in run.state0], sizes,
        run.dtype, workspace, run.mask, run.resets, run.options, layer.one(run.inputs),
    )  # fmt: skip
    return y[0], get_cell(run.key).State(*(s[0] for s in last)), tape


def unroll_backward(tape, dy, dlast=None, workspace=None):
    """Back-propagation through time: ``numpy_nn.unroll_backward``, compiled.

    dy (T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the order
    of the spec's states, each (B, H) or None), zero if None; workspace, as given to ``unroll`` (the
    tape knows it; accepted so that both calls read alike).

    Returns dx (T, B, D), dstate0 (NamedTuple, each (B, H); every reset adds to it) and grads with
    the keys of params, and with each further input by its name.  Raises ShapeError, and
    RuntimeError where the workspace has been used again since.
    """
    made_by(tape, compiled.Tape, "numpy_nn.fast.unroll")
    spec, dtype = tape.code.spec, np.dtype(tape.code.dtype)
    cell, (_, T, B, _, H) = get_cell(spec.key), tape.arena.sizes.values()
    if Workspace.checked(workspace) is not None and not workspace.holds(tape):
        raise ValueError("workspace: not the one that this tape was made in; leave it out")
    if np.shape(dy) != (T, B, H) and expect(dy=(dy, "T B H")) != {"T": T, "B": B, "H": H}:
        raise ShapeError(f"dy: expected shape {(T, B, H)} (T, B, H), got {dy.shape}")
    if dlast is None:
        dstate = (None,) * len(spec.states)
    else:
        dstate = [d[None] for d in last_gradient(spec, cell, dlast, B, H, dtype)]
    dx, dstate0, grads = layer.backward(tape, cotangent("dy", dy, dtype)[None], dstate)
    return dx[0], cell.State(*(d[0] for d in dstate0)), {n: g[0] for n, g in grads.items()}


def prepared(key, params, x):
    """The checked arguments of a call with these alone."""
    run = prepare(key, params, x, None, None, None, None, {})
    compilable(run.dtype)
    return run


def compilable(dtype):
    """Refuse numbers that there is no compiled code for."""
    if dtype not in (np.float32, np.float64):
        raise TypeError(
            f"x: compiled code takes real numbers, float32 or float64, not {dtype}; "
            "use x.astype(float), or numpy_nn.unroll"
        )
