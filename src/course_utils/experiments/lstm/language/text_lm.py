"""Python's help text: LSTMs beside counting, how to read held-out text, and what cells know."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab import probing
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import parameters
from course_utils.tasks.ngram import KneserNey, NGram
from course_utils.tasks.text import python_help


@dataclass(frozen=True)
class Config:
    """Orders of the n-grams, the network and its training; what is sampled and probed."""

    witten_bell: tuple = (3, 4, 5, 6, 7)
    kneser_ney: tuple = (4, 6, 8, 10, 12)
    embedding: int = 32
    hidden: int = 256
    dropout: float = 0.3
    batch: int = 32
    length: int = 64
    passes: int = 16
    lr: float = 4e-3
    characters: int = 10**9  # of the text, from its start
    temperatures: tuple = (0.25, 0.5, 0.75, 1.0, 1.5)
    shares: tuple = (0.8, 0.9)  # where validation and test begin
    seeds: tuple = (0, 1, 2)


QUICK = Config(
    witten_bell=(1, 3), kneser_ney=(6,), hidden=48, dropout=0.0, passes=5, lr=1e-2,
    characters=100_000, temperatures=(1.0,), seeds=(0,),
)  # fmt: skip
PROBED = ("quote", "line", "depth")


def run(config, progress=iter):
    """Bits per character, of several ways to read; samples; the best cell for each property."""
    text = read(config)
    ids = text.encode(text.characters)
    a, b = (int(share * len(ids)) for share in config.shares)
    size, words = len(text.vocabulary), len(text.characters[b:].split())
    results = {
        "vocabulary": size,
        "uniform": float(np.log2(size)),
        "characters": {"train": a, "validation": b - a, "test": len(ids) - b},
        "words": words,
        "letters_a_word": (len(ids) - b) / words,
    }
    results["ngram"], counted = ngrams(config, ids, a, b, size)
    truth = probing.labels(text.characters)
    rows = [one_seed(config, text, ids, a, b, counted, truth, s) for s in progress(config.seeds)]
    results["lstm"] = {k: median(rows, k)
                       for k in ("bits", "seen", "empty", "pieces", "mixed", "weight")}  # fmt: skip
    results["lstm"] |= {
        "by_seed": [row["bits"] for row in rows],
        "validation": rows[0]["validation"],
        "parameters": rows[0]["parameters"],
    }
    perplexity = {"character": 2 ** results["lstm"]["bits"]}
    results["perplexity"] = perplexity | {
        "word": 2 ** (results["lstm"]["bits"] * results["letters_a_word"]),
        "bits_a_word": results["lstm"]["bits"] * results["letters_a_word"],
    }
    results["cells"] = {
        name: {which: {"by_seed": [row["cells"][which][name] for row in rows],
                       "fit": median(rows, "cells", which, name, "fit"),
                       "all": median(rows, "cells", which, name, "all")}
               for which in ("trained", "untrained")}
        for name in PROBED
    }  # fmt: skip
    results["edit"] = [row["edit"] for row in rows]
    results["edit_kept"] = median(rows, "edit", "kept")
    return results | {k: rows[0][k] for k in ("samples", "shown")}


def read(config):
    """The text, or its beginning."""
    text = python_help()
    return type(text)(text.name, text.characters[: config.characters], text.share)


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def ngrams(config, ids, a, b, size):
    """Bits on the test part, orders chosen on validation; the best model's bits on both parts."""
    results = {}
    counted = {k: NGram(ids[:a], k, size).bits(ids[:b], a) for k in config.witten_bell}
    order = min(counted, key=counted.get)
    model = NGram(ids[:a], order, size)
    results["witten_bell"] = {
        "order": order, "bits": model.bits(ids, b), "entries": model.entries,
        "validation": {str(k): v for k, v in counted.items()},
    }  # fmt: skip
    models = {k: KneserNey(ids[:a], k, size) for k in config.kneser_ney}
    each = {k: model.surprises(ids[:b], a) for k, model in models.items()}
    order = min(each, key=lambda k: each[k].mean())
    test = models[order].surprises(ids, b)
    results["kneser_ney"] = {
        "order": order, "bits": float(test.mean()), "entries": models[order].entries,
        "validation": {str(k): float(v.mean()) for k, v in each.items()},
    }  # fmt: skip
    both = each[order], test
    model = models[order]
    model.surprises(ids[:b], a, learn=True)  # reads on to where the test part begins
    results["learning"] = float(model.surprises(ids, b, learn=True).mean())
    return results, both


