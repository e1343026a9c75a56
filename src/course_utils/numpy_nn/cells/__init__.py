"""One file per cell, named after its key: ``step`` and, mirrored below it, ``step_backward``.

``step(params, x, prev, **config) -> (state, cache)``: x (B, D); prev and state are NamedTuples with
the spec's states, each (B, H).

``step_backward(params, cache, dstate) -> (dx, dprev, grads)``: dstate like state; grads has the
keys of params, and the name of every further input of the step (such as ``below``).

Axes count from the end: B is axis -2, ``weight.mT`` swaps the last two.  So the same step also
serves many nets at once, on arrays with one more axis in front (``numpy_nn.many``).

A cell whose output is not its first state also has ``readout(params, x, state) -> (y, cache)`` and
``readout_backward(params, cache, dy) -> (dx, dstate, grads)``.  What a
state starts from stands in the spec (``initial``).
"""

from functools import cache
from importlib import import_module

import numpy as np

from course_utils.numpy_nn.validation import (
    check,
    further_inputs,
    initial_state,
    last_gradient,
    made_by,
)
from course_utils.specs import get_spec


@cache
def get_cell(key):
    """The module that computes the cell ``key``; KeyError lists the cells there are."""
    spec = get_spec(key)
    return import_module(f"{__name__}.{spec.key}")


def step(key, params, x, prev=None, **others):
    """One step of a cell.

    params as from ``init_params``; x (B, D); prev, the states before it in the spec's order, each
    (B, H), the cell's own initial state if None; others, constants of the spec and further inputs,
    each (B, H).  Returns the states (a NamedTuple) and a cache for ``step_backward``.
    """
    spec, cell = get_spec(key), get_cell(key)
    sizes = check(spec, params, x=(x, "B D"))
    dtype = np.result_type(x, *params.values())
    prev = initial_state(spec, cell, prev, sizes["B"], sizes["H"], dtype, name="prev")
    options = spec.options({n: v for n, v in others.items() if n not in spec.inputs})
    given = {n: v for n, v in others.items() if n in spec.inputs}
    given = further_inputs(spec, given, {axis: sizes[axis] for axis in "BH"}, dtype)
    return cell.step(params, x, prev, **options, **given)


def step_backward(key, params, cache, dstate):
    """The gradients of one step.

    cache as ``step`` returned it; dstate, the gradients of its states, each (B, H) or None for
    zero.  Returns dx (B, D), dprev like the states, and grads with the keys of params and of the
    further inputs.
    """
    spec, cell = get_spec(key), get_cell(key)
    made_by(cache, cell.Cache, f"step({spec.key!r}, …)", name="cache")
    H, dtype = check(spec, params)["H"], np.result_type(cache.x, *params.values())
    dstate = last_gradient(spec, cell, dstate, len(cache.x), H, dtype, "dstate")
    return cell.step_backward(params, cache, dstate)
