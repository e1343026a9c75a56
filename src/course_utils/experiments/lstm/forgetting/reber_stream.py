"""Embedded Reber strings in an endless stream: with a forget gate, without, and with resets.

Gers, Schmidhuber & Cummins 2000, table 2.  A network is run on streams of new strings until its
first wrong prediction: perfect if there is none in any stream, good if it makes more than ``good``
steps on average.  Departures: backpropagation through chunks of 40 steps with Adam, in place of
the truncated gradient online; one cell a block; a prediction is right when every legal symbol
scores above every other; nothing is counted in the first 50 steps of a stream, since networks that
are never reset never see an empty state again; a fixed amount of training.
"""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.numpy_models import Net, layer_of
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.numpy_nn import fast, losses
from course_utils.tasks import EmbeddedReber, reber

FORGET = ("W_xf", "W_hf", "b_xf", "b_hf")
NETS = {  # name -> cell, bias of f, what is not trained
    "forget": ("lstm", 1.0, ()),
    "none": ("lstm_1997", None, ()),
    "decay": ("lstm", np.log(9.0), FORGET),  # f = 0.9, whatever comes
}


@dataclass(frozen=True)
class Config:
    """Networks, training in updates of batch × chunk symbols, and the test streams."""

    nets: tuple = ("forget", "none", "decay")
    hidden: int = 8
    batch: int = 8
    chunk: int = 40
    updates: int = 5000
    lr: float = 0.01
    streams: int = 10
    symbols: int = 100_000
    warm_up: int = 50
    at_least: int = 10_000  # steps over which outer symbols and states are measured
    good: int = 1000
    seeds: tuple = tuple(range(20))


QUICK = Config(nets=("forget", "none"), updates=2500, symbols=3000, seeds=(0,))


def run(config, progress=iter):
    """By network: shares perfect, good and the rest, mean streams, and the sizes of states."""
    results = {"of": len(config.seeds), "trained_on": config.updates * config.batch * config.chunk}
    for name in progress((*config.nets, "reset")):
        rows = over_seeds(partial(run_seed, config, name), config.seeds, progress)
        if name in ("forget", "none"):
            results[f"trace_{name}"] = rows[0]["trace"]
        results[name] = table(config, rows)
        results[name]["weights"] = rows[0]["weights"]
    return results


def run_seed(config, name, seed):
    """Train one network and test it; the first seed of two kinds is watched besides."""
    if name == "reset":
        net = train_reset(config, seed)
        return test_strings(config, net) | {"weights": net.size}
    net, tests = train(config, name, seed), streams(config, config.warm_up + config.symbols, 7000)
    watched = seed == config.seeds[0] and name in ("forget", "none")
    return test(config, net, tests) | {
        "weights": net.size, "trace": trace(net, tests) if watched else None
    }  # fmt: skip


def table(config, rows):
    """The three columns of the paper's table and the medians of what else was measured."""
    mean = np.array([np.mean(row["correct"]) for row in rows])
    perfect = mean >= config.symbols
    good = ~perfect & (mean > config.good)
    rest = ~perfect & ~good
    summary = {
        "perfect": int(perfect.sum()),
        "good": int(good.sum()),
        "rest": int(rest.sum()),
        "good_length": float(mean[good].mean()) if good.any() else None,
        "rest_length": float(mean[rest].mean()) if rest.any() else None,
        "mean_by_seed": mean.tolist(),
        "outer": median(rows, "outer"),
        "outer_by_seed": [row["outer"] for row in rows],
    }
    if rows[0].get("largest"):
        summary["largest"] = median(rows, "largest")
        summary["largest_by_seed"] = [row["largest"] for row in rows]
    return summary


@cache
def streams(config, steps, seed):
    """x (steps, streams, 7), float32, and the grammar's states, the same for all networks."""
    symbols = reber.walk(np.random.default_rng(seed), steps, config.streams)
    x = np.eye(7, dtype=np.float32)[symbols]
    return x, reber.states(x)


def make(config, name, seed):
    """The untrained network of one name."""
    key, bias, frozen = NETS[name]
    net = Net(key, 7, config.hidden, 7, seed, lr=config.lr, frozen=frozen,
                  biases=None if bias is None else {"f": bias})  # fmt: skip
    if frozen:
        blocks = net.spec.symbol_values(net.params)
        blocks["W_xf"][...] = blocks["W_hf"][...] = 0
    return net