def one_seed(config, text, ids, a, b, counted, truth, seed):
    """Train one network; measure, mix with counting, sample, and look at its cells."""
    torch.manual_seed(seed)
    model = lm.CharModel(
        len(text.vocabulary), config.embedding, config.hidden, dropout=config.dropout
    )
    untrained = inspect(model, text, ids, a, b, truth)
    watched, _ = lm.train(
        model, [ids[:a]] * config.passes, batch=config.batch, length=config.length, lr=config.lr,
        watch=lambda m: float(lm.surprises(m, ids[a:b], ids[a - 2000 : a]).mean()),
    )  # fmt: skip
    each = [lm.surprises(model, ids[a:b], ids[a - 2000 : a]),
            lm.surprises(model, ids[b:], ids[b - 2000 : b])]  # fmt: skip
    trained = inspect(model, text, ids, a, b, truth)
    weight, mixed = mixture(each, counted)
    cell = trained["quote"]
    return {
        "bits": float(each[1].mean()),
        "seen": float(lm.surprises(model, ids[a - len(ids) + b : a], ids[:2000]).mean()),
        "empty": float(lm.surprises(model, ids[b:]).mean()),
        "pieces": float(lm.surprises(model, ids[b:], empty_every=config.length).mean()),
        "weight": weight,
        "mixed": mixed,
        "validation": watched,
        "parameters": parameters(model),
        "samples": {str(round(100 * t)): sample(model, text, ids[:a], t, seed)
                    for t in config.temperatures},
        "cells": {"trained": trained, "untrained": untrained},
        "edit": edit(model, text, ids, b, truth["quote"], cell["cell"]),
        "shown": {name: heat(model, text, ids, b, trained[name]) for name in PROBED},
    }


def mixture(each, counted):
    """Share of the network in the best mixture of the two on validation, and its bits on test."""

    def bits(part, w):
        return float(-np.log2(w * 2.0 ** -each[part] + (1 - w) * 2.0 ** -counted[part]).mean())

    weight = min(np.linspace(0, 1, 21), key=lambda w: bits(0, w))
    return float(weight), bits(1, weight)


def sample(model, text, read, temperature, seed):
    """300 characters after a line break, from a memory that has read the end of ``read``."""
    start = np.concatenate([read[-500:], text.encode("\n")])
    drawn = lm.write(model, start, 300, 1, temperature, (seed, 1))
    return text.decode(drawn)


def inspect(model, text, ids, a, b, truth):
    """For each property: the best cell on validation and its fit on test; all cells together."""
    states = [probing.cells(model, part) for part in (ids[a:b], ids[b:])]
    by_property = {}
    for name in PROBED:
        values = [probing.kept(truth[name][part]) for part in (slice(a, b), slice(b, None))]
        pairs = list(zip(states, values, strict=True))
        cell, fit, sign = probing.best_cell(name, *pairs)
        by_property[name] = {"cell": cell, "fit": fit, "sign": sign,
                             "all": probing.together(name, *pairs)}  # fmt: skip
    return by_property


def edit(model, text, ids, b, inside, cell, before=150, after=6):
    """Does the cell answer to the mark itself?  Opening marks of the test part become spaces.

    -> the cell's mean with and without the mark, outside quotes, and ``kept``: the share of the
    step from outside to inside that is left without the mark.
    """
    inside = inside[b:]
    quote = text.encode('"')[0]
    marks = [k for k in range(before, len(inside) - after - 1)
             if ids[b + k] == quote and inside[k : k + after + 1].all()]  # fmt: skip
    outside = [k for k in range(before, len(inside) - after - 1, max(1, len(inside) // 1000))
               if not inside[k - 1 : k + after + 1].any()]  # fmt: skip
    space = text.encode(" ")[0]
    read = {"before": before, "after": after, "mark": space}
    with_mark, without = probing.without_mark(model, ids[b:], marks, cell, **read)
    plain, _ = probing.without_mark(model, ids[b:], outside, cell, **read)
    means = [float(np.mean(v)) for v in (with_mark, without, plain)]
    return {"with": means[0], "without": means[1], "outside": means[2], "places": len(marks),
            "kept": (means[1] - means[2]) / (means[0] - means[2])}  # fmt: skip


def heat(model, text, ids, b, chosen, n=420):
    """A passage and what the cell holds after each of its characters, 0 the least, 1 the most.

    The passage: of the test part's paragraphs and what follows, the one with most quotation marks.
    """
    after = text.characters[b + 300 :]
    starts = [k + 2 for k in range(len(after) - n - 2) if after[k : k + 2] == "\n\n"]
    start = b + 300 + max(starts, key=lambda k: after[k : k + n].count('"'))
    c = probing.trace(model, ids[start - 300 : start + n][:, None])[300:, 0, chosen["cell"]]
    low, high = np.quantile(chosen["sign"] * c, (0.02, 0.98))
    held = ((chosen["sign"] * c - low) / (high - low)).clip(0, 1)
    return {
        "text": text.characters[start : start + n],
        "held": held.astype(float).round(2).tolist(),
    }
