"""One wrong variant of a task: the words that name it, and what it changes."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Variant:
    """A cell or a backward pass that is wrong by one edit.

    words complete "your h is that of a cell ...".  lines: the equations, of a forward task; terms:
    those of a backward one.  values: constants that differ.  walk: a change of the walk through
    time and whom it concerns.  parts: what is emitted, where that is what differs.
    """

    words: str
    lines: tuple = ()
    terms: tuple = ()
    values: dict = field(default_factory=dict)
    walk: tuple = ()
    parts: dict | None = None


def wrong_pass(words, terms, walk=(), parts=None):
    """A backward pass with other terms, another walk or other parts."""
    return Variant(words, terms=terms, walk=walk, parts=parts)
