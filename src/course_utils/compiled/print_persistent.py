"""Triton source of all steps in one launch, forward and backward: weights are loaded once and kept.

The programs form a grid: each has a block of rows and a block of units, and of every matrix of the
loop the weights of those units.  What belongs to a row and a unit stays in its program, as a
variable; what a product reads is written to memory, and the programs of a block of rows wait for
each other.  Where one program has all units of its rows nothing is exchanged, and nobody waits.

Not here is what needs no step before it: products of the inputs, the prelude, the readout, and the
gradients of weights.
"""

from typing import NamedTuple

from course_utils.compiled.persistent_ways import Backward, Forward
from course_utils.compiled.plan import plan
from course_utils.specs import get_spec

HEAD = '''"""{title}: all steps in one launch, from its equations (course_utils.compiled).

A program has ROWS rows and UNITS units, and keeps their weights.  {waits}
"""

import triton
import triton.language as tl


@triton.jit
def multiply(begun, block, weight, PRECISION: tl.constexpr):
    """The next part of a sum: what a block of rows and units becomes by its weights."""
    block = block.to(weight.dtype)
    return tl.dot(block, weight, begun, input_precision=PRECISION, out_dtype=begun.dtype)
'''
ALONE = "It waits for no other."
WAITS = """Before a product, those that
share rows wait for each other; what belongs to one row and unit never leaves its program."""
MEET = '''

@triton.jit
def arrive(counter):
    """Say that this program has stored what the others will read."""
    tl.debug_barrier()  # all of it has
    tl.atomic_add(counter, 1, sem="release")


@triton.jit
def wait(counter, arrivals, patience):
    """Until programs have arrived so many times, or until patience ends; what is left of it."""
    while (patience > 0) & (tl.atomic_add(counter, 0, sem="acquire") < arrivals):
        patience -= 1
    tl.debug_barrier()
    return patience
'''


class Kernel(NamedTuple):
    """What one function takes: see ``source``.

    sums: pointers to (B, H) arrays; the sum of one over its rows is the gradient of a vector.
    unread: pointers that may be None without TRAINED.
    """

    pointers: tuple
    scalars: tuple
    waits: bool
    sums: tuple
    unread: tuple


def obstacle(key):
    """Why a cell's steps cannot be one launch, in a few words, or None where they can."""
    program = plan(key).program
    if program.spec.matrices:
        return "its state is a matrix"
    if set(program.loop.domains) - {"unit"} or any(v.reduction for v in program.loop.values):
        return "it sums over the units of a row"
    return None


def kernels(key, chunks=1):
    """{"forward": ``Kernel``, "backward": ``Kernel``} of the text that ``source`` gives."""
    return {
        way.name: Kernel(
            *map(tuple, (way.pointers, way.scalars)), way.waits,
            *map(tuple, (way.sums.values(), way.unread)),
        )
        for way in _ways(key, chunks)
    }


def source(key, chunks=1):
    """The text of a Python module with the functions ``forward`` and ``backward`` over all steps.

    chunks: into how many blocks of INNER units a product cuts its sum, or 0 where one program has
    all units of its rows.  Both take the pointers and scalars of ``kernels``, then ``steps, rows,
    units``; where programs wait, ``counters``, one for each block of rows, at zero, ``failed``, set
    where ``patience``, how often a program asks in all, has come to its end; then constants:
    TRAINED (forward), whether there will be a way back, REAL, the type of the arithmetic,
    PRECISION, that of products of float32, and ROWS, UNITS, INNER.

    Raises ValueError for a cell with an ``obstacle``.
    """
    spec, why = get_spec(key), obstacle(key)
    if why:
        raise ValueError(f"key: {spec.key!r} has no persistent kernel: {why}")
    ways = _ways(spec, chunks)
    waits = any(way.waits for way in ways)
    head = HEAD.format(title=spec.title, waits=WAITS if waits else ALONE) + MEET * waits
    return "\n\n".join([head, *("\n".join(_function(way)) + "\n" for way in ways)])


def _ways(key, chunks):
    return Forward(plan(key), chunks), Backward(plan(key), chunks)


def _function(way):
    arguments = list(way.pointers)
    known = ["TRAINED"] * (way.name == "forward") + ["REAL", "PRECISION", "ROWS", "UNITS", "INNER"]
    known = [f"{name}: tl.constexpr" for name in (*way.scalars, *known)]
    lines = ['@triton.jit(do_not_specialize=["steps", "rows"])', f"def {way.name}("]
    lines += [f"    {', '.join(arguments[k : k + 5])}," for k in range(0, len(arguments), 5)]
    lines += [
        f"    steps, rows, units,{' counters, failed, patience,' * way.waits}",
        *(f"    {', '.join(known[k : k + 3])}," for k in range(0, len(known), 3)),
        "):",
        "    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]",
        "    unit = tl.program_id(1) * UNITS + tl.arange(0, UNITS)[None, :]",
        "    inside = (row < rows) & (unit < units)",
        "    zero = tl.zeros((ROWS, UNITS), REAL)",
        *(f"    {line}" for line in way.before),
        "    for done in range(steps):",
        *(f"        {line}" for line in way.step),
        *(f"    {line}" for line in way.after),
    ]
    if way.waits:
        lines += ["    if patience <= 0:", "        tl.store(failed, 1)"]
    return lines
