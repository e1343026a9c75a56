"""``backend="compiled"`` against the eager loop, and what autograd may ask of it.

The generated source runs as plain Python for every cell; machine code for one, and for the first of
each kind of program among the slow tests.
"""

import copy
import io
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from kinds import FIRST, PROGRAMS
from layers import B, D, H, T, assert_same, build, draw, draw_states, loss_of, results, tuple_of
from workers import common_folder

from course_utils import torch_nn
from course_utils.compiled import code
from course_utils.specs import SPECS
from course_utils.torch_nn import compiled

FORMS = {
    "plain": {},
    "two directions in a stack": {"num_layers": 2, "bidirectional": True},
    "no bias, batch first": {"bias": False, "batch_first": True},
}
ENDS = torch.tensor([T, 2, 0])
CALLS = {
    "whole": {},
    "lengths": {"lengths": ENDS},
    "resets": {"resets": draw(T, B) > 0.3},
    "both": {"lengths": ENDS, "resets": draw(T, B) > 0.3},
}


def quick(*keys, others):
    """These cells by default, the others among the slow tests."""
    others = [key for key in others if key not in keys]
    return [*keys, *(pytest.param(key, marks=pytest.mark.slow) for key in others)]


TOLERANCES = {
    torch.float64: {"rtol": 1e-9, "atol": 1e-10},
    torch.float32: {"rtol": 2e-4, "atol": 2e-5},  # sums of some dozen terms, each with 24 bits
}


def pair(key, dtype=torch.float64, **options):
    """The same layer twice: compiled, eager."""
    return [build(key, backend, dtype, **options) for backend in ("compiled", "eager")]


def agree(key, dtype=torch.float64, form="plain", call="whole"):
    ours, theirs = pair(key, dtype, **FORMS[form])
    x, hx, options = draw(T, B, D, dtype=dtype), draw_states(theirs), dict(CALLS[call])
    if theirs.batch_first:
        x = x.transpose(0, 1)
        options = {n: v.T if n == "resets" else v for n, v in options.items()}
    found, wanted = (results(layer, x, hx, **options) for layer in (ours, theirs))
    assert_same(found, wanted, **TOLERANCES[dtype])
    assert [f.dtype for f in found] == [w.dtype for w in wanted]


@pytest.mark.parametrize("key", SPECS)
def test_outputs_states_and_gradients_are_the_eager_ones(key):
    agree(key)
    agree(key, torch.float32, "two directions in a stack", "both")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", quick("depth_gated", "clockwork", others=FIRST))
def test_in_every_form_of_layer_and_call(key, form, call):
    agree(key, form=form, call=call)


