"""The modules that a reader can paste, in NumPy and in PyTorch, give the numbers of the cells."""

import sys

import numpy as np
import pytest
from matrix_cells import MATRIX
from odd_cells import ODD, states_of
from problems import KEYS, D, H, close, make

from course_utils import numpy_nn
from course_utils.compiled import print_numpy, print_torch
from course_utils.specs import SPECS


def pasted(text):
    """The names of a module, from a file that imports nothing of this package."""
    assert "course_utils" not in text
    names = {}
    exec(compile(text, "pasted", "exec"), names)
    return names


@pytest.mark.parametrize("key", KEYS)
def test_numpy_equals_the_readable_cell(key):
    p = make(key)
    unroll = pasted(print_numpy.source(key))["unroll"]
    inputs = {f"{name}_seq": v for name, v in p.inputs.items()}
    for state0 in (p.state0, None):
        y, last = unroll(p.params, p.x, state0, **inputs)
        expected, wanted, _ = numpy_nn.unroll(key, p.params, p.x, state0, **p.inputs)
        close(y, expected, 1e-12)
        for state, other in zip(last, wanted, strict=True):
            close(state, other, 1e-12)
    single = {n: v.astype(np.float32) for n, v in p.params.items()}
    y, last = unroll(single, p.x.astype(np.float32))
    assert {y.dtype, *(s.dtype for s in last if s.dtype.kind == "f")} == {np.dtype(np.float32)}


@pytest.mark.parametrize("key", KEYS)
def test_torch_equals_the_readable_cell_and_its_gradients(key):
    torch = pytest.importorskip("torch")
    p = make(key)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        layer = pasted(print_torch.source(key))["Layer"](D, H)
        layer.load_state_dict({name: torch.tensor(v) for name, v in p.params.items()})
        x = torch.tensor(p.x, requires_grad=True)
        inputs = {f"{name}_seq": torch.tensor(v) for name, v in p.inputs.items()}
        y, last = layer(x, tuple(torch.tensor(s) for s in p.state0), **inputs)
        (y * torch.tensor(p.dy)).sum().backward()
    finally:
        torch.set_default_dtype(before)
    expected, wanted, tape = numpy_nn.unroll(key, p.params, p.x, p.state0, **p.inputs)
    dx, _, grads = numpy_nn.unroll_backward(tape, p.dy)
    close(y.detach().numpy(), expected, 1e-12)
    for state, other in zip(last, wanted, strict=True):
        close(state.detach().numpy(), other, 1e-12)
    close(x.grad.numpy(), dx, 1e-12)
    for name, parameter in layer.named_parameters():
        close(parameter.grad.numpy(), grads[name], 1e-12)


def test_torch_starts_from_the_cells_own_state():
    torch = pytest.importorskip("torch")
    for key in KEYS:
        layer = pasted(print_torch.source(key))["Layer"](D, H)
        y, last = layer(torch.ones(2, 3, D))
        assert torch.isfinite(y).all()
        assert len(last) == len(SPECS[key].states)
        p = make(key)
        params = {n: q.detach().numpy() for n, q in layer.named_parameters()}
        inputs = {n: np.zeros((2, 3, H), np.float32) for n in p.inputs}
        expected, *_ = numpy_nn.unroll(key, params, np.ones((2, 3, D), np.float32), **inputs)
        close(y.detach().numpy(), expected, 1e-5)
    assert "torch" in sys.modules


CELLS = ODD | MATRIX


def drawn(spec):
    """Parameters, x and states of a cell that is not one of the course's; three units."""
    rng, (T, B, units) = np.random.default_rng(4), (4, 2, 3)
    params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(units, units).items()}
    return params, rng.standard_normal((T, B, units)), states_of(spec, rng, B, units)


@pytest.mark.parametrize("spec", CELLS.values(), ids=CELLS)
def test_numpy_says_what_the_equations_of_any_cell_say(spec):
    params, x, state0 = drawn(spec)
    unroll = pasted(print_numpy.source(spec))["unroll"]
    for given in (state0, None):
        y, last = unroll(params, x, given)
        expected = spec.unroll(params, x, given)
        close(y, expected[spec.output], 1e-12)
        for name, state in zip(spec.states, last, strict=True):
            close(state, expected[name][-1], 1e-12)


@pytest.mark.parametrize("spec", CELLS.values(), ids=CELLS)
def test_torch_says_what_the_equations_of_any_cell_say(spec):
    torch = pytest.importorskip("torch")
    params, x, state0 = drawn(spec)
    layer = pasted(print_torch.source(spec))["Layer"](3, 3).double()
    layer.load_state_dict({name: torch.tensor(v) for name, v in params.items()})
    for given in (state0, None):
        start = None if given is None else tuple(torch.tensor(s) for s in given)
        y, last = layer(torch.tensor(x), start)
        expected = spec.unroll(params, x, given)
        close(y.detach().numpy(), expected[spec.output], 1e-12)
        for name, state in zip(spec.states, last, strict=True):
            close(state.detach().numpy(), expected[name][-1], 1e-12)
