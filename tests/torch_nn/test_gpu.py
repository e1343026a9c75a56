"""``backend="graph"`` against the eager loop, in Triton's interpreter: nothing here needs a GPU.

What only a GPU can show (captured graphs, streams, compiled kernels) is in ``tests/gpu``.
"""

import copy
import pickle
from itertools import product

import pytest
import torch
from graph_layers import CALLS, B, D, H, T, cells
from layers import assert_same, build, draw, draw_states, loss_of, results, tuple_of

from course_utils.specs import SPECS

pytestmark = pytest.mark.usefixtures("interpreter")
FORMS = {
    "plain": {},
    "two directions in a stack": {"num_layers": 2, "bidirectional": True},
    "no bias": {"bias": False},
}
QUICK = ("lstm", "clockwork", "lru", "depth_gated")


def cases():
    """(cell, form, call): by default one of each; all among the slow tests."""
    quick = [
        ("lstm", "two directions in a stack", "both"), ("lstm", "no bias", "whole"),
        ("depth_gated", "two directions in a stack", "lengths"), ("clockwork", "plain", "both"),
        ("lru", "plain", "resets"),
    ]  # fmt: skip
    every = product(("lstm", "depth_gated"), FORMS, CALLS)
    others = [pytest.param(*case, marks=pytest.mark.slow) for case in every if case not in quick]
    return [*quick, *others]


def each(quick, values, one):
    """(cell, value): one cell with every value by default, every cell with one of them if slow."""
    slow = [pytest.param(key, one, marks=pytest.mark.slow) for key in SPECS if key != quick]
    return [*((quick, value) for value in values), *slow]


