"""The gradient's journey: one unrolled chain, a loss at a step, and what comes back through time.

The numbers are ``numpy_nn``'s; ``assets/journey_run.js`` computes the same with the cells that
``compiled`` prints for the page, and a browser test holds the two equal.
"""

from typing import NamedTuple

import numpy as np

from course_utils import numpy_nn
from course_utils.figures.errors import FigureError
from course_utils.figures.printed_cells import CELLS
from course_utils.specs import SPECS

CLIPS = (0.1, 0.2, 0.5, 1, 2, 5, None)  # thresholds; the last leaves the gradient as it is
LIMIT = {"scale": (0, 6), "bias": (-2, 7), "loud": (0, 4), "x": (-3, 3)}
GATE = {key: SPECS[key].retention[0][0] if SPECS[key].retention else None for key in CELLS}
START = {"cell": "rnn", "scale": 1.0, "bias": 0.0, "loud": 1.0, "clip": None, "draw": 0}
INPUTS = ("noise", "pulse", "silence")


class Journey(NamedTuple):
    """Lists by time step 1 … T; zero where no message comes, None where none can.

    arrives: norm of dL/d(state), the loss's own push at its step; belt and layers: its two parts,
    from the step after, elementwise along the state and through recurrent matrices; never: the part
    that never left the state; opens: mean factor along the state (of the plain cell: mean slope of
    its tanh); adds: norm of what a step adds to the gradient of all parameters.  length: of that
    sum; clipped: after clipping.
    """

    arrives: list
    belt: list
    layers: list
    never: list
    opens: list
    adds: list
    length: float
    clipped: float


def chain(units, steps, seed, draws=3):
    """What a figure carries: draws of each cell's parameters, the loss's direction, noise.

    Parameters as PyTorch draws them, for one input; the recurrent matrix of the plain cell scaled
    to spectral radius 1.  Rounded to four decimals.
    """
    rng = np.random.default_rng(seed)
    cells = {key: [_drawn(key, units, rng) for _ in range(draws)] for key in CELLS}
    push = rng.standard_normal(units)
    return {
        "units": units,
        "steps": steps,
        "cells": cells,
        "blocks": {key: _block(key) for key in CELLS},
        "push": (push / np.linalg.norm(push)).round(4).tolist(),
        "inputs": {
            "noise": rng.standard_normal(steps).clip(-3, 3).round(1).tolist(),
            "pulse": [2.0 if t == 1 else 0.0 for t in range(steps)],
            "silence": [0.0] * steps,
        },
        "clips": CLIPS,
    }


def _drawn(key, units, rng):
    params = numpy_nn.init_params(key, 1, units, rng)
    if GATE[key] is None:
        params["weight_hh"] /= abs(np.linalg.eigvals(params["weight_hh"])).max()
    return {name: p.round(4).ravel().tolist() for name, p in params.items()}


def _block(key):
    """Which block of the biases belongs to the gate that keeps; None without one."""
    return None if GATE[key] is None else SPECS[key].gates.index(GATE[key])


def parameters(data, settings):
    """The parameters that the settings ask for, as ``numpy_nn`` takes them."""
    key, units = settings["cell"], data["units"]
    shapes = SPECS[key].shapes(1, units)
    drawn = data["cells"][key][settings["draw"]]
    params = {name: np.reshape(drawn[name], shape) for name, shape in shapes.items()}
    params["weight_hh"] = params["weight_hh"] * settings["scale"]
    block = data["blocks"][key]
    if block is not None:
        rows = slice(block * units, (block + 1) * units)
        params["bias_ih"][rows], params["bias_hh"][rows] = settings["bias"], 0
    return params


def journey(data, settings):
    """Follow the gradient of a loss at ``settings["loss"]`` back to step 1, or to a cut."""
    key, units, steps = settings["cell"], data["units"], data["steps"]
    cell, params = numpy_nn.get_cell(key), parameters(data, settings)
    straight = params | {"weight_hh": 0 * params["weight_hh"]}  # a backward pass past the matrices
    state = cell.State(*np.zeros((len(cell.State._fields), 1, units)))
    caches, opens = [], []
    for x in settings["x"]:
        state, cache = cell.step(params, np.full((1, 1), settings["loud"] * x), state)
        caches.append(cache)
        opens.append(float(np.mean(getattr(cache, GATE[key]) if GATE[key] else 1 - state.h**2)))
    nothing = cell.State(*(np.zeros((1, units)) for _ in state))
    message = nothing._replace(h=np.array(data["push"], float)[None])
    found = {name: [0.0] * steps for name in ("arrives", "belt", "layers", "never", "adds")}
    kept, total = None, {name: np.zeros_like(p) for name, p in params.items()}
    found["arrives"][settings["loss"] - 1] = _norm(message)
    for t in range(settings["loss"], 0, -1):
        _, back, grads = cell.step_backward(params, caches[t - 1], message)
        _, along, _ = cell.step_backward(straight, caches[t - 1], message)
        if kept is None:
            kept = along
        else:
            _, kept, _ = cell.step_backward(straight, caches[t - 1], kept)
        found["adds"][t - 1] = _norm(grads.values())
        total = {name: total[name] + g for name, g in grads.items()}
        if t == 1 or (t - 1) % settings["chunk"] == 0:
            break
        layers = [b - a for b, a in zip(back, along, strict=True)]
        for name, part in (("arrives", back), ("belt", along), ("layers", layers), ("never", kept)):
            found[name][t - 2] = _norm(part)
        message = back
    length, limit = _norm(total.values()), CLIPS[settings["clip"]]
    clipped = length if limit is None else min(length, limit)
    return Journey(**found, opens=opens, length=length, clipped=clipped)


def _norm(arrays):
    return float(np.sqrt(sum((np.asarray(a) ** 2).sum() for a in arrays)))


def settled(name, given, data):
    """A preset with everything filled in; FigureError names what cannot be."""
    where, steps = f"presets[{name!r}]", data["steps"]
    known = {**START, "loss": steps, "chunk": steps, "x": "noise"}
    if unknown := [k for k in given if k not in known]:
        raise FigureError(f"{where}: unknown {', '.join(unknown)}; it knows {', '.join(known)}")
    s = known | dict(given)
    _among(where, "cell", s["cell"], CELLS)
    _among(where, "clip", s["clip"], CLIPS)
    _among(where, "draw", s["draw"], range(len(data["cells"][s["cell"]])))
    for key in ("loss", "chunk"):
        _among(where, key, s[key], range(1, steps + 1))
    if isinstance(s["x"], str):
        _among(where, "x", s["x"], INPUTS)
        s["x"] = data["inputs"][s["x"]]
    s["x"] = [float(v) for v in s["x"]]
    if len(s["x"]) != steps:
        raise FigureError(f"{where}: x: expected {steps} numbers, got {len(s['x'])}")
    for key, (low, high) in LIMIT.items():
        for v in s[key] if key == "x" else [s[key]]:
            if not low <= v <= high:
                raise FigureError(f"{where}: {key}: expected from {low} to {high}, got {v}")
    return s | {"clip": CLIPS.index(s["clip"])}


def _among(where, key, value, allowed):
    if value not in allowed:
        told = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else allowed
        raise FigureError(f"{where}: {key}: expected one of {told}, got {value!r}")
