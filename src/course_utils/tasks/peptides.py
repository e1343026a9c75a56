"""Short proteins, letter by letter: is one known to kill microbes?  From inside modlamp.

Known antimicrobial peptides (the database APD3, January 2016) beside as many proteins drawn from
UniProt.  The file holds some sequences more than once.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.tasks.packaged import Packaged

PEPTIDES = Packaged(
    "modlamp", "data/AMPvsUniProt.csv",
    "e1db3dd659179118dcfca63723385f2f0c95c49d27060a90f7a9d5848250eb48",
    "none stated with the file (drawn from APD3 and from UniProt, whose own is CC BY 4.0); "
    "modlamp: BSD-3-Clause",
)  # fmt: skip
LETTERS = "ACDEFGHIKLMNPQRSTVWY"  # the twenty amino acids


@dataclass(frozen=True)
class Peptides:
    """texts: N strings of LETTERS; labels (N,): 1 where the peptide is antimicrobial."""

    texts: tuple
    labels: np.ndarray

    def ids(self):
        """Tokens (T, N), 0 to 19, and 20 behind the end; lengths (N,)."""
        lengths = np.array([len(text) for text in self.texts])
        ids = np.full((lengths.max(), len(self.texts)), len(LETTERS))
        for k, text in enumerate(self.texts):
            ids[: len(text), k] = [LETTERS.index(letter) for letter in text]
        return ids, lengths

    def counts(self):
        """(N, 20): how often each amino acid occurs."""
        return np.array([[text.count(letter) for letter in LETTERS] for text in self.texts], float)

    def rows(self, which):
        """Those at the places ``which``, in that order."""
        which = np.asarray(which)
        return Peptides(tuple(self.texts[k] for k in which), self.labels[which])

    def distinct(self):
        """The first of each text.  A text with both labels is left out."""
        seen = {}
        for text, label in zip(self.texts, self.labels.tolist(), strict=True):
            seen.setdefault(text, set()).add(label)
        first = {text: k for k, text in reversed(list(enumerate(self.texts)))}
        return self.rows(sorted(k for text, k in first.items() if len(seen[text]) == 1))


def peptides():
    """All 5,200 as they stand in the file, 2,600 of each kind."""
    lines = PEPTIDES.read().decode().split("\n")[1:]
    rows = [line.split(",") for line in lines if line.strip()]
    return Peptides(
        tuple(text.strip() for text, _ in rows), np.array([int(label) for _, label in rows])
    )
