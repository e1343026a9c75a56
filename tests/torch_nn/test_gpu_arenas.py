"""Arrays that ``backend="graph"`` keeps for later calls: no call sees or spoils another's."""

import pytest
import torch
from graph_layers import CALLS, B, D, T
from layers import assert_same, build, draw, loss_of, results

from course_utils.torch_nn import gpu

pytestmark = pytest.mark.usefixtures("interpreter")


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


def test_inference_mode_leaves_no_arrays_that_others_could_not_write_to():
    gpu.release()
    ours, theirs = (build("lstm_niaf", backend) for backend in ("graph", "eager"))
    x, found = draw(T, B, D), []
    for mode in (torch.inference_mode, torch.no_grad, torch.inference_mode):
        with mode():
            found.append(ours(x)[0])
    found.append(ours(x)[0])
    assert_same(found, [theirs(x)[0]] * 4)
