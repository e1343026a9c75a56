"""The syntax tree of a source, parsed once for all who ask; nobody changes it."""

import ast
import sys
from functools import lru_cache

LONGEST_KEPT = 20_000  # characters: a tree takes a hundred times as much memory


def parsed(source):
    """The tree, or None for a source that Python cannot read."""
    return kept(source) if len(source) <= LONGEST_KEPT else parse(source)


def parse(source):
    """As `parsed`, anew."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


kept = lru_cache(maxsize=64)(parse)


def libraries(source):
    """The packages that a source imports, neither Python's own nor ours; [] for no Python."""
    names, tree = [], parsed(source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            names += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module.partition(".")[0])
    ours = {"course_utils", *sys.stdlib_module_names}
    return [name for name in names if name not in ours]
