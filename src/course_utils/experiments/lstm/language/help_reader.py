"""A network that reads Python's help text, small enough to travel in a page, and what it reads.

Trained as the first network of ``quote_cell`` is: the same text, size, passes and seed.  Its
weights are kept in 8 bits, with a stretch of test text that holds two quotations and the cell that
best told on validation text whether a character stands inside one.
"""

from dataclasses import dataclass

import torch

from course_utils.lab import language_models as lm
from course_utils.lab import probing
from course_utils.lab.reading import reading
from course_utils.tasks.text import python_help


@dataclass(frozen=True)
class Config:
    """The network and its training; how much of the text is read first, and shown."""

    embedding: int = 32
    hidden: int = 128
    batch: int = 32
    length: int = 64
    passes: int = 5
    lr: float = 4e-3
    characters: int = 10**9  # of the text, from its start
    before: int = 300  # characters read before what is shown
    shown: int = 420
    marks: int = 4  # quotation marks in what is shown, at least
    gaps: int = 1  # empty lines in it, at most: prose rather than a list
    shares: tuple = (0.8, 0.9)  # where validation and test begin
    seeds: tuple = (0,)


QUICK = Config(hidden=48, passes=5, lr=1e-2, characters=100_000)


def run(config, progress=iter):
    """What ``figures.reading_glass`` shows, and how well the cell follows on test text."""
    return next(network(config, seed) for seed in progress(config.seeds))


def network(config, seed):
    """Train one network, find its cell, let it read."""
    text = read(config)
    ids = text.encode(text.characters)
    a, b = (int(share * len(ids)) for share in config.shares)
    torch.manual_seed(seed)
    model = lm.CharModel(len(text.vocabulary), config.embedding, config.hidden)
    lm.train(
        model, [ids[:a]] * config.passes, batch=config.batch, length=config.length, lr=config.lr
    )
    weights = {name: p.numpy() for name, p in model.state_dict().items()}
    inside = probing.labels(text.characters)["quote"]
    parts = [(probing.cells(model, ids[part]), probing.kept(inside[part]))
             for part in (slice(a, b), slice(b, None))]  # fmt: skip
    cell, fit, sign = probing.best_cell("quote", *parts)
    cells = {"inside quotation marks": {"cell": cell, "sign": sign}}
    k = quotations(text.characters, b + config.before, config.shown, config.marks, config.gaps)
    net = reading(
        weights, text.vocabulary, text.characters[k - config.before : k],
        text.characters[k : k + config.shown], cells,
    )  # fmt: skip
    return net | {
        "opening": net["text"].index('"'), "fit": fit,
        "parameters": sum(p.size for p in weights.values()),
    }  # fmt: skip


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def read(config):
    """The text, or its beginning."""
    text = python_help()
    return type(text)(text.name, text.characters[: config.characters], text.share)


def quotations(characters, start, length, marks, gaps):
    """The first line at or after start from where so many characters hold as many double quotes.

    gaps: how many empty lines are among them at most.  ValueError where no line does.
    """
    k = start
    while (k := characters.find("\n", k) + 1) and k + length <= len(characters):
        part = characters[k : k + length]
        if part.count('"') >= marks and part.count("\n\n") <= gaps:
            return k
    raise ValueError(
        f"text: nowhere do {length} characters from a line's start hold {marks} quotes and at most "
        f"{gaps} empty lines"
    )