# lru is the one that tests/compiled compiles by default
@pytest.mark.parametrize("key", quick("lru", others=PROGRAMS))
def test_machine_code_gives_the_same(key, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("COURSE_CACHE", str(common_folder(tmp_path_factory, "compiled")))
    token = code._plain.set(False)
    try:
        for call in CALLS:
            agree(key, form="two directions in a stack", call=call)
    finally:
        code._plain.reset(token)


@pytest.mark.parametrize("key", SPECS)
def test_the_gradient_of_the_gradient_is_the_eager_one(key):
    def twice(layer):
        x, hx = draw(3, B, D).requires_grad_(), draw_states(layer)
        leaves = [x, *layer.parameters()]
        grads = torch.autograd.grad(loss_of(*layer(x, hx)), leaves, create_graph=True)
        return [*grads, *torch.autograd.grad(sum(g.square().sum() for g in grads), leaves)]

    assert_same(*map(twice, pair(key, num_layers=2)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "key", [pytest.param("lstm_peephole", marks=pytest.mark.slow), "lru", "slstm"]
)
def test_torchs_own_check_of_both_gradients(key):
    layer = build(key, "compiled")
    names = [n for n, _ in layer.named_parameters()]

    def f(x, *rest):
        states, weights = rest[: len(layer.spec.states)], rest[len(layer.spec.states) :]
        given = dict(zip(names, weights, strict=True))
        hx = states if len(states) > 1 else states[0]
        y, last = torch.func.functional_call(layer, given, (x, hx))
        return y, *tuple_of(last)

    leaves = [draw(2, 2, D), *tuple_of(draw_states(layer, 2)), *layer.parameters()]
    leaves = [t.detach().clone().requires_grad_() for t in leaves]
    assert torch.autograd.gradcheck(f, leaves, check_batched_grad=key == "lru")
    assert key == "slstm" or torch.autograd.gradgradcheck(f, leaves)  # that one takes a minute


def test_auto_takes_it_where_it_pays_and_says_why_not_elsewhere():
    layer = torch_nn.Recurrent("lstm_peephole", D, H)
    x = draw(compiled.TRAINED, B, D, dtype=torch.float32)
    assert layer.why(x).startswith("compiled (not native: ")
    assert layer.why(x, lengths=[3, 2, 1]).startswith("compiled")
    few = layer.why(x[1:])
    assert few.startswith("eager") and "from 32 steps on (with gradients), this call has 31" in few
    with torch.no_grad():
        assert "pays from 128 steps on (without gradients)" in layer.why(x)
        assert layer.why(x.repeat(4, 1, 1)).startswith("compiled")
    layer.requires_grad_(False)
    assert layer.why(x).startswith("eager")
    assert layer.why(x.clone().requires_grad_()).startswith("compiled")
    layer.requires_grad_()
    assert layer.why(x, resets=torch.ones(x.shape[:2]).bool()).startswith("compiled")
    assert layer.to(torch.bfloat16).why(x.bfloat16()).startswith("eager")
    assert torch_nn.Recurrent("lstm", D, H).why(x).startswith("native")
    resets = torch.zeros(x.shape[:2]).bool()
    assert torch_nn.Recurrent("lstm", D, H).why(x, resets=resets).startswith("compiled")


@pytest.mark.parametrize("key", compiled.SHORTEST)
def test_auto_takes_it_for_small_nets_where_it_beats_pytorchs_kernel(key):
    layer, least = torch_nn.Recurrent(key, D, H), compiled.SHORTEST[key]
    x = draw(least, B, D, dtype=torch.float32)
    assert layer.why(x).startswith(f"compiled (not native: its kernel for {key} is slower")
    assert layer.why(x[1:]).startswith("native")
    with torch.no_grad():  # the gain is less, and compiling takes as long
        assert layer.why(x).startswith("native")
    wide = torch_nn.Recurrent(key, D, 600)  # threads can share its products
    assert wide.why(draw(least, 4, D, dtype=torch.float32)).startswith("native")
    with torch.device("meta"):
        there = torch_nn.Recurrent(key, D, H)
    assert there.why(x.to("meta")).startswith("native")


def test_an_lstm_of_any_size_stays_with_pytorchs_kernel():
    assert torch_nn.Recurrent("lstm", D, H).why(draw(1000, B, D, dtype=torch.float32)).startswith(
        "native"
    )


def test_without_numba_auto_steps_aside_and_asking_names_the_remedy(monkeypatch):
    monkeypatch.setattr(compiled, "_missing", lambda: "numba")
    x = draw(compiled.TRAINED, B, D)
    assert build("mgu").why(x).startswith("eager")
    with pytest.raises(ValueError, match=r"numba: pip install 'course-utils\[fast\]'"):
        build("mgu", "compiled")(x)


def test_two_calls_before_either_gradient_keep_apart():
    def product(layer):
        a, b = (layer(s * torch.ones(T, B, D, dtype=torch.float64))[0] for s in (1, -2))
        return torch.autograd.grad((a * b).sum(), list(layer.parameters()))

    assert_same(*map(product, pair("gru_2014")))


def test_outputs_and_gradients_outlive_later_calls():
    layer = build("lstm_cifg", "compiled")
    found = results(layer, draw(T, B, D))
    kept = [f.detach().clone() for f in found]
    for seed in range(3):
        results(layer, draw(T, B, D, seed=seed + 5))
    assert_same(found, kept, rtol=0, atol=0)


def test_what_the_caller_does_to_the_output_does_not_reach_the_gradient():
    grads = []
    for change in (False, True):
        layer = build("lstm_peephole", "compiled")
        y, (h, c) = layer(draw(T, B, D))
        loss = (y * 1).sum() + (h * c).sum()
        if change:
            with torch.no_grad():
                y.data.zero_(), c.data.zero_()
        grads.append(torch.autograd.grad((y * draw(*y.shape)).sum(), list(layer.parameters())))
        assert loss.isfinite()
    assert_same(*grads, rtol=0, atol=0)


@pytest.mark.parametrize("what", ["weight", "input"])
def test_what_was_changed_before_the_gradient_is_noticed(what):
    layer, x = build("lstm_peephole", "compiled"), draw(T, B, D)
    loss = layer(x)[0].sum()
    with torch.no_grad():
        (layer.weight_hh_l0 if what == "weight" else x).mul_(2)
    with pytest.raises(RuntimeError, match="inplace"):
        loss.backward()


def test_no_gradient_no_graph_and_a_second_one_only_if_asked():
    layer = build("lstm_noaf", "compiled")
    with torch.no_grad():
        assert not layer(draw(T, B, D))[0].requires_grad
    loss = loss_of(*layer(draw(T, B, D)))
    loss.backward(retain_graph=True)
    once = [p.grad.clone() for p in layer.parameters()]
    loss.backward()
    assert_same([p.grad for p in layer.parameters()], [2 * g for g in once])
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_frozen_weights_receive_nothing_and_the_rest_what_it_would():
    ours, theirs = pair("mut1")
    for layer in (ours, theirs):
        layer.weight_hh_l0.requires_grad_(False)
        loss_of(*layer(draw(T, B, D))).backward()
        assert layer.weight_hh_l0.grad is None
    for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if a.grad is not None:
            torch.testing.assert_close(a.grad, b.grad, msg=name)


def test_hooks_see_what_they_see_elsewhere():
    seen = {"compiled": [], "eager": []}
    for name, found in seen.items():
        layer = build("gru_2014", name)
        layer.register_forward_hook(lambda m, i, o, found=found: found.append(o[0].detach()))
        layer.weight_hh_l0.register_hook(found.append)
        y, _ = layer(draw(T, B, D))
        y.register_hook(lambda g, found=found: found.append(g) or 2 * g)
        y.sum().backward()
        found.append(layer.weight_ih_l0.grad)
    assert len(seen["eager"]) == 4
    assert_same(*seen.values())


def test_copies_of_a_layer_are_layers():
    layer, x = build("slstm", "compiled"), draw(T, B, D)
    y = layer(x)[0]
    stored = io.BytesIO()
    torch.save(layer, stored)
    stored.seek(0)
    copies = (
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
        torch.load(stored, weights_only=False),
    )
    for other in copies:
        assert other.backend == "compiled"
        torch.testing.assert_close(other(x)[0], y)
    eager = build("slstm", "eager")
    assert list(eager.state_dict()) == list(layer.state_dict())
    eager.load_state_dict(layer.state_dict())


def test_threads_do_not_disturb_each_other():
    layers = [pair(key) for key in ("lstm_peephole", "mgu")]
    inputs = [draw(T, B, D, seed=seed) for seed in range(8)]
    wanted = [[results(eager, x) for x in inputs] for _, eager in layers]

    def work(task):
        with code.uncompiled():  # a thread has a context of its own
            n, k = task
            return results(layers[n][0], inputs[k])

    tasks = [(n, k) for k in range(8) for n in range(2)] * 2
    with ThreadPoolExecutor(8) as pool:
        for (n, k), found in zip(tasks, pool.map(work, tasks), strict=True):
            assert_same(found, wanted[n][k], rtol=1e-9, atol=1e-10)


def test_dropout_acts_between_layers_as_in_the_loop():
    found = []
    for layer in pair("lstm_nog", num_layers=3, dropout=0.4):
        torch.manual_seed(5)
        found.append(results(layer, draw(T, B, D)))
    assert_same(*found, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("key", SPECS)
def test_what_is_not_finite_stays_visible(key, bad):
    layer, x = build(key, "compiled"), draw(T, B, D)
    x[2, 1] = bad
    y, _ = layer(x)
    assert y[:2].isfinite().all() and y[:, [0, 2]].isfinite().all()
    lost = y.isfinite() & ~build(key, "eager")(x)[0].isfinite()
    assert not lost.any()


OBSTACLES = {
    "input": lambda layer, x: layer.to(torch.bfloat16)(x.to(torch.bfloat16)),
    "autocast": lambda layer, x: autocast(layer, x),
    "meta": lambda layer, x: layer.to("meta")(x.to("meta")),
}


def autocast(layer, x):
    with torch.autocast("cpu", torch.bfloat16):
        return layer(x)


@pytest.mark.parametrize("word", OBSTACLES)
def test_asked_for_where_it_cannot_be_had_it_says_why(word):
    layer = build("lstm_peephole", "compiled", torch.float32)
    with pytest.raises(ValueError, match=word) as error:
        OBSTACLES[word](layer, draw(T, B, D, dtype=torch.float32))
    assert "auto" in str(error.value)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # forward mode asks for it
def test_transforms_run_the_loop():
    ours, theirs = pair("lstm_peephole")
    x = draw(T, B, D)
    for transform in (
        lambda layer: torch.func.grad(lambda v: loss_of(*layer(v)))(x),
        lambda layer: torch.func.vmap(lambda row: layer(row)[0], in_dims=1)(x),
        lambda layer: torch.func.hessian(lambda v: layer(v)[0].square().sum())(x[:2, :1]),
        lambda layer: torch.func.jvp(lambda v: layer(v)[0], (x,), (x,))[1],
    ):
        torch.testing.assert_close(transform(ours), transform(theirs))


def test_the_compiler_is_loaded_only_when_a_compiled_layer_runs():
    code = (
        "import sys, torch; from course_utils import torch_nn;"
        "layer = torch_nn.Recurrent('lstm_peephole', 2, 3); layer(torch.ones(2, 1, 2));"
        "print('numba' in sys.modules, 'course_utils.numpy_nn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_arrays_that_are_not_contiguous_are_read_right():
    ours, theirs = pair("lstm_coupled")
    x = draw(B, D, T).permute(2, 0, 1)
    dy = draw(H, B, T).permute(2, 1, 0)
    for layer in (ours, theirs):
        layer(x)[0].backward(dy)
    np.testing.assert_allclose(ours.weight_ih_l0.grad, theirs.weight_ih_l0.grad, rtol=1e-10)


def test_arrays_are_used_again_and_only_some_are_kept(monkeypatch):
    compiled._spare.clear()
    layer = build("lstm_nog", "compiled")
    for _ in range(3):
        layer(draw(T, B, D))[0].sum().backward()
    assert len(compiled._spare) == 1
    a, b = layer(draw(T, B, D))[0], layer(draw(T, B, D))[0]
    assert not compiled._spare  # both are in use
    del a, b
    assert len(compiled._spare) == 2
    for steps in range(1, 2 * compiled.SPARE):
        layer(draw(steps, B, D))
    assert len(compiled._spare) == compiled.SPARE
    monkeypatch.setattr(compiled, "MEMORY", 0)
    layer(draw(T, B, D))
    assert not compiled._spare


@pytest.mark.parametrize("key", ["clockwork", "lru", "depth_gated"])
def test_what_an_earlier_call_left_in_the_arrays_changes_nothing(key):
    ours, theirs = pair(key)
    for n, call in enumerate([*CALLS, *reversed(CALLS), "whole", "lengths", "whole"]):
        x = draw(T, B, D, seed=n)
        found, wanted = (results(layer, x, **CALLS[call]) for layer in (ours, theirs))
        assert_same(found, wanted, rtol=1e-9, atol=1e-10)
