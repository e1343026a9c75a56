"""Do the gates decide, does the cell state carry?  As in ``gate_language``, on the adding problem.

Networks that solve it, with gates held at their averages, and with c or h not passed on.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import torch_nn
from course_utils.lab.ablation import CUTS, HELD, scores
from course_utils.lab.adding_nets import AddingConfig, trained
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.tasks import Adding


@dataclass(frozen=True)
class Config(AddingConfig):
    """As in the experiment ``adding``: the net that solves it in every seed, at one length."""

    length: int = 50
    retention: float = 0.99
    input_bias: float = -2.0
    seeds: tuple = tuple(range(20))


QUICK = Config(length=24, retention=0.9, updates=600, wrong=0.2, seeds=(0,))


def run(config, progress=iter):
    """Share of the answers that are right: as trained, and with parts held or cut; medians."""
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    results = {"right": median(rows, "right")}
    for way, keys in (("held", HELD), ("cut", CUTS)):
        results[way] = {k: median(rows, way, k) for k in keys}
    constant = 1 - Adding(config.length).wrong(0.5, rows[0]["target"])
    seeds = [{k: v for k, v in row.items() if k != "target"} for row in rows]
    return results | {"constant": constant, "seeds": seeds, "of": len(rows)}


def one_seed(config, seed):
    """Train one network; the shares right of its answers to the test sequences."""
    start = ("lstm", config.retention, config.input_bias, config.length)
    model, history, test = trained(config, *start, seed)
    weight, bias = (p.detach().numpy() for p in model.readout.parameters())

    def right(h):
        return 1 - Adding(config.length).wrong(h[-1] @ weight.T + bias, test.target)

    params = torch_nn.to_numpy(model.layer)
    x = test.x.astype(np.float32)
    return {
        "right": 1 - history.checks[-1][1],
        **scores(params, x, right),
        "target": test.target,
    }
