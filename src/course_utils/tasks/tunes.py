"""Real music as text: the Irish tunes of O'Neill's collection (1903), in ABC notation.

The tunes are traditional, the book is in the public domain; the transcriptions, made by volunteers
who are named in the files, come with music21, which distributes them with their permission (its
corpus/license.txt: free of charge, commercial use may be restricted).  They are read from the
installed package and never copied into the course.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from course_utils.tasks.text import Text

FIELDS = "TMLK"  # title, metre, unit of length, key: what a tune keeps of its header, in this order
LINE = re.compile(r"\s*(\|[\]|:]?|:+\|?|\[\|)\s*")  # spaces around bar lines say nothing
PARTS = ("train", "validation", "test")


class TunesMissing(RuntimeError):
    """The tunes are not on this machine; the message says what to install."""


@dataclass(frozen=True)
class Tunes:
    """Tunes as text, each with a blank line after it, in three parts that share no title.

    tunes: the plain text of each, header and music, ending in a newline.
    """

    tunes: tuple

    def part(self, name):
        """The tunes of "train" (8 in 10), "validation" or "test" (1 in 10 each), in book order.

        The hash of the title decides, so that two settings of one tune stay together.
        """
        if name not in PARTS:
            raise ValueError(f"name: expected one of {', '.join(PARTS)}, got {name!r}")
        return tuple(tune for tune in self.tunes if share(title(tune)) == name)

    @cached_property
    def text(self):
        """All tunes as one Text, which knows the characters; its own two parts are not used."""
        return Text("O'Neill's Music of Ireland", joined(self.tunes))

    def ids(self, name):
        """Token ids (N,) of a part: its tunes one after the other, a blank line after each."""
        return self.text.encode(joined(self.part(name)))

    def shuffled(self, name, rng):
        """The same with the tunes in another order."""
        tunes = self.part(name)
        return self.text.encode(joined(tunes[k] for k in rng.permutation(len(tunes))))

    @property
    def sha256(self):
        """Names the text exactly."""
        return self.text.sha256


def joined(tunes):
    """One text, a blank line after each tune."""
    return "".join(tune + "\n" for tune in tunes)


def title(tune):
    """The title, or an empty string."""
    match = re.search(r"^T:(.*)$", tune, re.MULTILINE)
    return match[1] if match else ""


def share(name):
    """Which part a title belongs to."""
    letters = re.sub(r"[^a-z]", "", name.lower())
    tenth = int(hashlib.sha256(letters.encode()).hexdigest(), 16) % 10
    return {0: "test", 1: "validation"}.get(tenth, "train")


def oneill():
    """The tunes of O'Neill's *Music of Ireland* that keep one metre and one key, as Tunes.

    Of each number the first transcription; what is not music to play (chord names, comments,
    bookkeeping) and the spaces around bar lines are left out.
    """
    by_number = {}
    for path in files():
        for block in re.split(r"\n\s*\n", path.read_text(encoding="ascii").replace("\r", "")):
            number = re.search(r"^X:\s*(\d+)", block, re.MULTILINE)
            tune = plain(block)
            if number and tune:
                by_number.setdefault(int(number[1]), tune)
    return Tunes(tuple(by_number[k] for k in sorted(by_number)))


def files():
    """The ABC files in the installed music21, which is not imported for it (that takes seconds)."""
    spec = find_spec("music21")
    if spec is None:
        raise TunesMissing("the tunes come with the package music21: pip install music21")
    folder = Path(spec.submodule_search_locations[0], "corpus", "oneills1850")
    paths = sorted(folder.glob("*.abc"))
    if not paths:
        raise TunesMissing(
            "this copy of music21 has no corpus/oneills1850: pip install --force-reinstall music21"
        )
    return paths


def plain(block):
    """One tune of a file as the text that is learned, or None where the course leaves it out."""
    fields, music = {}, []
    for line in block.splitlines():
        line = line.split("%")[0].strip()
        field = re.match(r"([A-Za-z]):(?!\|)\s*(.*)", line)
        if field and music and field[1] in "MLKP":
            return None  # changes in the middle
        if field:
            fields.setdefault(field[1], field[2].strip())
        elif line:
            music.append(re.sub(r'"[^"]*"|!', "", line))
    if not music or any(not fields.get(name) for name in FIELDS):
        return None
    body = re.sub(r"\\\n", " ", "\n".join(music))
    body = re.sub(r"[ \t]+", " ", body)
    body = "\n".join(LINE.sub(r"\1", line).strip() for line in body.splitlines())
    head = "".join(f"{name}:{fields[name]}\n" for name in FIELDS)
    return head + body.rstrip("\\ \n") + "\n"


def pieces(text):
    """The complete tunes of a text (each with a blank line after it), as `joined` would join them.

    What stands after the last blank line is not complete and left out.
    """
    return [piece + "\n" for piece in text.split("\n\n")[:-1]]


def bars(tune):
    """The bars of a tune as written, without spaces: a list of str.

    The number of a first or second ending stays with its bar; a chord, which is rare, parts it.
    """
    music = "".join(
        x for x in tune.splitlines(keepends=True) if not re.match(r"[A-Za-z]:(?!\|)", x)
    )
    parts = re.split(r"[|:\]\n]+|\[[|12]", music)
    return [bar for bar in (re.sub(r"[\s\[]", "", b) for b in parts) if bar]


def known(tunes, others):
    """Share of the bars of ``tunes`` that stand, note for note, somewhere in ``others``."""
    there = {bar for tune in others for bar in bars(tune)}
    asked = [bar for tune in tunes for bar in bars(tune)]
    return float(np.mean([bar in there for bar in asked])) if asked else 0.0
