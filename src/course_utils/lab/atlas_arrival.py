"""How much of a gradient arrives many steps back: of fresh nets, and of trained ones."""

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.atlas_ranks import finite
from course_utils.specs import get_spec
from course_utils.tasks import Adding

ROWS = 4  # sequences


def arrived(key, layer, steps, seed=0):
    """log10 of the share of a gradient of the last output that arrives ``steps`` steps back.

    layer: the cell's parameters, which read sequences of the adding problem; a random gradient of
    the last output goes back to the states before the first step.  Its norm there, over all states
    but clocks, by its norm at the output; the geometric mean over a few sequences.  -inf where
    nothing arrives.  float64, by the readable cell.
    """
    rng = np.random.default_rng((19, seed))
    x, _, _ = Adding(steps).sample(rng, ROWS)
    layer = {name: p.astype(np.float64) for name, p in layer.items()}
    with np.errstate(all="ignore"):  # where it grows without bound
        y, _, tape = numpy_nn.unroll(key, layer, x)
        dy = np.zeros_like(y)
        dy[-1] = rng.standard_normal(y.shape[1:])
        _, dstates, _ = numpy_nn.unroll_backward(tape, dy)
    counted = [
        d for name, d in dstates._asdict().items()
        if not isinstance(get_spec(key).initial.get(name), int)
    ]  # fmt: skip
    back = np.linalg.norm(np.concatenate([d.reshape(ROWS, -1) for d in counted], axis=1), axis=1)
    with np.errstate(divide="ignore"):
        return float(np.log10(back / np.linalg.norm(dy[-1], axis=1)).mean())


def fresh(key, hidden, inputs, steps, seeds):
    """`arrived` for a layer of each seed as ``init_params`` draws it."""
    rngs = (np.random.default_rng((13, seed)) for seed in seeds)
    return [arrived(key, numpy_nn.init_params(key, inputs, hidden, rng), steps) for rng in rngs]


def summary(logs):
    """Median and quartiles of log10 shares; None where nothing arrives: -inf or NaN."""
    logs = np.nan_to_num([-np.inf if v is None else v for v in logs], nan=-np.inf, neginf=-np.inf)
    low, median, high = np.quantile(logs, [0.25, 0.5, 0.75], method="nearest")
    return {"median": finite(median), "low": finite(low), "high": finite(high)}
