"""A character model that a page can carry: an LSTM on Python's help text, its weights in 8 bits.

What is measured is what the rounding costs, on the test part.  With it the record holds the rounded
weights, a held-out passage, and the cells that tell best of three properties, chosen on validation
text, with their fit on the test part.  One network, of the seed fixed here before it was trained.
About 60 CPU seconds.
"""

from dataclasses import dataclass

import torch

from course_utils.lab import language_models as lm
from course_utils.lab import probing
from course_utils.lab.packing import unpack
from course_utils.lab.reading import LSTM, reading
from course_utils.lab.torch_models import parameters
from course_utils.tasks.text import python_help


@dataclass(frozen=True)
class Config:
    """The network and its training; the passage and what is read before it."""

    embedding: int = 32
    hidden: int = 128
    batch: int = 32
    length: int = 64
    passes: int = 10
    lr: float = 4e-3
    characters: int = 10**9  # of the text, from its start
    shares: tuple = (0.8, 0.9)  # where validation and test begin
    shown: int = 420  # characters of the passage
    before: int = 300  # characters read before it
    seeds: tuple = (0,)


QUICK = Config(
    embedding=8, hidden=16, passes=2, lr=1e-2, characters=60_000, shown=60, before=20
)  # fmt: skip


def run(config, progress=iter):
    """Bits as trained and rounded; the passage, the rounded weights and the chosen cells."""
    (row,) = [one_seed(config, seed) for seed in progress(config.seeds)]
    return row


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def read(config):
    """The text, or its beginning."""
    text = python_help()
    return type(text)(text.name, text.characters[: config.characters], text.share)


def one_seed(config, seed):
    """Train one network, round it, and look at it."""
    text = read(config)
    ids = text.encode(text.characters)
    a, b = (int(share * len(ids)) for share in config.shares)
    torch.manual_seed(seed)
    model = lm.CharModel(len(text.vocabulary), config.embedding, config.hidden)
    lm.train(
        model, [ids[:a]] * config.passes, batch=config.batch, length=config.length, lr=config.lr
    )
    trained = held_out_bits(model, ids, b)
    start = passage(text.characters, b + config.before, config.shown)
    shown = text.characters[start - config.before : start + config.shown]
    parts = shown[: config.before], shown[config.before :]
    net = reading(model.state_dict(), text.vocabulary, *parts)
    round_to(model, unpack(net["weights"]))
    return net | {
        "bits": {"trained": trained, "rounded": held_out_bits(model, ids, b)},
        "parameters": parameters(model),
        "cells": cells(model, text, ids, a, b),
    }


def round_to(model, weights):
    """Set the parameters of the model to these, in place."""
    layer = {f"layer.{name}_l0": weights[name] for name in LSTM}
    ends = {"embedding.weight": "embedding", "readout.weight": "readout"}
    ends |= {"readout.bias": "readout_bias"}
    layer |= {name: weights[short] for name, short in ends.items()}
    model.load_state_dict({name: torch.from_numpy(w) for name, w in layer.items()})


def held_out_bits(model, ids, b):
    """Bits per character of the test part, the state carried on from what stands before it."""
    return float(lm.surprises(model, ids[b:], ids[b - 2000 : b]).mean())


def cells(model, text, ids, a, b):
    """For each property the best cell on validation, its sign, and its fit on the test part."""
    truth = probing.labels(text.characters)
    parts = slice(a, b), slice(b, None)
    states = [probing.cells(model, ids[part]) for part in parts]
    found = {}
    for name, values in truth.items():
        pairs = [(s, probing.kept(values[part])) for s, part in zip(states, parts, strict=True)]
        cell, fit, sign = probing.best_cell(name, *pairs)
        found[name] = {"cell": cell, "fit": fit, "sign": sign}
    return found


def passage(characters, first, n):
    """Where a paragraph begins whose n characters hold most quotation marks, from ``first`` on."""
    starts = [k for k in range(first, len(characters) - n) if characters[k - 2 : k] == "\n\n"]
    return max(starts, key=lambda k: characters[k : k + n].count('"'))
