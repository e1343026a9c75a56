"""The symbols of equations: described, of a shape that fits, and made by code that is right."""

from dataclasses import replace

import numpy as np
import pytest

from course_utils import equations, numpy_nn
from course_utils.spec import NUMPY, CellSpec
from course_utils.specs import SPECS
from course_utils.symbols import ShapeMismatch, Undescribed, explain, infer
from course_utils.symbols.code import numpy_line

KEYS = sorted(SPECS)
SIZES = {"B": 3, "D": 5, "H": 4, "1": 1}


def arrays(key):
    """A cell's parameters, one input, the states before, and inputs of its own."""
    rng, spec = np.random.default_rng(0), SPECS[key]
    params = numpy_nn.init_params(key, SIZES["D"], SIZES["H"], rng)
    params = {name: p + 0.1 * rng.standard_normal(p.shape) for name, p in params.items()}
    x = rng.standard_normal((SIZES["B"], SIZES["D"]))
    states = [rng.standard_normal((SIZES["B"], SIZES["H"])) for _ in spec.states]
    if key == "clockwork":
        states[1] = np.full_like(states[1], 2).astype(int)
    if key == "slstm":
        states[2] = np.abs(states[2]) + 1
    others = {name: rng.standard_normal((SIZES["B"], SIZES["H"])) for name in spec.inputs}
    return params, x, states, others


def size(axis):
    return SIZES[axis] if axis in SIZES else int(axis[:-1]) * SIZES[axis[-1]]


@pytest.mark.parametrize("key", KEYS)
def test_every_symbol_of_every_cell_is_described_and_spelled_out(key):
    spec = SPECS[key]
    shown = explain(spec)
    names = {equations.target(line) for line in spec.equations}
    names |= {n for line in spec.equations for n in equations.names(line)}
    assert {s.name for s in shown} == names
    for s in shown:
        assert s.meaning and s.shape and s.code.startswith(f"{s.name} = "), s
        assert s.latex in spec.latex()
        assert "None" not in s.code


@pytest.mark.parametrize("key", KEYS)
def test_inferred_shapes_are_those_of_the_arrays(key):
    params, x, states, others = arrays(key)
    spec, shapes = SPECS[key], infer(SPECS[key])
    values = dict(spec.config) | spec.symbol_values(params) | others | {"x": x}
    values |= {f"{s}_prev": v for s, v in zip(spec.states, states, strict=True)}
    values |= spec.oracle(params, x, states, **others)
    for name, shape in shapes.items():
        if shape != ("modules",):
            assert np.shape(values[name]) == tuple(size(axis) for axis in shape), name


@pytest.mark.parametrize("key", KEYS)
def test_the_lines_of_numpy_compute_the_step(key):
    """Every printed line, run as it stands, where its name is first needed."""
    params, x, states, others = arrays(key)
    spec = SPECS[key]
    space = dict(NUMPY) | {"np": np, "params": params, "t": 0}
    space |= {"H": SIZES["H"], "x_seq": x[None]} | {f"{n}_seq": v[None] for n, v in others.items()}
    space["state"] = numpy_nn.get_cell(key).State(**dict(zip(spec.states, states, strict=True)))
    lines = {s.name: s.code for s in explain(spec)}
    defined = [equations.target(line) for line in spec.equations]
    for name in (*(set(lines) - set(defined)), *defined):
        exec(lines[name], space)
    for name, value in spec.oracle(params, x, states, **others).items():
        np.testing.assert_allclose(space[name], value, rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_product_keeps_its_brackets_where_python_would_multiply_first():
    assert numpy_line("u = s * (W @ x)") == "u = s * (x @ W.T)"
    assert numpy_line("u = W @ (s * x)") == "u = (s * x) @ W.T"
    assert numpy_line("u = a - (b - c)") == "u = a - (b - c)"


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("W_hf @ h_prev", "W_hf @ x", r"matrix \(H, H\) cannot multiply \(B, D\)"),
        ("W_xf @ x", "W_xf @ h_prev", r"matrix \(H, D\) cannot multiply \(B, H\)"),
        ("W_xf @ x", "W_xf * x", r"\(H, D\) and \(B, D\) do not fit"),
        ("f * c_prev", "f * x", r"\(B, H\) and \(B, D\) do not fit"),
        ("f * c_prev", "outer(f, c_prev)", r"do not fit"),
        ("+ b_f)", "+ b_f * W_hf)", r"\(H,\) and \(H, H\) do not fit"),
        ("o * tanh(c)", "total(o * tanh(c))", r"h should be \(B, H\).*makes it \(B, 1\)"),
        ("o * tanh(c)", "concat(o, c)", r"h should be \(B, H\).*makes it \(B, 2H\)"),
        ("f * c_prev + i * g", "b_f", r"c should be \(B, H\).*makes it \(H,\)"),
        ("o * tanh(c)", "b_o", r"h should be \(B, H\).*makes it \(H,\)"),
    ],
)
def test_a_planted_misfit_is_found_and_quoted(old, new, says):
    spec = SPECS["lstm"]
    lines = tuple(line.replace(old, new) for line in spec.equations)
    assert lines != spec.equations
    with pytest.raises(ShapeMismatch, match=f"lstm: .*{says}"):
        infer(replace(spec, equations=lines))


def test_a_symbol_without_words_is_an_error_that_names_it():
    spec = SPECS["rnn"]
    lines = ("q = W_xh @ x", "h = tanh(q + W_hh @ h_prev + b_h)")
    new = replace(spec, equations=lines)
    assert isinstance(new, CellSpec)
    with pytest.raises(Undescribed, match="rnn: the symbol 'q' has no description"):
        explain(new)


def test_which_way_an_update_gate_points_comes_from_the_spec():
    says = {key: {s.name: s.meaning for s in explain(SPECS[key])}["z"] for key in ("gru", "mingru")}
    assert says["gru"].endswith("stays") and says["mingru"].endswith("replaced")
    flipped = replace(SPECS["gru"], retention=(("z", -1),))
    assert {s.name: s.meaning for s in explain(flipped)}["z"] == says["mingru"]
