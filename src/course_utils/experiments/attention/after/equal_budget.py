"""Python's help text, letter by letter: equal parameters, and equal time.

Four ways to mix along time in one frame, each as wide as the same number of parameters allows.  One
training gives both comparisons: bits a character on held-out text after each ``every`` updates, and
the CPU seconds spent until then.  Windows of ``length`` characters, each from an empty state.
About 70 CPU seconds a seed.
"""

import time
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.mixers import MixerNet
from course_utils.lab.seeds import over_seeds
from course_utils.tasks.text import python_help
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Mixers with their widths; text, windows, training."""

    kinds: tuple = (("lstm", 53), ("gru", 58), ("mingru", 73), ("attention", 64))
    characters: int = 200_000
    length: int = 64
    batch: int = 16
    lr: float = 3e-3
    updates: int = 600
    every: int = 60
    windows: int = 64  # of held-out text
    seeds: tuple = tuple(range(8))


QUICK = Config(kinds=(("lstm", 16), ("attention", 16)), characters=20_000, length=16, batch=8,
               lr=1e-2, updates=40, every=20, windows=16, seeds=(0,))  # fmt: skip


def run(config, progress=iter):
    """By mixer: bits and CPU seconds along training; bits at equal updates and at equal time.

    timed: bits when the quickest mixer of the same seed was done with its updates.  lstm_ahead: in
    how many seeds the LSTM has fewer bits, at equal updates and at equal time.
    """
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    limits = [min(net["seconds"][-1] for net in row.values()) for row in rows]
    results = {
        "of": len(rows),
        "at": list(range(config.every, config.updates + 1, config.every)),
        "seconds": float(np.median(limits)),
        "nets": {},
    }
    for kind, width in config.kinds:
        own = [row[kind] for row in rows]
        bits = np.array([net["bits"] for net in own])  # (seeds, checks)
        timed = [
            float(np.interp(limit, net["seconds"], net["bits"]))
            for limit, net in zip(limits, own, strict=True)
        ]
        results["nets"][kind] = {
            "bits": np.median(bits, axis=0).round(4).tolist(),
            "seconds": np.median([net["seconds"] for net in own], axis=0).round(3).tolist(),
            "last": float(np.median(bits[:, -1])),
            "last_by_seed": bits[:, -1].tolist(),
            "timed": float(np.median(timed)),
            "timed_by_seed": timed,
            "parameters": own[0]["parameters"],
            "width": width,
        }
    nets = results["nets"]
    for net in nets.values():
        net["lstm_ahead"] = {
            name: int(np.less(nets["lstm"][f"{name}_by_seed"], net[f"{name}_by_seed"]).sum())
            for name in ("last", "timed")
        }
    counts = [net["parameters"] for net in nets.values()]
    results["apart"] = max(counts) / min(counts)
    return results


def read(config):
    """The beginning of the text."""
    return python_help().beginning(config.characters)


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def one_seed(config, seed):
    """One net of each kind, one after the other, so that all meet the same machine."""
    text = read(config)
    return {kind: trained(config, text, kind, width, seed) for kind, width in config.kinds}


def trained(config, text, kind, width, seed):
    """Train one net -> bits and seconds at every stop."""
    model = MixerNet(kind, len(text.vocabulary), width, len(text.vocabulary), seed)
    rng, spent, bits = np.random.default_rng((seed, 1)), [], []
    held = windows(text.held_out, config.length, config.windows, np.random.default_rng(2))
    loss = partial(nats, length=config.length)

    def check():
        spent.append(time.process_time() - begin - sum(aside))
        now = time.process_time()
        with torch.no_grad():
            bits.append(float(loss(model, held)) / np.log(2))
        aside.append(time.process_time() - now)
        return bits[-1]

    begin, aside = time.process_time(), []
    step = torch_step(
        model, loss, lambda: windows(text.train, config.length, config.batch, rng), lr=config.lr
    )
    fit(step, config.updates, check=check, every=config.every, bar=False)
    return {
        "bits": bits,
        "seconds": spent,
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def windows(ids, length, n, rng):
    """n windows of length + 1 characters, (length + 1, n)."""
    starts = rng.integers(0, len(ids) - length - 1, n)
    return torch.from_numpy(ids[starts + np.arange(length + 1)[:, None]])


def nats(model, ids, length):
    """Mean cross-entropy of the next character."""
    logits = model(ids[:-1])
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[1:].flatten())
