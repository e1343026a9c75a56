"""Characters as integers, with room for padding, a start and an end."""

from dataclasses import dataclass

import numpy as np

PAD, START, END = 0, 1, 2


@dataclass(frozen=True)
class Alphabet:
    """The characters of a task; the token of a character is its place here plus 3."""

    characters: str

    def __post_init__(self):
        if len(set(self.characters)) != len(self.characters):
            raise ValueError("characters: some stand there twice; each may once")

    @property
    def size(self):
        """Size of the vocabulary, padding, start and end among it."""
        return len(self.characters) + 3

    def encode(self, texts, *, end=False):
        """Texts -> ids (L, n), filled up with PAD; with ``end``, END after each text."""
        places = {c: k for k, c in enumerate(self.characters, 3)}
        unknown = sorted({c for text in texts for c in text} - set(places))
        if unknown:
            raise ValueError(f"texts: {unknown} are not in this alphabet")
        longest = max(map(len, texts), default=0) + end
        ids = np.full((longest, len(texts)), PAD)
        for n, text in enumerate(texts):
            ids[: len(text), n] = [places[c] for c in text]
            if end:
                ids[len(text), n] = END
        return ids

    def decode(self, ids):
        """ids (L, n) -> n texts, each up to its END; padding and starts are left out."""
        texts = []
        for column in np.asarray(ids).T:
            kept = column[: int((column == END).argmax())] if (column == END).any() else column
            texts.append("".join(self.characters[k - 3] for k in kept if k >= 3))
        return texts


def lengths(ids):
    """ids (L, n), filled up with PAD -> how long each sequence is (n,)."""
    return (np.asarray(ids) != PAD).sum(axis=0)
