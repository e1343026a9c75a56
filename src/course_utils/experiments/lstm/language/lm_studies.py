"""How large, how deep, how much dropout?  One change at a time, on the Irish tunes."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab.torch_models import parameters
from course_utils.tasks import tunes


@dataclass(frozen=True)
class Config:
    """Each net: layers, units a layer, dropout; the same training for all."""

    sizes: tuple = ((1, 32, 0.0), (1, 64, 0.0), (1, 128, 0.0), (1, 256, 0.0))
    layers: tuple = ((1, 256, 0.25), (2, 160, 0.25), (3, 128, 0.25))  # about as many parameters
    dropout: tuple = ((1, 256, 0.0), (1, 256, 0.25), (1, 256, 0.5))
    spread: tuple = (1, 64, 0.0)  # trained from every seed, to see what chance does
    embedding: int = 32
    batch: int = 32
    length: int = 64
    passes: int = 6
    lr: float = 4e-3
    tunes: int = 10**9  # of the collection, from its start
    seeds: tuple = (0, 1, 2, 3)


QUICK = Config(
    sizes=((1, 8, 0.0), (1, 48, 0.0)), layers=((1, 48, 0.0), (2, 32, 0.0)),
    dropout=((1, 48, 0.0), (1, 48, 0.5)), spread=(1, 48, 0.0), passes=3, lr=1e-2, tunes=300,
    seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """Bits per character on the validation part (and on the training part) for every net."""
    book = tunes.Tunes(tunes.oneill().tunes[: config.tunes])
    wanted = [(*config.spread, seed) for seed in config.seeds]
    wanted += [(*net, config.seeds[0])
               for net in config.sizes + config.layers + config.dropout]  # fmt: skip
    done = {net: run_net(config, book, *net) for net in progress(list(dict.fromkeys(wanted)))}
    studies = {
        name: [done[*net, config.seeds[0]] for net in getattr(config, name)]
        for name in ("sizes", "layers", "dropout")
    }
    spread = [done[*config.spread, seed]["bits"] for seed in config.seeds]
    studies["best"] = {name: min(row["bits"] for row in studies[name]) for name in studies}
    return studies | {"spread": spread, "range": float(np.ptp(spread))}


def data(config):
    """The text by its hash."""
    book = tunes.Tunes(tunes.oneill().tunes[: config.tunes])
    return {"name": "music21 corpus/oneills1850, as tasks.tunes.oneill", "sha256": book.sha256}


def run_net(config, book, layers, hidden, dropout, seed):
    """Train one network; bits on validation and, for comparison, on as much training text."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = lm.CharModel(len(book.text.vocabulary), config.embedding, hidden, layers, dropout)
    passes = [book.shuffled("train", rng) for _ in range(config.passes)]
    lm.train(model, passes, batch=config.batch, length=config.length, lr=config.lr)
    held, train = book.ids("validation"), book.ids("train")
    return {
        "layers": layers, "hidden": hidden, "dropout": dropout,
        "bits": float(lm.surprises(model, held, train[-2000:]).mean()),
        "seen": float(lm.surprises(model, train[-len(held) :], train[:2000]).mean()),
        "parameters": parameters(model),
    }  # fmt: skip
