"""Texts to train on: those that come inside packages, or a file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.errors import UserError
from course_utils.tasks.text import Text, python_help
from course_utils.tasks.tunes import TunesMissing, oneill


@dataclass(frozen=True)
class Corpus:
    """A text as token ids.

    vocabulary, its characters by id; sha256 names the text exactly; epoch(k, seed) -> the ids that
    the k-th epoch reads, as many in each; held_out, ids that are never trained on.
    """

    vocabulary: str
    sha256: str
    epoch: object
    held_out: np.ndarray


def corpus(name):
    """``help``, Python's help topics; ``tunes``, O'Neill's; else the path of a UTF-8 text.

    The tunes come in another order in each epoch, and their validation part is held out; of the
    others the last tenth is.
    """
    if name == "tunes":
        try:
            book = oneill()
        except TunesMissing as error:
            raise UserError(f"--corpus: {error}") from None
        return Corpus(
            book.text.vocabulary,
            book.sha256,
            lambda k, seed: book.shuffled("train", np.random.default_rng((seed, k))),
            book.ids("validation"),
        )
    text = python_help() if name == "help" else _file(Path(name))
    return Corpus(text.vocabulary, text.sha256, lambda k, seed: text.train, text.held_out)


def _file(path):
    try:
        return Text(path.name, path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"--corpus: expected help, tunes or the path of a text, and there is no {path}"
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"--corpus: {path} is not UTF-8 (byte {error.start}); convert it") from None
    except ValueError as error:
        raise UserError(f"--corpus: {path}: {error}") from None
