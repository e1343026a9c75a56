"""The languages that a cell is printed in."""

from course_utils.compiled import (
    print_javascript,
    print_numba,
    print_numpy,
    print_torch,
    print_triton,
)
from course_utils.specs import get_spec

# target -> (printer, language of the text)
TARGETS = {
    "numba": (print_numba.source, "python"),
    "javascript": (lambda key: print_javascript.source(key, runtime=False), "javascript"),
    "triton": (print_triton.source, "python"),
    "torch": (print_torch.source, "python"),
    "numpy": (print_numpy.source, "python"),
}


def source(key, target="numba"):
    """The generated text of a cell in one of ``TARGETS``.

    Raises KeyError for a cell or a target that does not exist, naming those that do; EquationError
    for equations that are not compiled, naming the line and the symbol.
    """
    spec = get_spec(key)
    if target not in TARGETS:
        raise KeyError(f"target: there is no {target!r}; there are {', '.join(TARGETS)}")
    return TARGETS[target][0](spec)


def language(target):
    """The language of a target's text, as highlighters call it."""
    return TARGETS[target][1]
