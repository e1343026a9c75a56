"""Does the cell of the quotation marks do anything?  It is held at its mean, and the net asked.

Karpathy, Johnson & Fei-Fei 2015 show such cells; here one is interfered with.  The cell that tells
best whether a character stands inside quotation marks is chosen on validation text.  On test text,
before every closing mark, its c is set at each of the last ``held`` time steps to its mean inside
or outside quotations; all else runs on.  Controls: single other cells, drawn at random, held at
their own means outside.  Measured: the bits that the closing mark then costs.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils import numpy_nn
from course_utils.lab import language_models as lm
from course_utils.lab import probing
from course_utils.lab.statistics import median
from course_utils.tasks.text import python_help


@dataclass(frozen=True)
class Config:
    """The network and its training; how long a cell is held, how many others are tried."""

    embedding: int = 32
    hidden: int = 128
    batch: int = 32
    length: int = 64
    passes: int = 5
    lr: float = 4e-3
    characters: int = 10**9  # of the text, from its start
    before: int = 100  # characters read before the closing mark
    held: int = 8
    others: int = 20
    shares: tuple = (0.8, 0.9)  # where validation and test begin
    seeds: tuple = (0, 1, 2)


QUICK = Config(hidden=64, passes=8, lr=1e-2, characters=200_000, others=6, seeds=(0,))


def run(config, progress=iter):
    """Bits of a closing mark as it is, with the cell held inside and outside, and controls."""
    rows = [one_seed(config, seed) for seed in progress(config.seeds)]
    names = ("fit", "bits", "inside", "outside", "others", "worst", "places")
    return {name: median(rows, name) for name in names} | {
        "of": len(rows), "tried": config.others, "held": config.held, "by_seed": rows}  # fmt: skip


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def read(config):
    """The text, or its beginning."""
    text = python_help()
    return type(text)(text.name, text.characters[: config.characters], text.share)


def one_seed(config, seed):
    """Train one network, find its cell, hold it."""
    text = read(config)
    ids = text.encode(text.characters)
    a, b = (int(share * len(ids)) for share in config.shares)
    torch.manual_seed(seed)
    model = lm.CharModel(len(text.vocabulary), config.embedding, config.hidden)
    lm.train(
        model, [ids[:a]] * config.passes, batch=config.batch, length=config.length, lr=config.lr
    )
    inside = probing.labels(text.characters)["quote"]
    parts = [(probing.cells(model, ids[part]), probing.kept(inside[part]))
             for part in (slice(a, b), slice(b, None))]  # fmt: skip
    cell, fit, _ = probing.best_cell("quote", *parts)
    states, label = parts[0]
    means = {"inside": states[label > 0].mean(0), "outside": states[label == 0].mean(0)}
    mark = text.encode('"')[0]
    marks = [k for k in range(b + config.before, len(ids))
             if ids[k] == mark and inside[k - config.held : k].all()]  # fmt: skip
    windows = np.stack([ids[k - config.before : k] for k in marks], axis=1)

    def bits(k=None, where="outside"):
        value = None if k is None else means[where][k]
        return price(model, windows, mark, config.held, k, value)

    rng = np.random.default_rng((seed, 1))
    others = rng.choice(np.delete(np.arange(config.hidden), cell), config.others, replace=False)
    controls = [bits(k) for k in others]
    return {
        "fit": fit, "cell": cell, "places": len(marks), "bits": bits(),
        "inside": bits(cell, "inside"), "outside": bits(cell),
        "others": float(np.median(controls)), "worst": max(controls),
    }  # fmt: skip


def price(model, windows, mark, held, cell=None, value=0.0):
    """Mean bits of ``mark`` after windows (T, B), c of a cell set to value at the last steps."""
    with torch.no_grad():
        x = model.embedding(torch.from_numpy(windows))
        _, (h, c) = model.layer(x[:-held])
    params = {k.removesuffix("_l0"): p.numpy() for k, p in model.layer.state_dict().items()}
    state = numpy_nn.get_cell("lstm").State(h=h[0].numpy(), c=c[0].numpy())
    for x_t in x[-held:].numpy():
        state, cache = numpy_nn.step("lstm", params, x_t, state)
        if cell is not None:
            c = state.c.copy()
            c[:, cell] = value
            state = state._replace(h=cache.o * np.tanh(c), c=c)
    with torch.no_grad():
        logp = torch.log_softmax(model.readout(torch.from_numpy(state.h)), -1)
    return float(-logp[:, mark].mean() / np.log(2))