def agree(key, form="plain", call="whole", steps=T, rows=B):
    ours, theirs = (build(key, backend, **FORMS[form]) for backend in ("graph", "eager"))
    x, hx = draw(steps, rows, D), draw_states(theirs, rows)
    found, wanted = (results(layer, x, hx, **CALLS[call]) for layer in (ours, theirs))
    assert_same(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("key", cells(*QUICK))
def test_outputs_states_and_gradients_are_the_eager_ones(key):
    agree(key)


@pytest.mark.parametrize("key, form, call", cases())
def test_in_every_form_of_layer_and_call(key, form, call):
    agree(key, form, call)


@pytest.mark.parametrize("steps, rows", [(1, 1), (1, B), (T, 5)])
def test_at_every_size(steps, rows):
    """5 rows of 4 units are more than one program."""
    agree("lstm_peephole", steps=steps, rows=rows)


@pytest.mark.parametrize("steps, rows", [(0, B), (T, 0), (0, 0)])
def test_no_time_and_no_batch_give_nothing_and_keep_the_state(steps, rows):
    layer = build("lstm_peephole", "graph")
    hx = draw_states(layer, rows)
    y, state = layer(draw(steps, rows, D), hx)
    assert y.shape == (steps, rows, H)
    assert_same(state, hx, rtol=0, atol=0)


# Inputs and weights are exact; what is rounded to eps / 2 is each product, the copy of a state that
# the next one reads, the gradient that goes into a product, and the result: a handful of times,
# while states and sums are float32.  The worst cell of all (lstm_nig) needs 3 of these 4 eps.  In
# float32 every operation rounds, about 4 times as often.
BOUND = {torch.bfloat16: 4, torch.float16: 4, torch.float32: 16}


@pytest.mark.parametrize("key, dtype", each("gru_2014", BOUND, torch.bfloat16))
def test_low_precision_is_within_its_own_rounding_of_float64(key, dtype):
    ours, exact = build(key, "graph", dtype), build(key, "eager")
    exact.load_state_dict(ours.state_dict())
    x, hx = draw(T, B, D).to(dtype), draw_states(ours, B)
    wide = tuple(s.double() if s.is_floating_point() else s for s in tuple_of(hx))
    found = results(ours, x, hx)
    wanted = results(exact, x.double(), wide if len(wide) > 1 else wide[0])
    bound = BOUND[dtype] * torch.finfo(dtype).eps
    for a, b in zip(found, wanted, strict=True):
        if a.is_floating_point():
            assert a.dtype == dtype
            assert (a.double() - b).norm() <= bound * b.norm()


def test_states_are_carried_in_float32_whatever_the_layer_holds():
    """40 small steps vanish in the rounding of a bfloat16 state, which ends up far off."""
    layer = build("rnn_leaky", "graph", torch.bfloat16, config={"alpha": 2**-9})
    exact = build("rnn_leaky", "eager", config={"alpha": 2**-9})
    exact.load_state_dict(layer.state_dict())
    x = draw(1, 1, D).to(torch.bfloat16).expand(40, 1, D)
    found, wanted = layer(x)[0][-1].double(), exact(x.double())[0][-1]
    assert (found - wanted).norm() <= 4 * torch.finfo(torch.bfloat16).eps * wanted.norm()


def test_autocast_gives_its_own_dtype_and_gradients_in_the_layers():
    """As nn.LSTM on a CUDA device, whose weights, input and states autocast casts."""
    layer, exact = build("lstm_peephole", "graph", torch.float32), build("lstm_peephole", "eager")
    exact.load_state_dict(layer.state_dict())
    x = draw(T, B, D, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        y, (h, c) = layer(x)
        (y.float() * draw(*y.shape).float()).sum().backward()
    assert y.dtype == h.dtype == c.dtype == torch.bfloat16
    wanted, _ = exact(x.double())
    (wanted * draw(*y.shape)).sum().backward()
    for a, b in zip([y, *(p.grad for p in layer.parameters())],
                    [wanted, *(p.grad for p in exact.parameters())], strict=True):  # fmt: skip
        assert (a.double() - b).norm() <= 4 * torch.finfo(torch.bfloat16).eps * b.norm()
    assert all(p.grad.dtype == torch.float32 for p in layer.parameters())


@pytest.mark.parametrize("key, bad", each("lstm", [float("nan"), float("inf")], float("inf")))
def test_what_is_not_finite_stays_visible(key, bad):
    x = draw(T, B, D)
    x[1, 1] = bad
    y, eager = build(key, "graph")(x)[0], build(key, "eager")(x)[0]
    assert y[:1].isfinite().all() and y[:, 0].isfinite().all()
    assert not (y.isfinite() & ~eager.isfinite()).any()


@pytest.mark.parametrize("key", ["lstm_peephole", "slstm"])
def test_the_gradient_of_the_gradient_is_the_eager_one(key):
    def twice(layer):
        x, hx = draw(T, B, D).requires_grad_(), draw_states(layer, B)
        leaves = [x, *layer.parameters()]
        grads = torch.autograd.grad(loss_of(*layer(x, hx)), leaves, create_graph=True)
        return [*grads, *torch.autograd.grad(sum(g.square().sum() for g in grads), leaves)]

    assert_same(*(twice(build(key, b)) for b in ("graph", "eager")), rtol=1e-9, atol=1e-10)


def test_many_gradients_at_once_and_transforms_run_the_loop():
    ours, theirs = (build("mgu", backend) for backend in ("graph", "eager"))
    x, dy = draw(T, B, D).requires_grad_(), draw(5, T, B, H)
    assert_same(*(
        torch.autograd.grad(layer(x)[0], x, dy, is_grads_batched=True) for layer in (ours, theirs)
    ))  # fmt: skip
    for transform in (
        lambda layer: torch.func.grad(lambda v: loss_of(*layer(v)))(x.detach()),
        lambda layer: torch.func.vmap(lambda row: layer(row)[0], in_dims=1)(x.detach()),
    ):
        torch.testing.assert_close(transform(ours), transform(theirs))


def test_frozen_weights_and_no_gradient():
    ours, theirs = (build("mut1", backend) for backend in ("graph", "eager"))
    for layer in (ours, theirs):
        layer.weight_hh_l0.requires_grad_(False)
        loss_of(*layer(draw(T, B, D))).backward()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            torch.testing.assert_close(a.grad, b.grad)
    with torch.no_grad():
        y, _ = ours(draw(T, B, D))
    assert not y.requires_grad
    torch.testing.assert_close(y, theirs(draw(T, B, D))[0])


def test_copies_of_a_layer_are_layers():
    layer, x = build("slstm", "graph"), draw(T, B, D)
    y = layer(x)[0]
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert other.backend == "graph"
        torch.testing.assert_close(other(x)[0], y)


@pytest.mark.slow
def test_recorded_by_the_compiler_it_is_the_loop():
    ours, theirs = (build("lstm_nog", backend) for backend in ("graph", "eager"))
    torch.testing.assert_close(
        torch.compile(ours, backend="eager")(draw(T, B, D))[0], theirs(draw(T, B, D))[0]
    )
