"""Cells by what the code around them must handle; the first of a kind stands for the others.

A law about a cell's numbers runs for every cell.  A law about what is around cells (copies,
transforms, resets, workspaces) runs by default for the first of each kind, and among the slow tests
for all.  Machine code is made for all in float32 alone, elsewhere for the first of each kind of
program.  A cell of a new kind is the first of it, so nobody keeps a list.
"""

import pytest

from course_utils import numpy_nn
from course_utils.compiled.program import Program
from course_utils.specs import SPECS
from course_utils.torch_nn import native

OWN = ("coefficients", "init", "readout", "random_state")  # optional functions of a cell's file
USUAL = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}


def kind(key):
    """What sets a cell apart for the code around it."""
    spec, cell = SPECS[key], numpy_nn.get_cell(key)
    names = {p.name for p in spec.params}
    return (
        min(len(spec.states), 3), spec.output == spec.states[0], spec.inputs, spec.matrices,
        {type(value) for value in spec.initial.values()}, set(map(type, spec.config.values())),
        "weight_hh" in names, names <= USUAL, any(n.startswith("bias_") for n in names),
        key in native.KERNELS, [name for name in OWN if hasattr(cell, name)],
    )  # fmt: skip


def kind_of_program(key):
    """What sets a cell apart for a compiler: how products depend on each other, and all functions.

    The four signs are not counted: every cell has them.
    """
    program = Program(SPECS[key])
    functions = {v.op for v in program.graph.values} - {"+", "-", "*", "neg", "constant"}
    return [stage.levels for stage in program.stages], sorted(functions)


def first_of_each(kind):
    """The keys of the cells that are the first of their kind."""
    found = {}
    for key in SPECS:
        found.setdefault(str(kind(key)), key)
    return tuple(found.values())


FIRST = first_of_each(kind)
PROGRAMS = first_of_each(kind_of_program)


def by_kind(cases=SPECS):
    """Keys, or tuples that begin with one, as parameters; slow where it is no first of its kind."""
    cases = [case if isinstance(case, tuple) else (case,) for case in cases]
    marks = [[] if key in FIRST else [pytest.mark.slow] for key, *_ in cases]
    return [pytest.param(*case, marks=m) for case, m in zip(cases, marks, strict=True)]
