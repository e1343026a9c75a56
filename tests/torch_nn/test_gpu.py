"""``backend="graph"`` against the eager loop, in Triton's interpreter: nothing here needs a GPU.

What only a GPU can show (captured graphs, streams, compiled kernels) is in ``tests/gpu``.
"""

import copy
import pickle
from itertools import product

import pytest
import torch
import triton_runs
from kinds import PROGRAMS
from layers import assert_same, build, draw, draw_states, loss_of, results, tuple_of
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils import torch_nn
from course_utils.specs import SPECS
from course_utils.torch_nn import function, gpu

T, B, D, H = 3, 2, 2, 4
FORMS = {
    "plain": {},
    "two directions in a stack": {"num_layers": 2, "bidirectional": True},
    "no bias": {"bias": False},
}
CALLS = {
    "whole": {},
    "lengths": {"lengths": torch.tensor([2, 0])},
    "resets": {"resets": draw(T, B) > 0.3},
    "both": {"lengths": torch.tensor([3, 2]), "resets": draw(T, B) > -0.3},
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


@pytest.fixture(autouse=True)
def _interpreter():
    triton_runs.needed()
    with gpu.interpreted():
        yield


def cells(*quick):
    """Every cell, these by default and the others among the slow tests."""
    return [k if k in quick else pytest.param(k, marks=pytest.mark.slow) for k in SPECS]


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


def test_two_calls_before_either_gradient_keep_apart():
    def both(layer):
        a, b = (layer(s * draw(T, B, D))[0] for s in (1, -2))
        return torch.autograd.grad((a * b).sum(), list(layer.parameters()))

    assert_same(*(both(build("gru_2014", b)) for b in ("graph", "eager")))


def test_what_an_earlier_call_left_in_the_arrays_changes_nothing():
    ours, theirs = (build("depth_gated", b) for b in ("graph", "eager"))
    gpu.release()
    for n, call in enumerate(["both", "lengths", "both", "whole"]):
        x = draw(T, B, D, seed=n)
        found, wanted = (results(layer, x, **CALLS[call]) for layer in (ours, theirs))
        assert_same(found, wanted, rtol=1e-12, atol=1e-12)


def test_outputs_and_gradients_outlive_later_calls_and_a_kept_graph_goes_back_twice():
    layer = build("lstm_cifg", "graph")
    found = results(layer, draw(T, B, D))
    kept = [f.detach().clone() for f in found]
    loss = loss_of(*layer(draw(T, B, D)))
    loss.backward(retain_graph=True)
    once = [p.grad.clone() for p in layer.parameters()]
    results(layer, draw(T, B, D, seed=5))
    loss.backward()
    assert_same([p.grad for p in layer.parameters()], [2 * g for g in once])
    assert_same(found, kept, rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_an_arena_comes_back_after_the_gradient_though_the_loss_is_held():
    gpu.release()
    layer, held = build("lstm", "graph"), []
    for _ in range(3):
        held.append(layer(draw(T, B, D))[0].sum())
        held[-1].backward()
    (arenas,) = gpu.layer.POOL.free.values()
    assert len(arenas) + len(gpu.layer.POOL.returned) == 1


@pytest.mark.parametrize("where", ["outputs", "gradients"])
def test_where_memory_does_not_suffice_the_pool_gives_up_what_it_keeps(where, monkeypatch):
    ours, theirs = (build("lstm", backend) for backend in ("graph", "eager"))
    results(ours, draw(T + 1, B, D))
    original, full = getattr(gpu.exchange, where), []

    def first_fails(*given):
        full.append(len(gpu.layer.POOL.free))
        if len(full) == 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return original(*given)

    monkeypatch.setattr(gpu.exchange, where, first_fails)
    found, wanted = (results(layer, draw(T, B, D)) for layer in (ours, theirs))
    assert_same(found, wanted, rtol=1e-12, atol=1e-12)
    assert full[0] >= 2 and full[1] <= 1


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


def test_inference_mode_leaves_no_arrays_that_others_could_not_write_to():
    gpu.release()
    ours, theirs = (build("lstm_niaf", backend) for backend in ("graph", "eager"))
    x, found = draw(T, B, D), []
    for mode in (torch.inference_mode, torch.no_grad, torch.inference_mode):
        with mode():
            found.append(ours(x)[0])
    found.append(ours(x)[0])
    assert_same(found, [theirs(x)[0]] * 4)


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


# -- what is chosen, and why -----------------------------------------------------------------------


def test_auto_takes_it_on_its_device_after_kernel_and_scan_and_says_why(monkeypatch):
    backends = torch_nn.backends.BACKENDS
    for name, device in (("graph", "cpu"), ("compiled", "cuda")):  # as if this were a GPU
        monkeypatch.setitem(backends, name, backends[name]._replace(device=device))
    x = draw(4, B, D)
    assert build("lstm_peephole").why(x).startswith("graph (not native: ")
    assert build("mingru").why(x).startswith("scan (")
    assert build("lstm").why(x).startswith("native (")
    assert build("lstm").why(x, resets=torch.ones(4, B).bool()).startswith("graph (")
    assert "from 4 steps on, this call has 3" in build("mgu").why(x[1:])
    monkeypatch.setattr(gpu.modules, "missing", lambda: "Triton")
    assert "pip install triton" in build("mgu").why(x)


def test_on_the_cpu_it_is_refused_and_auto_does_not_speak_of_it():
    layer, x = build("mgu", "graph"), draw(T, B, D)
    gpu.modules._interpreted = False  # the fixture sets it back
    with pytest.raises(ValueError, match="the input is on cpu, its kernels are for a CUDA device"):
        layer(x)
    assert "graph" not in build("mgu").why(x)


def test_asked_for_where_it_cannot_be_had_it_says_why(monkeypatch):
    with pytest.raises(ValueError, match=r"on meta.*auto"):
        build("mgu", "graph").to("meta")(draw(T, B, D).to("meta"))
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    with pytest.raises(ValueError, match="in no fixed order"):
        build("lstm_peephole", "graph")(draw(T, B, D))
    assert build("lstm", "graph")(draw(T, B, D))[0].isfinite().all()


def test_where_triton_does_not_work_it_says_why_and_the_loop_goes_on(monkeypatch):
    def fails(*_):
        raise RuntimeError("Failed to find C compiler.\nPlease specify")

    layer, auto, x = build("mgu", "graph"), build("mgu"), draw(8, B, D)
    assert gpu.modules.broken(x.device) is None
    gpu.modules.broken.cache_clear()
    monkeypatch.setattr(gpu.modules, "in_file", fails)
    backends = torch_nn.backends.BACKENDS
    monkeypatch.setitem(backends, "graph", backends["graph"]._replace(device="cpu"))
    with pytest.raises(ValueError, match=r"not work on cpu \(.*C compiler\.\); use 'auto'"):
        layer(x)
    assert auto.why(x).startswith("eager") and "C compiler" in auto.why(x)
    monkeypatch.undo()
    gpu.modules.broken.cache_clear()


def test_whichever_way_the_precision_of_products_is_set_it_is_read():
    known = gpu.layer._products()
    if hasattr(torch.backends.cuda.matmul, "fp32_precision"):  # torch 2.9
        torch.backends.cuda.matmul.fp32_precision = "tf32"
        try:
            assert gpu.layer._products() != known
        finally:
            torch.backends.cuda.matmul.fp32_precision = "none"
    assert gpu.layer._products() == known


# -- launches --------------------------------------------------------------------------------------

VIEWS = {"view", "unbind", "t", "slice", "select", "_unsafe_view", "transpose", "reshape", "split"}


class Launches(TorchDispatchMode):
    """Counts what a device would launch: operations of torch that compute, and kernels."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.count = {"mm": 0, "kernel": 0, "other": 0}
        monkeypatch.setattr(gpu.steps, "_run", self.kernel)

    def kernel(self, *_):
        self.count["kernel"] += 1

    def __torch_dispatch__(self, f, types, args=(), kwargs=None):
        name = f.overloadpacket.__name__
        if name not in VIEWS:
            self.count[name if name == "mm" else "other"] += 1
        return f(*args, **(kwargs or {}))


def launched(key, steps, run, monkeypatch):
    """{"mm": …, "kernel": …, "other": …} of a forward or backward pass of so many steps."""
    call = function.Run(key, SPECS[key].inputs, SPECS[key].shapes(D, H), None, None, None)
    states = [s[0] for s in tuple_of(build(key).initial_state(B))]
    shape = gpu.layer._shape(call, draw(steps, B, D), states, [True] * 99)
    arena = gpu.layer.Arena(shape)
    with Launches(monkeypatch) as found:
        gpu.steps.forward(arena)
        if run == "backward":
            found.count = dict.fromkeys(found.count, 0)
            gpu.steps.backward(arena)
    return found.count


MANY = {"forward": 5, "backward": 5}
"""Launches that no step may exceed; the cells of two levels have two kernels and two products."""


@pytest.mark.parametrize("run", ["forward", "backward"])
@pytest.mark.parametrize("key", cells(*PROGRAMS))
def test_a_step_is_its_products_and_one_kernel_a_level(key, run, monkeypatch):
    found = [launched(key, steps, run, monkeypatch) for steps in (4, 5)]
    step = {name: found[1][name] - found[0][name] for name in found[0]}
    planned = gpu.schedule(key)
    products, kernels = planned.launches()[run]
    assert step == {"mm": products, "kernel": kernels, "other": 0}
    assert kernels == planned.program.loop.levels
    recurrent = [p for p in planned.program.products if not p.whole]
    assert products == len(recurrent) and products + kernels <= MANY[run]


@pytest.mark.parametrize("key", ["rnn", "lstm", "gru", "lstm_peephole", "lstm_cifg", "slstm"])
def test_a_step_of_these_is_one_product_and_one_kernel(key):
    assert gpu.schedule(key).launches() == {"forward": (1, 1), "backward": (1, 1)}
