"""An LSTM by its printed equations, with gates that stand still or states that are not passed on.

Which quantity a score needs is held at its own mean over the data: the ablation that keeps the
average and removes what depends on the input.
"""

import numpy as np

from course_utils.specs import SPECS

HELD = {"f": "f", "i": "i", "o": "o", "all": "ifo"}  # which gates stand still together
CUTS = ("c", "h")  # which half of the state is not passed on


def ablate(params, x, held=None, cut=""):
    """x (T, n, D) -> {name: (T, n, H)} for every equation of the LSTM, from states of zero.

    held: {gate: (H,)}, gates that stand at these values whatever the net computes.  cut: states,
    "c" or "h", of which the next step gets the mean over the n sequences in place of their own, so
    that nothing about a single sequence passes.
    """

    def averaged(states):
        return states | {k: np.broadcast_to(states[k].mean(0), states[k].shape) for k in cut}

    by_equation = SPECS["lstm"].unroll(params, x, held=held, between=averaged)
    return {name: np.asarray(values, float) for name, values in by_equation.items()}


def scores(params, x, score):
    """{"held": {key of HELD: score}, "cut": {"c" or "h": score}}; score takes h (T, n, H).

    Each gate is held, for each unit, at its own mean over x.
    """
    usual = ablate(params, x)
    means = {k: usual[k].mean((0, 1)) for k in "ifo"}
    return {
        "held": {
            key: score(ablate(params, x, {k: means[k] for k in which})["h"])
            for key, which in HELD.items()
        },
        "cut": {state: score(ablate(params, x, cut=state)["h"]) for state in CUTS},
    }
