"""Real text: the reference topics that Python's own ``help()`` prints."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from course_utils.shapes import expect_ids, positive_integer


@dataclass(frozen=True)
class Text:
    """Characters as integers, and the pieces of a stream that a network is trained on.

    name, characters (str), share of it that trains; the rest, from its end, is held out.
    """

    name: str
    characters: str
    share: float = 0.9

    def __post_init__(self):
        if not 0 < self.share < 1:
            raise ValueError(f"share: expected between 0 and 1, got {self.share}")
        if len(set(self.characters)) < 2:
            raise ValueError("characters: expected a text with at least two different characters")

    @cached_property
    def vocabulary(self):
        """The different characters, sorted: the token of a character is its position here."""
        return "".join(sorted(set(self.characters)))

    @cached_property
    def sha256(self):
        """Names the text exactly; it differs between Python versions."""
        return hashlib.sha256(self.characters.encode()).hexdigest()

    def encode(self, characters):
        """str -> token ids (n,)."""
        places = {c: k for k, c in enumerate(self.vocabulary)}
        unknown = sorted(set(characters) - set(places))
        if unknown:
            raise ValueError(f"characters: {unknown} are not in the vocabulary of {self.name}")
        return np.array([places[c] for c in characters], dtype=np.int64)

    def decode(self, ids):
        """Token ids (n,) -> str."""
        ids = expect_ids("ids", ids, len(self.vocabulary))
        return "".join(self.vocabulary[k] for k in ids.ravel().tolist())

    @cached_property
    def train(self):
        """Token ids of the part that trains."""
        return self.encode(self.characters)[: self.cut]

    @cached_property
    def held_out(self):
        """Token ids of the rest."""
        return self.encode(self.characters)[self.cut :]

    def beginning(self, n):
        """The first n characters as a text of its own, split in the same share."""
        return replace(self, characters=self.characters[:n])

    @property
    def cut(self):
        """Where the held-out part begins."""
        return int(self.share * len(self.characters))


def streams(ids, n, length):
    """Chunks for training with a carried state.

    The text is cut into n long strips that are read side by side; the k-th chunk of every strip
    follows the (k-1)-th, so that the state of row j continues in row j.
    ids (N,) -> iterator of inputs and targets, each (length, n); the targets are one step ahead.
    """
    positive_integer(n=n, length=length)
    strip = (len(ids) - 1) // n
    if strip < length:
        raise ValueError(f"length: {length} steps do not fit in strips of {strip} characters")
    x, y = (ids[k : k + n * strip].reshape(n, strip).T for k in (0, 1))
    for start in range(0, strip - length + 1, length):
        yield x[start : start + length], y[start : start + length]


def python_help():
    """The help topics of this Python (``pydoc_data.topics``, PSF licence), as ASCII.

    About 465,000 characters; the text differs between Python versions, so results name its hash.
    """
    from pydoc_data import topics

    whole = "\n".join(topics.topics[name] for name in sorted(topics.topics))
    return Text("pydoc_data.topics", "".join(c if c.isascii() else "?" for c in whole))
