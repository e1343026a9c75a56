"""Which arrays the generated functions take, in which order and of which shape."""

from dataclasses import dataclass
from functools import cached_property

from course_utils.compiled.places import AXES, Place
from course_utils.compiled.values import MATRIX, ROW, VECTOR


@dataclass(frozen=True)
class Array:
    """One argument: its name, its kind (a key of ``AXES``, or ``weights``, ``config``), and whose.

    axes as in ``AXES``, for a vector; a number per sample has no H, a matrix has W, its columns,
    besides.  blocks is their n.
    """

    kind: str
    of: str = ""
    blocks: int = 1
    integer: bool = False
    rank: float = VECTOR

    @cached_property
    def name(self):
        return self.of if self.kind == "config" else Place(self.kind, self.of).array

    @cached_property
    def axes(self):
        axes = tuple(AXES.get(self.kind, "").split())
        return axes[:-1] if self.rank == ROW else axes + ("W",) * (self.rank == MATRIX)

    def shape(self, sizes):
        """sizes {"T", "B", "D", "H"} -> the shape."""
        known = sizes | {"T+1": sizes["T"] + 1, "n": self.blocks, "W": sizes["H"]}
        return tuple(known[axis] for axis in self.axes)


def signatures(plan):
    """{function: its arguments}, for prelude, forward, backward and prelude_backward."""
    arguments = {}
    for function in ("prelude", "forward", "backward", "prelude_backward"):
        bodies = plan.backward if "backward" in function else plan.forward
        bodies = [b for b in bodies if (b.stage == "prelude") == ("prelude" in function)]
        arrays = _of_bodies(plan, bodies)
        if "prelude" not in function:
            arrays |= _of_products(plan, back=function == "backward")
            sized = Array("dy") if function == "backward" else Array("y")
            arrays = {sized: None} | arrays
            if function == "backward":
                arrays |= {array_of(plan, Place("carried", s)): None for s in plan.flowing}
                arrays |= {array_of(plan, Place("carry", s)): None for s in plan.apart}
        arguments[function] = tuple(arrays) if bodies else ()
    return arguments


def _of_bodies(plan, bodies):
    arrays = {}
    for body in bodies:
        places = [p for _, p in body.loads] + [p for p, _, _ in body.stores]
        arrays |= {array_of(plan, place): None for place in places}
        todo = list(body.lines)
        for v in todo:
            arrays |= {Array("config", a.what): None for a in v.args if a.op == "config"}
    return arrays


def _of_products(plan, back):
    arrays = {}
    for product in plan.program.products:
        if back and product.operand.op in ("x", "input"):
            continue  # outside of time: the layer does it for all steps at once
        arrays[Array("weights", product.name)] = None
        if back:
            arrays[array_of(plan, Place("dproduct", product.name))] = None
            kind = "backs" if product.whole else "back"
        else:
            arrays[array_of(plan, operand_place(plan, product))] = None
            kind = "products" if product.whole else "product"
        arrays[array_of(plan, Place(kind, product.name))] = None
    return arrays


def operand_place(plan, product):
    """Where the operand of a product lies for all steps; block 1 of states: after the step."""
    operand = product.operand
    if operand.op in ("x", "input"):
        return Place(operand.op, "" if operand.op == "x" else operand.what)
    if operand.op == "before":
        return Place("states", operand.what)
    if operand.op == "concat":
        return Place("operand", operand.name)
    return plan.at_hand(operand)


def array_of(plan, place):
    """The array that a place belongs to."""
    name, blocks, integer, rank = place.name, 1, False, VECTOR
    if place.kind == "dproduct":
        name = plan.derivative.shared.get(name, name)
    if place.kind in ("product", "products", "dproduct"):
        blocks = len(next(p for p in plan.program.products if p.name == name).values)
    elif place.kind in ("operand", "back", "backs"):
        blocks = len(next(p for p in plan.program.products if p.name == name).parts)
    elif place.kind == "states":
        integer = plan.program.states[name].integer
    elif place.kind == "clock":
        integer = True
    elif place.kind in ("kept", "scratch"):
        integer = any(v.integer for v in plan.program.graph.values if v.name == name)
    if place.kind in ("states", "carry", "carried", "dstates"):
        rank = plan.program.states[name].rank
    elif place.kind in ("kept", "scratch", "gradient", "gradients"):
        rank = next(v.rank for v in plan.program.graph.values if v.name == name)
    return Array(place.kind, name, blocks, integer, rank)
