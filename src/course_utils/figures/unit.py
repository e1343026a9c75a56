"""One LSTM unit with one input over some steps: what the explorer plays, checked and computed.

Its pre-activations are set by hand, or its weights decide them from x and h, or both: a gate that
is set by hand at some step is held there against the weights.
"""

import math

import numpy as np

from course_utils import equations
from course_utils.figures.cell_stepper import FUNCTIONS, with_scores
from course_utils.figures.charts import GATES
from course_utils.figures.errors import FigureError

STATES = ("c", "h")
WEIGHTS = tuple(f"{weight}{k}" for k in GATES for weight in ("W_x", "W_h", "b_"))
LIMIT = {**dict.fromkeys(GATES, 6), "x": 3, "h_0": 1, "c_0": 3}  # how far each slider goes
KEYS = (*GATES, "weights", "x", "h_0", "c_0")


def checked(name, given):
    """A preset as {"f": [a number or None, …], …, "weights", "x", "h_0", "c_0"}, all filled in."""
    where = f"presets[{name!r}]"
    if unknown := [k for k in given if k not in KEYS]:
        raise FigureError(f"{where}: unknown {', '.join(unknown)}; it knows {', '.join(KEYS)}")
    weights, x = given.get("weights"), given.get("x")
    if weights is None and (x is not None or given.get("h_0")):
        raise FigureError(f"{where}: without weights nothing reads 'x' or 'h_0'")
    if weights is not None:
        if x is None:
            raise FigureError(f"{where}: weights, but no inputs 'x' for them to read")
        weights, x = _weights(where, weights), [_number(f"{where}: x", v) for v in x]
    return {
        **{k: _scores(where, given, k, x) for k in GATES},
        "weights": weights,
        "x": x,
        "h_0": _number(f"{where}: h_0", given.get("h_0", 0)),
        "c_0": _number(f"{where}: c_0", given.get("c_0", 0)),
    }


def within(name, unit):
    """The unit, if every slider reaches its values."""
    for key, limit in LIMIT.items():
        values = unit[key] if isinstance(unit[key], list) else [unit[key]]
        for v in values:
            if v is not None and abs(v) > limit:
                raise FigureError(
                    f"presets[{name!r}]: {key} = {v:g}, but its slider ends at {limit}"
                )
    return unit


def held(unit):
    """{(gate, index)} of what a hand holds against the weights."""
    if unit["weights"] is None:
        return set()
    return {(k, t) for k in GATES for t, a in enumerate(unit[k]) if a is not None}


def lstm_run(preset):
    """One LSTM unit, step by step.

    preset, as for ``lstm_explorer`` -> T dicts of x (None without weights), c_prev, h_prev, the
    pre-activations a_f, a_i, a_g, a_o, the gates, kept = f * c_prev, written = i * g, c and h.  The
    equations are those of the spec; a pre-activation that is set by hand replaces its line.
    """
    from course_utils.specs import SPECS

    unit = checked("preset", preset)
    lines = [*with_scores(SPECS["lstm"].equations), "kept = f * c_prev", "written = i * g"]
    known = {name: np.array([[v]]) for name, v in (unit["weights"] or {}).items()}
    c, h, run = np.array([[unit["c_0"]]]), np.array([[unit["h_0"]]]), []
    for t in range(len(unit["f"])):
        given = known | {"c_prev": c, "h_prev": h}
        given |= {f"a_{k}": np.array([[unit[k][t]]]) for k in GATES if unit[k][t] is not None}
        if unit["weights"]:
            given["x"] = np.array([[unit["x"][t]]])
        needed = [line for line in lines if equations.target(line) not in given]
        variables = equations.evaluate(needed, given, FUNCTIONS)
        c, h = variables["c"], variables["h"]
        step = {name: variables[name].item() for name in SHOWN if name in variables}
        run.append({"x": None} | step)
    return run


SHOWN = ("x", "c_prev", "h_prev", *(f"a_{k}" for k in GATES), *GATES, "kept", "written", *STATES)


def _weights(where, weights):
    """All twelve, zero where none is given."""
    if unknown := [n for n in weights if n not in WEIGHTS]:
        known = ", ".join(WEIGHTS)
        raise FigureError(f"{where}: no weights {', '.join(unknown)}; there are {known}")
    return {n: _number(f"{where}: {n}", weights.get(n, 0)) for n in WEIGHTS}


def _scores(where, given, gate, x):
    """The pre-activations of one gate as plain floats; None where the weights decide."""
    if gate not in given:
        if x is None:
            raise FigureError(f"{where}: no pre-activations for {gate!r}")
        return [None] * len(x)
    return [
        None if a is None and x is not None else _number(f"{where}: {gate}", a)
        for a in given[gate]
    ]


def _number(what, value):
    try:
        value = float(value)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise FigureError(f"{what}: expected finite numbers; None only where weights decide")
    return value
