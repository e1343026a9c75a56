"""One file per cell, named after its key: ``step`` and, mirrored below it, ``step_backward``.

``step(params, x, prev, **config) -> (state, cache)``: x (B, D); prev and state are NamedTuples with
the spec's states, each (B, H).

``step_backward(params, cache, dstate) -> (dx, dprev, grads)``: dstate like state; grads has the
keys of params, and the name of every further input of the step (such as ``below``).

Axes count from the end: B is axis -2, ``weight.mT`` swaps the last two.  So the same step also
serves many nets at once, on arrays with one more axis in front (``numpy_nn.many``).

A cell whose output is not its first state also has ``readout(params, x, state) -> (y, cache)`` and
``readout_backward(params, cache, dy) -> (dx, dstate, grads)``.
"""

from functools import cache
from importlib import import_module

from course_utils.specs import get_spec


@cache
def get_cell(key):
    """The module that computes the cell ``key``; KeyError lists the cells there are."""
    spec = get_spec(key)
    return import_module(f"{__name__}.{spec.key}")


def step(key, params, x, prev, **others):
    """One step of a cell: see this package's docstring.  Returns (state, cache)."""
    return get_cell(key).step(params, x, prev, **get_spec(key).options() | others)


def step_backward(key, params, cache, dstate):
    """The gradients of one step.  Returns (dx, dprev, grads)."""
    return get_cell(key).step_backward(params, cache, dstate)
