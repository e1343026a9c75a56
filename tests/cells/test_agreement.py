"""Three independent roads to one gradient: by hand, by complex step, by autograd."""

import numpy as np
import pytest
import torch
from problems import KEYS, D, H, close, make

from course_utils import numpy_nn, torch_nn
from course_utils.numpy_nn import gradcheck
from course_utils.specs import SPECS


@pytest.fixture(params=KEYS)
def problem(request):
    return make(request.param)


def gradients(p):
    *_, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **p.inputs)
    return numpy_nn.unroll_backward(tape, p.dy, p.dlast)


@pytest.mark.parametrize("key", [k for k in KEYS if SPECS[k].smooth])
def test_backward_equals_the_complex_step(key):
    p = make(key)
    dx, dstate0, grads = gradients(p)
    close(gradcheck.complex_step(lambda v: p.loss(x=v), p.x), dx, 1e-10)
    for name, value in p.params.items():
        step = gradcheck.complex_step(lambda v, n=name: p.loss(params=p.params | {n: v}), value)
        close(grads[name], step, 1e-10)
    for k, value in enumerate(p.state0):
        if value.dtype.kind != "f":
            continue  # a clock

        def swapped(v, k=k):
            return p.loss(state0=(*p.state0[:k], v, *p.state0[k + 1 :]))

        close(dstate0[k], gradcheck.complex_step(swapped, value), 1e-10)


def autograd_through_the_oracle(p):
    """(dx, dstate0, grads) by torch from the printed equations."""

    def leaf(v):
        v = torch.tensor(v)
        return v.requires_grad_() if v.is_floating_point() else v

    params = {n: leaf(v) for n, v in p.params.items()}
    x, start = leaf(p.x), tuple(leaf(s) for s in p.state0)
    inputs = {n: leaf(v) for n, v in p.inputs.items()}
    spec = SPECS[p.key]
    found = spec.unroll(params, x, start, **inputs)
    loss = (found[spec.output] * torch.tensor(p.dy)).sum()
    for name, d in zip(spec.states, p.dlast, strict=True):
        if found[name].is_floating_point():
            loss = loss + (found[name][-1] * torch.tensor(d)).sum()
    loss.backward()
    return x, start, params | inputs


def grad_of(leaf):
    return torch.zeros_like(leaf).numpy() if leaf.grad is None else leaf.grad.numpy()


def test_backward_equals_autograd_through_the_printed_equations(problem):
    dx, dstate0, grads = gradients(problem)
    x, start, leaves = autograd_through_the_oracle(problem)
    close(dx, grad_of(x), 1e-10)
    for ours, s in zip(dstate0, start, strict=True):
        if s.is_floating_point():
            close(ours, grad_of(s), 1e-10)
    for name, leaf in leaves.items():
        close(grads[name], grad_of(leaf), 1e-10)


@pytest.mark.parametrize("backend", ["auto", "eager"])
def test_torch_equals_numpy_in_outputs_states_and_gradients(problem, backend):
    p = problem
    if p.inputs:
        pytest.skip("its further input exists only inside a stack: see test_stacks.py")
    layer = torch_nn.from_numpy(p.key, p.params, backend=backend)
    x = torch.tensor(p.x, requires_grad=True)
    start = tuple(torch.tensor(s)[None] for s in p.state0)
    start = tuple(s.requires_grad_() if s.is_floating_point() else s for s in start)
    y, last = layer(x, start[0] if len(start) == 1 else start)
    last = (last,) if len(start) == 1 else last
    loss = (y * torch.tensor(p.dy)).sum()
    for s, d in zip(last, p.dlast, strict=True):
        if s.is_floating_point():
            loss = loss + (s[0] * torch.tensor(d)).sum()
    loss.backward()

    y_np, last_np, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0)
    dx, dstate0, grads = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
    close(y.detach().numpy(), y_np, 1e-12)
    for a, b in zip(last, last_np, strict=True):
        close(a[0].detach().numpy(), b, 1e-12)
    close(x.grad.numpy(), dx, 1e-10)
    for a, b in zip(start, dstate0, strict=True):
        if a.is_floating_point():
            close(grad_of(a)[0], b, 1e-10)
    for name, g in grads.items():
        close(grad_of(getattr(layer, f"{name}_l0")), g, 1e-10)


def test_no_recurrence_but_the_linear_one_is_affine_in_its_input(problem):
    """A forgotten non-linearity makes y(x+d) - y(x) independent of x, as it is by design in lru."""
    rng = np.random.default_rng(3)
    d = rng.standard_normal(problem.x.shape)

    def run(x):
        return numpy_nn.unroll(problem.key, problem.params, x, problem.state0, **problem.inputs)[0]

    x, z = problem.x, rng.standard_normal(problem.x.shape) * 3
    apart = np.abs((run(x + d) - run(x)) - (run(z + d) - run(z))).max()
    assert apart < 1e-12 if problem.key == "lru" else apart > 1e-3


@pytest.mark.parametrize("key", KEYS)
def test_parameter_count_is_what_the_arrays_hold(key):
    params = numpy_nn.init_params(key, D, H, np.random.default_rng(0))
    assert SPECS[key].parameter_count(D, H) == sum(p.size for p in params.values())


@pytest.mark.parametrize("key", KEYS)
def test_the_printed_parameter_count_is_what_the_arrays_hold(key):
    terms = SPECS[key].parameter_formula().split(" + ")
    values = {"HD": H * D, "H^2": H * H, "H": H}
    counted = 0
    for term in terms:
        letters = term.lstrip("0123456789")
        counted += int(term.removesuffix(letters) or 1) * values[letters]
    params = numpy_nn.init_params(key, D, H, np.random.default_rng(0))
    assert counted == sum(p.size for p in params.values())
