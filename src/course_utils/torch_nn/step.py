"""One step of a cell, for a decoder that feeds its own output back, or to look inside."""

from collections.abc import Mapping

import torch

from course_utils.shapes import ShapeError, expect
from course_utils.specs import get_spec
from course_utils.torch_nn import cells
from course_utils.torch_nn.validation import check_tensors


def step(key, params, x, prev, **others):
    """One step of a cell, through autograd.

    params by the spec's names, with or without biases; x (B, D); prev, the states in the order of
    the spec, each (B, H), as from ``initial_state``; others, constants of the spec's config and
    further inputs such as ``below`` (B, H), zero if left out.  Returns y (B, H) and the states, a
    tuple.  Raises ShapeError or KeyError by name.
    """
    spec, cell = get_spec(key), cells.get_cell(key)
    prev = (prev,) if isinstance(prev, torch.Tensor) else prev
    if not isinstance(prev, tuple | list):
        raise TypeError(
            f"prev: expected a tuple of tensors, as from initial_state, got {type(prev).__name__}"
        )
    check_tensors(x, **{f"prev.{n}": s for n, s in zip(spec.states, prev, strict=False)})
    if len(prev) != len(spec.states):
        raise ShapeError(
            f"prev: {spec.key} carries {len(spec.states)} states ({', '.join(spec.states)}), "
            f"got {len(prev)}"
        )
    arrays = {f"prev.{n}": (s, "B H") for n, s in zip(spec.states, prev, strict=True)}
    sizes = expect(x=(x, "B D"), **arrays)
    shapes = spec.shapes(sizes["D"], sizes["H"])
    biases = {n: x.new_zeros(shape) for n, shape in shapes.items() if n.startswith("bias_")}
    if not isinstance(params, Mapping):
        raise TypeError(f"params: expected a dict of tensors, got {type(params).__name__}")
    params = biases | dict(params)
    inputs = {n: others.pop(n, torch.zeros_like(prev[0])) for n in spec.inputs}
    spec.check(params, x=(x, "B D"), **arrays, **{n: (v, "B H") for n, v in inputs.items()})
    from_x = getattr(cell, "project", cells.project)(params, x)
    states = cell.step(params, from_x, prev, **spec.options(others), **inputs)
    readout = getattr(cell, "readout", None)
    return (readout(params, x, states) if readout else states[0]), states
