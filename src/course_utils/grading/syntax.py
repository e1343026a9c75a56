"""The syntax tree of a source, parsed once for all who ask; nobody changes it."""

import ast
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
