"""What a start made for long gaps costs where they are short: gate biases on the Irish tunes.

The net of 64 units of ``lm_studies``, trained the same way, with its gates as PyTorch draws them,
with a forget bias of 1, and with forget gates at 5 and input gates at -5.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab.gate_bias import set_layer_bias
from course_utils.lab.statistics import median
from course_utils.tasks import tunes

STARTS = {"drawn": {}, "one": {"f": 1.0}, "long": {"f": 5.0, "i": -5.0}}


@dataclass(frozen=True)
class Config:
    """The net and its training, as in ``lm_studies``."""

    hidden: int = 64
    embedding: int = 32
    batch: int = 32
    length: int = 64
    passes: int = 6
    lr: float = 4e-3
    tunes: int = 10**9  # of the collection, from its start
    seeds: tuple = (0, 1, 2)


QUICK = Config(hidden=24, passes=2, tunes=150, seeds=(0,))


def run(config, progress=iter):
    """By start: bits per character on the validation part after training, and after each pass."""
    book = tunes.Tunes(tunes.oneill().tunes[: config.tunes])
    results = {"of": len(config.seeds)}
    for start in progress(list(STARTS)):
        rows = [run_net(config, book, start, seed) for seed in config.seeds]
        results[start] = {
            "bits": median(rows, "bits"),
            "by_seed": [row["bits"] for row in rows],
            "passes": np.median([row["passes"] for row in rows], axis=0).tolist(),
        }
    return results


def data(config):
    """The text by its hash."""
    book = tunes.Tunes(tunes.oneill().tunes[: config.tunes])
    return {"name": "music21 corpus/oneills1850, as tasks.tunes.oneill", "sha256": book.sha256}


def run_net(config, book, start, seed):
    """Train one network."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = lm.CharModel(len(book.text.vocabulary), config.embedding, config.hidden)
    for gate, bias in STARTS[start].items():
        set_layer_bias(model.layer, gate, bias)
    passes = [book.shuffled("train", rng) for _ in range(config.passes)]
    held, before = book.ids("validation"), book.ids("train")[-2000:]
    watched, _ = lm.train(
        model, passes, batch=config.batch, length=config.length, lr=config.lr,
        watch=lambda m: float(lm.surprises(m, held, before).mean()),
    )  # fmt: skip
    return {"bits": watched[-1], "passes": watched}
