"""The embedded Reber grammar on separate strings, beside the paper's table.

Hochreiter & Schmidhuber 1997, table 1: 256 strings to train on and 256 to test; solved when every
prediction on all of them is right.  Also: the cell of 1997 with output gates that start shut, each
further than the last, the paper's remedy for cells that are taken too early.  Departures: Adam on
the full gradient in batches of 8 where the paper updates online with its truncated gradient; a
prediction is right when every legal symbol scores above every other; one cell a block.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.numpy_models import Net, growing
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.numpy_nn import fast, losses
from course_utils.tasks import EmbeddedReber, reber
from course_utils.training import fit


@dataclass(frozen=True)
class Config:
    """Networks as (name, cell, units, bias of f, step of o's biases), strings, training."""

    nets: tuple = (
        ("rnn", "rnn", 15, None, 0.0),
        ("lstm_1997", "lstm_1997", 6, None, 0.0),
        ("lstm_1997_shut", "lstm_1997", 6, None, -1.0),
        ("lstm", "lstm", 6, None, 0.0),
        ("lstm_keeps", "lstm", 6, 3.0, 0.0),
    )
    strings: int = 256
    batch: int = 8
    lr: float = 0.02
    updates: int = 5000
    every: int = 50
    seeds: tuple = tuple(range(20))


QUICK = Config(nets=(("lstm_1997", "lstm_1997", 8, None, 0.0),), updates=2500, seeds=(0, 1))


def run(config, progress=iter):
    """By network: seeds that solved it, sequences it took, shares of outer symbols right."""
    results = {"of": len(config.seeds)}
    for name, *net in progress(config.nets):
        rows = over_seeds(partial(run_seed, config, *net), config.seeds, progress)
        took = [row["sequences"] for row in rows if row["solved"]]
        results[name] = {
            "solved": len(took),
            "sequences": float(np.mean(took)) if took else None,
            "by_seed": [row["sequences"] if row["solved"] else None for row in rows],
            "outer": median(rows, "outer"),
            "outer_by_seed": [row["outer"] for row in rows],
            "strings": median(rows, "strings"),
            "weights": rows[0]["weights"],
        }
    return results


def run_seed(config, key, units, forget, output_step, seed):
    """Train one network on its own 256 strings until it makes no mistake, or time is up."""
    rng, task = np.random.default_rng((seed, 1)), EmbeddedReber()
    strings = [task.sample(rng, config.strings) for _ in range(2)]
    biases = {"o": growing(output_step, units)} if output_step else {}
    if forget is not None:
        biases["f"] = forget
    net = Net(key, 7, units, 7, seed, lr=config.lr, biases=biases)
    train = strings[0]

    def step():
        rows = rng.integers(0, config.strings, config.batch)
        mask = train.mask[:, rows]
        mask = mask[: mask.any(axis=1).sum()]
        steps = len(mask)
        scores, _ = net(train.x[:steps, rows].astype(np.float32))
        loss, dscores = losses.cross_entropy(scores, train.target[:steps, rows], mask)
        net.learn(dscores.astype(np.float32))
        return loss

    history = fit(
        step,
        config.updates,
        check=lambda: min(judge(net, batch)[0] for batch in strings),
        every=config.every,
        done=lambda share: share == 1,
        bar=False,
    )
    share, outer = judge(net, strings[1])
    return {
        "solved": history.stopped,
        "sequences": history.updates * config.batch,
        "strings": share,
        "outer": outer,
        "weights": net.size,
    }


def judge(net, batch):
    """(share of strings without a mistake, share of outer symbols right)."""
    states = reber.states(batch.x)
    scores, _ = net(batch.x.astype(np.float32), None, fast.Workspace())
    fine = reber.right(scores, states) | ~batch.mask
    outer = reber.outer(states) & batch.mask
    return float(fine.all(axis=0).mean()), float(fine[outer].mean())
