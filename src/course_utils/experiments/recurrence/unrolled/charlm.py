"""Characters of Python's help text: recurrent networks beside n-grams, in bits per character."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import parameters
from course_utils.tasks.ngram import KneserNey, NGram
from course_utils.tasks.text import python_help


@dataclass(frozen=True)
class Config:
    """Orders of the n-grams by smoothing, the networks, and training with a carried state."""

    orders: tuple = (1, 2, 3, 4, 5, 6)  # Witten-Bell
    longer: tuple = (2, 3, 4, 5, 6, 8, 10)  # Kneser-Ney
    nets: tuple = (("rnn", 2e-3), ("lstm", 5e-3))  # cell and first learning rate
    embedding: int = 32
    hidden: int = 128
    batch: int = 32
    length: int = 64
    passes: int = 16
    characters: int = 10**9  # of the text, from its start
    temperatures: tuple = (0.5, 1.0, 1.5)
    seeds: tuple = (0, 1, 2)


QUICK = Config(
    orders=(1, 3), longer=(3,), nets=(("rnn", 5e-3),), hidden=32, passes=2, characters=60_000,
    seeds=(0,), temperatures=(1.0,),
)  # fmt: skip


def run(config, progress=iter):
    """Bits per character on the held-out end of the text, parameters, and samples."""
    text = python_help().beginning(config.characters)
    size = len(text.vocabulary)
    both = np.concatenate([text.train, text.held_out])
    results = {
        "uniform": float(np.log2(size)),
        "witten_bell": counted(NGram, config.orders, text.train, size, both, text.cut),
        "kneser_ney": counted(KneserNey, config.longer, text.train, size, both, text.cut),
        "nets": {},
        "vocabulary": size,
        "characters": len(both),
    }
    for key, lr in config.nets:
        rows = over_seeds(partial(run_seed, config, text, key, lr), config.seeds, progress)
        results["nets"][key] = {
            "bits": median(rows, "bits"),
            "by_seed": [row["bits"] for row in rows],
            "parameters": rows[0]["parameters"],
            "curve": rows[0]["curve"],
            "samples": rows[0]["samples"],
        }
    return results


def counted(model, orders, train, size, both, cut):
    """Bits per character on the held-out end, and how many counts are kept, by order."""
    bits, entries = {}, {}
    for k in orders:
        ngram = model(train, k, size)
        each = ngram.surprises(both, cut) if model is KneserNey else ngram.bits(both, cut)
        bits[str(k)], entries[str(k)] = float(np.mean(each)), ngram.entries
    best = min(bits, key=bits.get)
    return {
        "bits": bits, "entries": entries,
        "best_order": int(best), "best": bits[best], "best_entries": entries[best],
    }  # fmt: skip


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = python_help().beginning(config.characters)
    return {"name": text.name, "sha256": text.sha256}


def run_seed(config, text, key, lr, seed):
    """Train one network on strips of the text, the state carried from chunk to chunk."""
    torch.manual_seed(seed)
    model = lm.CharModel(len(text.vocabulary), config.embedding, config.hidden, key=key)
    passes = [text.train] * config.passes
    _, losses = lm.train(model, passes, batch=config.batch, length=config.length, lr=lr)
    losses = np.concatenate(losses)
    return {
        "bits": lm.bits(model, text.held_out),
        "parameters": parameters(model),
        "curve": losses[: len(losses) // 50 * 50].reshape(-1, 50).mean(axis=1).round(3).tolist(),
        "samples": {str(t): write(model, text, t, 300, seed) for t in config.temperatures},
    }


def write(model, text, temperature, n, seed):
    """n characters after a line break, each drawn and fed back."""
    ids = lm.write(model, text.encode("\n"), n, 1, temperature, seed)
    return text.decode(ids[:, 0])
