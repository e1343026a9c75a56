"""An LSTM by its printed equations, with some of its parts held or cut."""

import numpy as np

from course_utils import equations
from course_utils.spec import NUMPY
from course_utils.specs import SPECS

NAMES = ("i", "f", "o", "g", "c", "h")
HELD = {"f": "f", "i": "i", "o": "o", "all": "ifo"}  # which gates stand still together
CUTS = {"belt": "c", "loop": "h"}  # which state is not passed on


def inside(params, x, held=None, cut=""):
    """x (T, n, D) -> {name of NAMES: (T, n, H)}, from states of zero.

    held {gate: (H,)}: gates that stand at these values whatever the net computes.  cut: states,
    "c" or "h", of which the next step gets the mean over the n sequences in place of their own, so
    that nothing about a single sequence passes.
    """
    n, H = x.shape[1], params["weight_hh"].shape[1]
    held = {k: np.broadcast_to(v, (n, H)) for k, v in (held or {}).items()}
    lines = [line for line in SPECS["lstm"].equations if equations.target(line) not in held]
    known = SPECS["lstm"].symbol_values(params) | held
    states = {"h": np.zeros((n, H), x.dtype), "c": np.zeros((n, H), x.dtype)}
    found = {name: [] for name in NAMES}
    for x_t in x:
        for name in cut:
            states[name] = np.broadcast_to(states[name].mean(0), (n, H))
        before = {f"{name}_prev": value for name, value in states.items()}
        now = equations.evaluate(lines, known | before | {"x": x_t}, NUMPY)
        states = {name: now[name] for name in states}
        for name, values in found.items():
            values.append(now[name])
    return {name: np.array(values, float) for name, values in found.items()}


def scores(params, x, score):
    """{"held": {key of HELD: score}, "cut": {key of CUTS: score}}; score takes h (T, n, H).

    Each gate is held, for each unit, at its own mean over x.
    """
    usual = inside(params, x)
    means = {k: usual[k].mean((0, 1)) for k in "ifo"}
    return {
        "held": {
            key: score(inside(params, x, {k: means[k] for k in which})["h"])
            for key, which in HELD.items()
        },
        "cut": {key: score(inside(params, x, cut=state)["h"]) for key, state in CUTS.items()},
    }
