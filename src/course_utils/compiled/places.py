"""Where a value lies in memory: the arrays that the generated code reads and writes."""

from typing import NamedTuple


class Place(NamedTuple):
    """One number for each sample and unit of a step, in the array ``kind_name`` or ``all_kind``.

    block: which of the parts of width H, where several lie side by side.  across: in loops over
    matrices, whether the unit is that of the column, not of the row.
    """

    kind: str
    name: str = ""
    block: int = 0
    across: bool = False

    @property
    def array(self):
        return f"{self.kind}_{self.name}" if self.name else f"all_{self.kind}"


# kind of a place -> axes of its array; n stands for the number of blocks
AXES = {
    "x": "T B D",
    "input": "T B H",
    "vector": "H",
    "clock": "H",
    "states": "T+1 B H",
    "kept": "T B H",
    "scratch": "B H",
    "operand": "T B n H",
    "product": "B n H",
    "products": "T B n H",  # for all steps at once
    "y": "T B H",
    "dy": "T B H",
    "dstates": "T B H",  # from the layer above, which reads a state of every step
    "dproduct": "T B n H",
    "back": "B n H",
    "backs": "T B n H",
    "carry": "B H",
    "carried": "B H",
    "gradient": "B H",
    "gradients": "T B H",
    "dvector": "H",
    "dx": "T B D",
    "dinput": "T B H",
}


def leaf_place(value):
    """Where a leaf lies; None for a constant or a scalar, which the code names as it is."""
    if value.op in ("x", "input", "vector", "clock"):
        return Place(value.op, "" if value.op == "x" else value.what)
    if value.op == "before":
        return Place("states", value.what)
    return value.what if value.op == "seed" else None
