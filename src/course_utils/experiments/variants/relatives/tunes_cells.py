"""Irish tunes, character by character: LSTM, coupled LSTM and GRU, with as many units and as large.

Every cell once with the units of the LSTM and once with about its number of weights in the layer.
All start as the layer draws them: forget gates and update gates near one half, so that retention
and write gain are equal.  About 22 CPU s a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median, median_interval
from course_utils.tasks import tunes

NETS = {
    "lstm": ("lstm", 64),
    "coupled": ("lstm_coupled", 64),
    "coupled_same": ("lstm_coupled", 76),
    "gru_same": ("gru", 76),
}


@dataclass(frozen=True)
class Config:
    """The nets and their training, as in the chapter on language."""

    nets: tuple = tuple(NETS)
    embedding: int = 32
    batch: int = 32
    length: int = 64
    passes: int = 2
    lr: float = 4e-3
    tunes: int = 10**9  # of the collection, from its start
    seeds: tuple = tuple(range(5))


QUICK = Config(nets=("coupled",), passes=1, tunes=60, seeds=(0,))


def run(config, progress=iter):
    """By net: bits per character on the validation part, and the numbers in its layer."""
    results = {"of": len(config.seeds)}
    for name in progress(config.nets):
        rows = over_seeds(partial(one_net, config, name), config.seeds, progress)
        by_seed = [row["bits"] for row in rows]
        results[name] = {
            "bits": median(rows, "bits"),
            "range": median_interval(by_seed),
            "by_seed": by_seed,
            "weights": rows[0]["weights"],
            "units": NETS[name][1],
        }
    if "lstm" in results and "coupled" in results:
        results["cost"] = {
            name: float(np.mean(np.subtract(results[name]["by_seed"], results["lstm"]["by_seed"])))
            for name in config.nets
        }
    return results


def data(config):
    """The text by its hash."""
    book = tunes.Tunes(tunes.oneill().tunes[: config.tunes])
    return {"name": "music21 corpus/oneills1850, as tasks.tunes.oneill", "sha256": book.sha256}


def one_net(config, name, seed):
    """Train one network."""
    book = tunes.Tunes(tunes.oneill().tunes[: config.tunes])
    key, hidden = NETS[name]
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = lm.CharModel(len(book.text.vocabulary), config.embedding, hidden, key=key)
    passes = [book.shuffled("train", rng) for _ in range(config.passes)]
    lm.train(model, passes, batch=config.batch, length=config.length, lr=config.lr)
    held, before = book.ids("validation"), book.ids("train")[-2000:]
    return {
        "bits": float(lm.surprises(model, held, before).mean()),
        "weights": sum(p.numel() for p in model.layer.parameters()),
    }
