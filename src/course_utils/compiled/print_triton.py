"""Triton source: one pointwise kernel for each level, forward and backward; products between them.

A kernel takes the arrays of one step as pointers and is launched over blocks of the numbers that it
computes: one for each row, unit of a row, or element of a row's matrix.  Arrays along time are
passed from the step on: ``states_h`` is the state before the step, ``states_h_next`` the one after.
Arithmetic is in float32 or float64 whatever the arrays hold.  ``torch_nn.gpu`` runs the kernels.
"""

from typing import NamedTuple

from course_utils.compiled.arrays import array_of, operand_place
from course_utils.compiled.plan import NOWHERE, plan
from course_utils.compiled.printing import Style, grouped, statements
from course_utils.compiled.values import MATRIX, ROW
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
# by itself Triton takes a number for float32
STYLE = Style(functions=_FLOAT | _OWN, alone="tl.full((1,), {0}, REAL)")

HEAD = '''"""{title}: pointwise kernels from its equations (course_utils.compiled, for Triton).

Matrix products are torch's, between the kernels.  All is computed in REAL, float32 or float64,
though arrays that products read or write may hold less.{given}{sums}
"""

import triton
import triton.language as tl
'''
GIVEN = """  A pointer that may be None is to a copy of
a state, of the precision of a product that reads it or of the output."""
SUMS = """

A sum over a row starts at zero, which a kernel of its own writes, and is not fused: its terms
arrive by atomic additions, in no fixed order."""
DOMAINS = {"row": "rows", "unit": "rows * units", "matrix": "rows * units * units"}


class Kernel(NamedTuple):
    """One launch: pointers to arrays at the step, then rows, units and what is known beforehand.

    largest: (target, operand) pointers of what torch does afterwards, ``target = operand.amax(-1)``
    for each row: a largest number is no sum, and Triton's atomic maximum may lose a NaN.
    """

    name: str
    direction: str
    level: int  # products of this level come before it, forwards, and after it, backwards
    body: object
    pointers: list
    scalars: list
    largest: list
    copies: dict  # {value: pointers to copies of a state, any of which may be None}

    @property
    def size(self):
        """How many numbers it computes, an expression."""
        return "units" if self.body.stage == "prelude" else DOMAINS[self.body.domain]


def kernels(key):
    """The kernels of a cell in the order in which they are launched, forward and backward."""
    planned, made = plan(key), []
    for direction, bodies in (("forward", planned.forward), ("backward", planned.backward)):
        rooms = []
        for body in bodies:
            if body.level == NOWHERE:
                rooms.append(body)
                continue
            name = f"{body.stage}_{direction}_{body.level}"
            rooms = [r for r in rooms if r.stores[0][1].what == 0]
            made += [
                _launch(planned, f"{name}_zero_{n}", direction, body.level, room)
                for n, room in enumerate(rooms, 1)
            ]
            rooms = []
            if not body.empty:
                made.append(_launch(planned, name, direction, body.level, body))
    return made


def _launch(planned, name, direction, level, body):
    sums = [s for s in body.stores if s[2] != "larger"]
    copies = _copies(planned, sums) if direction == "forward" else {}
    places = [p for _, p in body.loads]
    places += [p for p, v, _ in sums if not (p.kind == "y" and v in copies)]
    pointers = [pointer(planned, p) for p in places] + [c for of in copies.values() for c in of]
    pointers = list(dict.fromkeys(pointers))
    scalars = dict.fromkeys(a.what for v in body.lines for a in v.args if a.op == "config")
    largest = [
        (pointer(planned, place), pointer(planned, _of(planned, body, value)))
        for place, value, adds in body.stores if adds == "larger"
    ]  # fmt: skip
    return Kernel(name, direction, level, body, pointers, list(scalars), largest, copies)


def copied(planned):
    """States of which products read a copy where arrays hold less than REAL: {state: pointer}.

    That of the output is the output itself; integers have none.
    """
    program = planned.program
    places = [operand_place(planned, p) for p in program.products]
    read = [p.name for p in places if p.kind == "states"]
    return {
        s: "all_y" if v is program.output else f"low_states_{s}"
        for s, v in program.states.items() if s in read or v is program.output
    }  # fmt: skip


def _copies(planned, stores):
    """{value: pointers} of the copies that a kernel writes."""
    names, found = copied(planned), {}
    for place, value, _ in stores:
        if place.kind == "states" and place.name in names:
            name = names[place.name]
            found.setdefault(value, []).append(name if name == "all_y" else f"{name}_next")
    return found


