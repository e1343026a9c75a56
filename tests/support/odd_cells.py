"""Cells that nobody wrote by hand: what equations may say and no cell of the course says."""

import numpy as np
from problems import KEYS, make

from course_utils.spec import CellSpec, Param, Source, stacked


def states_of(spec, rng, B, H):
    """Random states of a cell, each (B, H) or (B, H, H)."""
    return tuple(
        rng.standard_normal((B, *(H,) * (1 + (name in spec.matrices)))) for name in spec.states
    )


def given(spec, seed=0):
    """A problem for any cell, T = 3 steps, B = 2 rows, H = 3 inputs and units."""
    if spec.key in KEYS:
        p = make(spec.key, T=3)
        return p.params, p.x, p.state0, p.dy, p.dlast, p.inputs
    rng, (T, B, H) = np.random.default_rng(seed), (3, 2, 3)
    params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
    x, dy = rng.standard_normal((2, T, B, H))
    return params, x, states_of(spec, rng, B, H), dy, states_of(spec, rng, B, H), {}


def cell(*lines, **facts):
    """A cell of these equations, not one of SPECS."""
    facts = {"gates": (), "states": ("h",), "params": stacked("h")} | facts
    return CellSpec("new", "New", tuple(lines), source=Source("", ""), summary="", **facts)


ODD = {
    "a readout with two products, states alike, x unit by unit": cell(
        "a = tanh(W_x @ x + W_h @ h_prev)",
        "b = sigmoid(W_a @ (a * c_prev) + p * x)",
        "c = W_b @ concat(a, b, h_prev) + m_prev",
        "h = relu(c - b) / (1 + exp(-a * a)) + maximum(b, c_prev)",
        "m = h",
        "y = R @ tanh(Q @ h + R @ a) + b * h + Q @ x",
        states=("h", "c", "m"), output="y",
        params=(
            Param("weight_x", "H D", ("W_x",)), Param("weight_h", "3H H", ("W_h", "R", "Q")),
            Param("weight_a", "H H", ("W_a",)), Param("weight_b", "H 3H", ("W_b",)),
            Param("peephole", "H", ("p",)),
        ),
    ),
    "an old state that is read after the new one": cell(
        "c = tanh(W_x @ x + p * c_prev + W_h @ h_prev)",
        "h = sigmoid(W_a @ c + c_prev * c_prev) * h_prev + x / (2 + cos(c_prev))",
        states=("h", "c"),
        params=(
            Param("weight_x", "H D", ("W_x",)), Param("weight_h", "2H H", ("W_h", "W_a")),
            Param("peephole", "H", ("p",)),
        ),
    ),
    "an old state alone, and an output that is a product": cell(
        "h = h_prev",
        "c = -h_prev - (c_prev - W_x @ x)",
        "y = W_x @ x",
        states=("h", "c"), output="y", params=(Param("weight_x", "H D", ("W_x",)),),
    ),
    "products of products, functions of numbers, and a constant before the loop": cell(
        "g = sigmoid(s * p)",
        "r = 2 * s",
        "a = W_u @ (W_v @ (W_x @ x)) + W_u @ (W_v @ h_prev)",
        "h = tanh(a) * exp(-r) + g * maximum(W_v @ (W_v @ h_prev), s)",
        "y = W_u @ (W_v @ h) + maximum(h, 0.1)",
        output="y", config={"s": 0.7},
        params=(
            Param("weight_x", "H D", ("W_x",)), Param("weight_h", "2H H", ("W_u", "W_v")),
            Param("peephole", "H", ("p",)),
        ),
    ),
    "nothing reads x": cell(
        "h = tanh(W_h @ h_prev + p)",
        params=(Param("weight_h", "H H", ("W_h",)), Param("peephole", "H", ("p",))),
    ),
}  # fmt: skip
