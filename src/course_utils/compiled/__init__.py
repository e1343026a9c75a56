"""From the printed equation to machine code: one compiler for every cell of ``SPECS``.

``program`` turns the equation lines of a spec into values, levels and products; ``derivative`` adds
the way back; ``plan`` says what each level loads, computes and stores; each ``print_*`` writes that
in one language; ``layer`` runs it over time on the CPU.  Nothing here knows a cell's name.
"""

from course_utils.compiled.arena import Arena, Workspace
from course_utils.compiled.code import uncompiled
from course_utils.compiled.layer import Tape, history, reread, unroll, unroll_backward

__all__ = [
    "Arena", "Tape", "Workspace", "history", "reread", "uncompiled", "unroll", "unroll_backward"
]  # fmt: skip
