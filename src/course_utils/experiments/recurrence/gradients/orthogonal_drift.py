"""What becomes of an orthogonal start: singular values of W_hh before and after training.

The networks, data and updates of ``cue_gap``, one gap.  About 45 CPU seconds.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.cue_nets import CueConfig, cue_net, trained_accuracy
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.tasks import Cue


@dataclass(frozen=True)
class Config(CueConfig):
    """As in ``cue_gap``, with one gap and a check that never ends the training early."""

    gaps: tuple = (40,)
    every: int = 500
    seeds: tuple = tuple(range(20))


QUICK = Config(gaps=(10,), updates=100, every=100, seeds=(0, 1))


def run(config, progress=iter):
    """By seed and in the median: smallest and largest singular value, radius, accuracy."""
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    return {
        "of": len(config.seeds),
        "solved": sum(row["accuracy"] >= config.solved for row in rows),
        "by_seed": {name: [row[name] for row in rows] for name in rows[0]},
        **{name: median(rows, name) for name in rows[0]},
    }


def one_seed(config, seed):
    """One network, trained for all updates."""
    (gap,) = config.gaps
    model = cue_net(config, "orthogonal", Cue(gap), seed)
    accuracy = trained_accuracy(config, model, gap, seed)
    W = model.layer.weight_hh_l0.detach().numpy().astype(float)
    sizes = np.linalg.svd(W, compute_uv=False)
    return {
        "least": float(sizes[-1]),
        "largest": float(sizes[0]),
        "radius": float(np.abs(np.linalg.eigvals(W)).max()),
        "accuracy": accuracy,
    }