def train(config, name, seed):
    """On one endless stream for each row of the batch, in chunks; the state is never reset."""
    net, updates = make(config, name, seed), config.updates
    rng, eye = np.random.default_rng((seed, 1)), np.eye(7, dtype=np.float32)
    symbols = reber.walk(rng, updates * config.chunk + 1, config.batch)
    state = None
    for k in range(updates):
        part = symbols[k * config.chunk : (k + 1) * config.chunk + 1]
        scores, state = net(eye[part[:-1]], state)
        _, dscores = losses.cross_entropy(scores, part[1:])
        net.learn(dscores, config.lr * max(0.05, 1 - k / updates))
    return net


def train_reset(config, seed):
    """The 1997 cell on separate strings, its state emptied before each: as many symbols."""
    net, task = make(config, "none", seed), EmbeddedReber()
    rng, total, seen = np.random.default_rng((seed, 1)), config.updates * config.batch * 40, 0
    pool = task.sample(rng, 20_000)
    while seen < total:
        rows = rng.integers(0, pool.mask.shape[1], config.batch)
        mask = pool.mask[:, rows]
        steps = int(mask.any(axis=1).sum())
        scores, _ = net(pool.x[:steps, rows].astype(np.float32))
        _, dscores = losses.cross_entropy(scores, pool.target[:steps, rows], mask[:steps])
        net.learn(dscores.astype(np.float32), config.lr * max(0.05, 1 - seen / total))
        seen += int(mask.sum())
    return net


def test(config, net, tests, chunk=2000):
    """Steps to the first mistake of each stream, share of outer symbols right, largest |c|."""
    x, states = tests
    state, workspace = None, fast.Workspace()
    alive, correct = np.ones(config.streams, bool), np.zeros(config.streams, int)
    good, asked, largest = 0, 0, 0.0
    for now in range(0, len(x), chunk):
        part = slice(now, now + chunk)
        scores, state = net(x[part], state, workspace)
        skip = max(0, config.warm_up - now)
        fine = reber.right(scores, states[part])[skip:]
        outer = reber.outer(states[part])[skip:]
        for k in np.flatnonzero(alive):
            wrong = np.flatnonzero(~fine[:, k])
            correct[k] += wrong[0] if len(wrong) else len(fine)
            alive[k] = not len(wrong)
        good, asked = good + (fine & outer).sum(), asked + outer.sum()
        if "c" in net.spec.states:
            largest = max(largest, float(np.abs(state.c).max()))
        if not alive.any() and now >= config.at_least:
            break
    return {"correct": correct.tolist(), "outer": float(good / asked), "largest": largest}


def test_strings(config, net):
    """As ``test`` for separate strings: as many symbols, the state emptied before each string."""
    correct, good, asked = [], 0, 0
    for k in range(config.streams):
        rng = np.random.default_rng((7001, k))
        x, _, mask = EmbeddedReber().sample(rng, config.symbols // 10)
        states = reber.states(x)
        scores, _ = net(x.astype(np.float32), None, fast.Workspace())
        fine, outer = reber.right(scores, states), reber.outer(states) & mask
        wrong = (~fine & mask).T[mask.T]  # string after string
        first = int(wrong.argmax()) if wrong.any() else len(wrong)
        correct.append(min(first, config.symbols))
        good, asked = good + (fine & outer).sum(), asked + outer.sum()
    return {"correct": correct, "outer": float(good / asked)}


def trace(net, tests, steps=120, far=20_000):
    """A trained network's cell state: one stream's cells near the start, and |c| over time."""
    x, states = tests[0][:, :1], tests[1][:, 0]
    _, last, tape = numpy_nn.unroll(net.key, layer_of(net.params), x[:far])
    c = np.array([cache.c_prev[0] for cache in tape.caches[1:]] + [last.c[0]])  # (far, H)
    recording = {
        "symbols": "".join(reber.SYMBOLS[k] for k in x[:steps, 0].argmax(-1)),
        "c": c[:steps].T.round(4).tolist(),
        "at": (at := np.unique(np.geomspace(1, len(c), 60).astype(int))).tolist(),
        "largest": np.abs(c).max(axis=1)[at - 1].tolist(),
        "slope": (1 - np.tanh(c) ** 2).mean(axis=1)[at - 1].tolist(),
    }
    if net.key == "lstm":
        f = np.array([cache.f[0] for cache in tape.caches])
        recording["f"] = f[:steps].T.round(4).tolist()
        kinds = {"end": states[: len(f)] == 0, "begin": states[: len(f)] == 1}
        kinds["inside"] = ~(kinds["end"] | kinds["begin"])
        recording["keeps"] = {k: f[rows].mean(axis=0).tolist() for k, rows in kinds.items()}
    return recording
