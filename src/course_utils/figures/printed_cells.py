"""``cells.js``: cells for the page, forward and backward, as printed from their equations."""

from functools import cache

from course_utils.compiled import print_javascript

CELLS = ("rnn", "lstm", "gru")
HEAD = """// Printed by course_utils.compiled from the equations of the cells, with its runtime.
(function () {
"use strict";
var unrolled = window.unrolled = window.unrolled || {};
if (unrolled.cells) return;
unrolled.cells = {};
"""
TAIL = """unrolled.run = unroll;
unrolled.runBackward = unrollBackward;
unrolled.callCell = call;
})();
"""


@cache
def script():
    """The script: ``unrolled.cells``, ``run``, ``runBackward`` and ``callCell``."""
    alone = {key: print_javascript.source(key, runtime=False) for key in CELLS}
    first = CELLS[0]
    runtime = print_javascript.source(first).removesuffix(alone[first])
    cells = "".join(
        f"unrolled.cells.{key} = (function () {{\n{source}return cell;\n}})();\n"
        for key, source in alone.items()
    )
    return HEAD + runtime + cells + TAIL
