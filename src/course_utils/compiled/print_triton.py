"""Triton source: one pointwise kernel for each level, forward and backward; products between them.

A kernel takes the arrays of one step as pointers, ``rows * units`` numbers of each, and is launched
over blocks of them.  Arrays along time are passed from the step on: ``states_h`` is the state
before the step, ``states_h_next`` the one after.
"""

from course_utils.compiled.arrays import array_of
from course_utils.compiled.plan import plan
from course_utils.compiled.printing import Style, grouped, statements
from course_utils.specs import get_spec

_FLOAT = {
    "tanh": "(2 * tl.sigmoid(2 * ({0})) - 1)",  # Triton's own has no interpreter
    "sigmoid": "tl.sigmoid({0})",
    # a NaN stays one: tl.maximum drops it
    "relu": "tl.where({0} <= 0, 0.0, {0})",
    "maximum": "tl.where(({0} >= {1}) | ({0} != {0}), {0}, {1})",
    "log_sigmoid": "(tl.where({0} <= 0, {0}, 0.0) - tl.log(1 + tl.exp(-tl.abs({0}))))",
    "positive": "tl.where({0} >= 0, {0} + 0.5, tl.sigmoid({0}))",
    "where": "tl.where({0} >= {1}, {2}, {3})",
    "due": "tl.where({0} % {1} == 0, 1.0, 0.0)",
}
_OWN = {f: f"tl.{f}({{0}})" for f in ("exp", "log", "sqrt", "cos", "sin")}
STYLE = Style(functions=_FLOAT | _OWN)

HEAD = '''"""{title}: pointwise kernels from its equations (course_utils.compiled, for Triton)."""

import triton
import triton.language as tl
'''


def kernels(key):
    """[(name, body, [pointers], [scalars])]: what is launched, in order, forward and backward."""
    planned = plan(key)
    named = []
    for direction, bodies in (("forward", planned.forward), ("backward", planned.backward)):
        for body in bodies:
            if not body.empty:
                name = f"{body.stage}_{direction}_{body.level}"
                places = [p for _, p in body.loads] + [p for p, _, _ in body.stores]
                pointers = list(dict.fromkeys(pointer(planned, p) for p in places))
                scalars = {a.what: None for v in body.lines for a in v.args if a.op == "config"}
                named.append((name, body, pointers, list(scalars)))
    return named


def pointer(planned, place):
    """The name of the pointer to the array of a place, at the step."""
    later = place.kind == "states" and place.block
    return array_of(planned, place).name + "_next" * bool(later)


def source(key):
    """The text of a Python module with the kernels of a cell."""
    planned = plan(key)
    parts = [HEAD.format(title=get_spec(key).title)]
    for name, body, pointers, scalars in kernels(key):
        parts.append("\n".join(_kernel(planned, name, body, [*pointers, *scalars])) + "\n")
    return "\n\n".join(parts)


def _kernel(planned, name, body, arguments):
    lines = ["@triton.jit", f"def {name}("]
    for k in range(0, len(arguments), 5):
        lines.append(f"    {', '.join(arguments[k : k + 5])},")
    lines += [
        "    rows, units, BLOCK: tl.constexpr,",
        "):",
        "    k = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)",
        f"    inside = k < {'units' if body.stage == 'prelude' else 'rows * units'}",
    ]
    if body.stage != "prelude":
        lines += ["    row, unit = k // units, k % units"]
    every = body.stage == "prelude"
    texts, names = statements(body, STYLE)
    for value, place in body.loads:
        at = f"{pointer(planned, place)} + {_index(planned, place, every)}"
        lines.append(f"    {value.name} = tl.load({at}, mask=inside, other=0)")
    for line, target, text in grouped(texts, body):
        lines += [f"    # {line}"] if line else []
        lines.append(f"    {target} = {text}")
    for place, value, adds in body.stores:
        at = f"{pointer(planned, place)} + {_index(planned, place, every)}"
        what = repr(value.what) if value.op == "constant" else names.get(value, value.name)
        if adds and place.kind == "dvector" and not every:
            lines.append(f"    tl.atomic_add({at}, {what}, mask=inside)  # over the rows")
        elif adds:
            before = f"tl.load({at}, mask=inside, other=0)"
            lines.append(f"    tl.store({at}, {before} + {what}, mask=inside)")
        else:
            lines.append(f"    tl.store({at}, {what}, mask=inside)")
    return lines


def _index(planned, place, every):
    array = array_of(planned, place)
    if "B" not in array.axes:
        return "k" if every else "unit"
    if "n" in array.axes:
        return f"(row * {array.blocks} + {place.block}) * units + unit"
    return "k"
