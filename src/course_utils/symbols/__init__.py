"""The symbols of a cell's equations: what each means, its shape, and its line of NumPy.

``explain`` answers for one cell; nothing is typed twice: names, states and parameters come from the
spec, shapes are inferred from the equations, the code is printed from them.  Words that many cells
share are a table (``words``), those of one cell stand in its spec.  A symbol without words, or a
shape that does not fit, is an error.
"""

from dataclasses import dataclass

from course_utils import equations
from course_utils.symbols.code import line_of
from course_utils.symbols.shapes import ShapeMismatch, infer, written
from course_utils.symbols.words import Undescribed, words

__all__ = [
    "ShapeMismatch", "Symbol", "Undescribed", "explain", "infer", "line_of", "words", "written",
]  # fmt: skip


@dataclass(frozen=True)
class Symbol:
    """One symbol: its name in the equations, its LaTeX, meaning, shape and line of NumPy."""

    name: str
    latex: str
    meaning: str
    shape: str
    code: str


def explain(spec, lines=None):
    """Every symbol that the lines show, in the order of first use, as ``Symbol``.

    spec: a CellSpec; lines: names that the wanted lines define, as for ``spec.lines``.
    Undescribed for a symbol without words, ShapeMismatch for equations whose shapes do not fit;
    both name the cell.
    """
    shapes, shown = infer(spec), []
    for line in spec.lines(lines):
        shown += [equations.target(line), *equations.names(line)]
    return [
        Symbol(
            name,
            equations.latex_name(name, spec.symbols),
            words(spec, name),
            written(shapes[name]),
            line_of(spec, name),
        )
        for name in dict.fromkeys(shown)
    ]
