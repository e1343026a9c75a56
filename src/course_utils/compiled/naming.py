"""Names for values, as a person would give them: those of the equations, and of what is between."""

import keyword

from course_utils.equations import FUNCTIONS

_JAVASCRIPT = (
    "arguments await break case catch class const continue debugger default delete do else enum "
    "eval export extends false finally for function if import in instanceof interface let new null "
    "package private protected public return static super switch this throw true try typeof var "
    "void while with yield cell shared sizes"
)
_OURS = (
    "step steps row rows unit units column columns back multiply forward backward prelude "
    "where larger jit kernel np tl torch math params self index inside BLOCK "
    "inner weighs reads now later done zero begun arrive wait counters failed patience "
    "TRAINED PRECISION ROWS UNITS INNER LOWEST ONE ZERO HALF REAL OPTIONS"
)
# words that mean something else in one of the languages that are printed
RESERVED = {*keyword.kwlist, *FUNCTIONS, *_JAVASCRIPT.split(), *_OURS.split()}
SIGNS = {"+": "sum", "-": "rest", "*": "part", "/": "ratio", "neg": "minus"}


def name_all(program):
    """Name every value: a target by its equation, others by what they are for."""
    taken = set()

    def give(value, name):
        if value.name is None:
            value.name = free(name, taken)

    for target, value in program.named.items():
        if not value.leaf:
            give(value, target)
    for value in program.graph.values:
        if value.op in ("x", "input", "vector", "config", "clock"):
            give(value, value.what)
        elif value.op == "before":
            give(value, f"{value.what}_prev")
    for target, value in program.named.items():
        if value.op not in ("+", "-", "*", "/", "neg") and not value.leaf and len(value.args) == 1:
            give(value.args[0], f"a_{target}")  # the pre-activation
    for value in program.graph.values:
        if value.op == "constant":
            value.name = repr(value.what)
        elif value.op == "product":
            give(value, f"{value.what.symbol}_{value.args[0].name}")
        elif value.op == "concat":
            give(value, "_".join(a.name for a in value.args))
        elif value.op in SIGNS:
            give(value, f"{SIGNS[value.op]}_{_of(value)}")
        else:
            give(value, f"{value.op}_{value.args[0].name if value.args else value.what}")


def free(name, taken):
    """A name that nothing else has, now taken: with a number after it if need be."""
    name = f"{name}_" if name in RESERVED else name
    n, candidate = 2, name
    while candidate in taken:
        candidate, n = f"{name}_{n}", n + 1
    taken.add(candidate)
    return candidate


def _of(value):
    """The equation's name, for a value in the middle of its line."""
    return value.line.split("=")[0].strip()