def _of(planned, body, value):
    """Where the vector lies of which the highest number is wanted: softmax reads it again later."""
    written = [p for p, v, adds in body.stores if v is value and not adds]
    return written[0] if written else next(p for v, p in body.loads if v is value)


def pointer(planned, place):
    """The name of the pointer to the array of a place, at the step."""
    later = place.kind == "states" and place.block
    return array_of(planned, place).name + "_next" * bool(later)


def source(key):
    """The text of a Python module with the kernels of a cell."""
    planned, listed = plan(key), kernels(key)
    sums = SUMS if any("_zero_" in k.name for k in listed) else ""
    given = GIVEN if any(k.copies for k in listed) else ""
    parts = [HEAD.format(title=get_spec(key).title, sums=sums, given=given)]
    parts += ["\n".join(_kernel(planned, kernel)) + "\n" for kernel in listed]
    return "\n\n".join(parts)


def _kernel(planned, kernel):
    body, arguments = kernel.body, kernel.pointers
    known = [f"{s}: tl.constexpr" for s in (*kernel.scalars, "REAL", "BLOCK")]
    lines = [
        f"# torch, after the next kernel, not fused with it: {target} = {operand}.amax(-1)"
        for target, operand in kernel.largest
    ]
    # a batch of another size is no reason to compile again, another constant is
    lines += ['@triton.jit(do_not_specialize=["rows"])', f"def {kernel.name}("]
    for k in range(0, len(arguments), 5):
        lines.append(f"    {', '.join(arguments[k : k + 5])},")
    lines += [
        "    rows, units,",
        *(f"    {', '.join(known[k : k + 3])}," for k in range(0, len(known), 3)),
        "):",
        "    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)",
        f"    inside = index < {kernel.size}",
    ]
    every = body.stage == "prelude"
    if not every:
        lines += {
            "row": ["    row = index"],
            "unit": ["    row, unit = index // units, index % units"],
            "matrix": [
                "    row, unit = index // (units * units), index // units % units",
                "    column = index % units",
            ],
        }[body.domain]
    texts, names = statements(body, STYLE)
    for value, place in body.loads:
        at = f"{pointer(planned, place)} + {_index(planned, place, body.domain, every)}"
        real = "" if value.integer or value.op == "clock" else ".to(REAL)"
        lines.append(f"    {value.name} = tl.load({at}, mask=inside){real}")
    for line, target, text in grouped(texts, body):
        lines += [f"    # {line}"] if line else []
        lines.append(f"    {target} = {text}")
    for place, value, adds in body.stores:
        if place.kind == "y" and value in kernel.copies:
            continue
        at = f"{pointer(planned, place)} + {_index(planned, place, body.domain, every)}"
        what = repr(value.what) if value.op == "constant" else names.get(value, value.name)
        summed = adds and not every and _rank(planned, place) != body.domain
        if adds == "larger":
            continue
        if summed:
            over = {"row": "units", "unit": "units" if place.across else "columns"}
            over = over.get(_rank(planned, place), "the rows")
            lines.append(f"    tl.atomic_add({at}, {what}, mask=inside)  # over {over}")
        elif adds:
            before = f"tl.load({at}, mask=inside).to(REAL)"
            lines.append(f"    tl.store({at}, {before} + {what}, mask=inside)")
        else:
            lines.append(f"    tl.store({at}, {what}, mask=inside)")
        if place.kind == "states":
            for copy in kernel.copies.get(value, ()):
                index = at.split(" + ", 1)[1]
                lines += [
                    f"    if {copy} is not None:",
                    f"        tl.store({copy} + {index}, {what}, mask=inside)",
                ]
    return lines


def _rank(planned, place):
    """The domain in which a place has one number for each; None for what all rows share."""
    array = array_of(planned, place)
    if "B" not in array.axes:
        return None
    return {ROW: "row", MATRIX: "matrix"}.get(array.rank, "unit")


def _index(planned, place, domain, every):
    array, unit = array_of(planned, place), "column" if place.across else "unit"
    if "B" not in array.axes:
        return "index" if every else unit
    if array.rank == ROW:
        return "row"
    if array.rank == MATRIX or (domain == "unit" and array.blocks == 1):
        return "index"
    if array.blocks > 1:
        return f"(row * {array.blocks} + {place.block}) * units + {unit}"
    return f"row * units + {unit}"
