"""How far back a gradient reaches, and what the cell state of an LSTM keeps of it.

Untrained networks on random input: the gradient of one random sum of the last output with respect
to the input ``gap`` steps before, and the Jacobian of the last cell state with respect to an
earlier one (h of that step held fixed) beside its direct part, the product of the forget gates.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.seeds import over_seeds


@dataclass(frozen=True)
class Config:
    """Size of the networks, length, gaps at which Jacobians are taken."""

    inputs: int = 4
    hidden: int = 32
    steps: int = 101
    gaps: tuple = (1, 2, 5, 10, 20, 50, 100)
    retention: float = 0.99
    loud: float = 6.0  # factor on the recurrent weights of the LSTM that explodes
    seeds: tuple = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)


QUICK = Config(hidden=16, steps=51, gaps=(1, 10, 50), seeds=(0, 1, 2))


def run(config, progress=iter):
    """By network: median over seeds of gradient norms by gap, and of Jacobians by gap."""
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    results = {"gaps": list(config.gaps), "nets": len(rows), "reach": {}, "cell": {}}
    for name in ("rnn", "lstm", "lstm_keeps"):
        norms = np.array([row["reach"][name] for row in rows])  # (seeds, steps)
        relative = np.median(norms / norms[:, :1], axis=0)
        results["reach"][name] = {
            "relative": relative.tolist(),
            "at_end": float(relative[-1]),
            "half": int(np.argmax(relative < 0.5)) if (relative < 0.5).any() else None,
        }
    for name in ("lstm", "lstm_keeps", "lstm_loud"):
        values = np.median([row["cell"][name] for row in rows], axis=0)  # (gaps, 4)
        kinds = ("full", "direct", "share", "unit")
        results["cell"][name] = dict(zip(kinds, values.T.tolist(), strict=True))
    return results


def one_seed(config, seed):
    """Gradient norms by gap (steps,) for three networks; what `along_cell` returns for three."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((config.steps, 1, config.inputs))
    nets = networks(config, seed)
    return {
        "reach": {name: reach(key, params, x, rng) for name, (key, params) in nets.items()},
        "cell": {name: along_cell(nets[name][1], x, config.gaps) for name in nets if name != "rnn"},
    }


def networks(config, seed):
    """name -> (key, params), all from the same seed."""

    def draw(key, retention=None):
        rng = np.random.default_rng((seed, 1))
        return numpy_nn.init_params(key, config.inputs, config.hidden, rng, retention=retention)

    loud = draw("lstm", config.retention)
    loud["weight_hh"] = config.loud * loud["weight_hh"]
    return {
        "rnn": ("rnn", draw("rnn")),
        "lstm": ("lstm", draw("lstm")),
        "lstm_keeps": ("lstm", draw("lstm", config.retention)),
        "lstm_loud": ("lstm", loud),
    }


def reach(key, params, x, rng):
    """‖dL/dx‖ by gap (T,), L a random sum of the last output's entries."""
    y, _, tape = numpy_nn.unroll(key, params, x)
    dy = np.zeros_like(y)
    dy[-1] = rng.standard_normal(dy[-1].shape)
    dx, *_ = numpy_nn.unroll_backward(tape, dy)
    return np.linalg.norm(dx[::-1, 0], axis=1)


def jacobian(params, x, gap):
    """dc_T / dc_(T-gap), all paths and the direct one: both (H, H)."""
    cell, H = numpy_nn.get_cell("lstm"), params["weight_hh"].shape[1]
    _, _, tape = numpy_nn.unroll("lstm", params, np.repeat(x, H, axis=1))  # one row a copy
    dstate, direct = cell.State(np.zeros((H, H)), np.eye(H)), np.ones(H)
    for cache in reversed(tape.caches[-gap:]):
        _, dstate, _ = cell.step_backward(params, cache, dstate)
        direct = direct * cache.f[0]
    return dstate.c, np.diag(direct)


def along_cell(params, x, gaps):
    """(full, direct, share, unit) by gap: spectral norms; |direct| over |direct| + |the rest|; the
    product of the forget gates in the median unit."""
    rows = []
    for gap in gaps:
        full, direct = jacobian(params, x, gap)
        rest = np.linalg.norm(full - direct)
        kept = np.linalg.norm(direct)
        norms = np.linalg.norm(full, 2), np.linalg.norm(direct, 2)
        rows.append((*norms, kept / (kept + rest), np.median(np.diag(direct))))
    return rows
