"""How many rounds Newton along time takes, beside the largest Lyapunov exponent of the network.

Untrained networks on noise, recurrent weights Gaussian with standard deviation scale / √H, all else
as ``init_params`` draws it, states from zero.  For each: the exponent (the mean log factor of a
gradient on its way back), the rounds until no number moves by more than 1e-11, how far the result
is from the loop, and how far a loop strays whose states are rounded otherwise.  About 90 CPU
seconds in all, 5 a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.newton import largest_exponent, newton
from course_utils.lab.seeds import over_seeds


@dataclass(frozen=True)
class Config:
    """Cells, and the scales of their recurrent weights; sizes; loud: the input's deviation."""

    cells: tuple = ("rnn", "lstm", "gru")
    scales: tuple = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
    steps: int = 256
    hidden: int = 8
    inputs: int = 3
    loud: float = 0.5
    shown: float = 2.0  # the scale whose changes are kept, of the first cell and seed
    tame: float = -0.2  # nets with an exponent below this are counted apart
    near: float = 1e-10  # as the loop, for all that these networks may ask
    roundings: int = 4  # loops whose states are rounded otherwise
    seeds: tuple = tuple(range(20))


QUICK = Config(scales=(0.5, 2.0, 6.0), steps=32, hidden=4, seeds=(0, 1))


def run(config, progress=iter):
    """By cell: exponents and rounds (scales, seeds), medians, and the distance from the loop."""
    results = {"scales": list(config.scales), "steps": config.steps, "of": len(config.seeds)}
    off = []
    for key in progress(config.cells):
        rows = over_seeds(partial(one_seed, config, key), config.seeds, progress)
        found = np.array([row["by_scale"] for row in rows])  # (seeds, scales, 4)
        exponent, rounds, apart, strays = np.moveaxis(found, -1, 0)
        tame, wild = rounds[exponent < config.tame], rounds[exponent > 0]
        results[key] = {
            "exponent": np.median(exponent, axis=0).round(4).tolist(),
            "rounds": np.median(rounds, axis=0).tolist(),
            "exponent_by_seed": exponent.T.round(4).tolist(),
            "rounds_by_seed": rounds.T.astype(int).tolist(),
            "tame": {"most": int(tame.max()), "nets": len(tame),
                     "beyond_half": int((2 * tame > config.steps).sum())},
            "wild": {"least": int(wild.min()) if len(wild) else None, "nets": len(wild)},
        }  # fmt: skip
        off += np.stack([apart, strays], axis=-1)[exponent < 0].tolist()
    results["off"] = against_the_loop(np.array(off), config.near)
    results["front"] = front(config, config.cells[0], config.shown, config.seeds[0])
    return results


def against_the_loop(off, near):
    """off (nets, 2): differences of Newton and of loops rounded otherwise, from the loop."""
    apart, strays = off.T
    worst = apart.argmax()
    return {
        "nets": len(off),
        "near": int((apart <= near).sum()),
        "most": float(apart[worst]),
        "strays_there": float(strays[worst]),
        "unexplained": int((apart > np.maximum(near, strays)).sum()),
    }


def network(config, key, scale, seed):
    """Parameters of one network, and its input (T, 1, D)."""
    rng = np.random.default_rng(seed)
    params = numpy_nn.init_params(key, config.inputs, config.hidden, rng)
    spread = scale / np.sqrt(config.hidden)
    params["weight_hh"] = spread * rng.standard_normal(params["weight_hh"].shape)
    return params, config.loud * rng.standard_normal((config.steps, 1, config.inputs))


def one_seed(config, key, seed):
    """For each scale: exponent, rounds, and what ``against_the_loop`` takes."""
    found = []
    for scale in config.scales:
        params, x = network(config, key, scale, seed)
        y, _, _ = numpy_nn.unroll(key, params, x)
        solved = newton(key, params, x)
        found.append([
            float(largest_exponent(key, params, x)[0]),
            solved.iterations,
            float(np.abs(solved.states.h - y).max()),
            max(
                float(np.abs(rounded_otherwise(key, params, x, draw) - y).max())
                for draw in range(config.roundings)
            ),
        ])  # fmt: skip
    return {"by_scale": found}


def rounded_otherwise(key, params, x, draw):
    """h (T, B, H) of a loop in which each number of a state goes up or down by its last bit, or
    stays as it is, at each step: as far from ``unroll`` as rounding alone can bring it."""
    rng, state, h = np.random.default_rng(draw), None, []
    for x_t in x:
        _, state, _ = numpy_nn.unroll(key, params, x_t[None], state)
        state = type(state)(*(s + rng.integers(-1, 2, s.shape) * np.spacing(s) for s in state))
        h.append(state.h)
    return np.stack(h)


def front(config, key, scale, seed):
    """log10 of what each round still moved at each step, from -12 to 2: one network's picture."""
    params, x = network(config, key, scale, seed)
    changes = newton(key, params, x).changes
    return np.log10(np.clip(changes, 1e-12, 100)).round(1).tolist()
