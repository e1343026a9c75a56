"""Laws of a memory's functions over drawn sizes, their edges, and what they refuse."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_arrays import PARTS, B, K, M, N, S, make, parts
from problems import close

from course_utils.numpy_nn import gradcheck, memory
from course_utils.shapes import ShapeError
from course_utils.torch_nn import memory as torch_memory

# -- laws ------------------------------------------------------------------------------------------

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)


@settings(max_examples=40, deadline=None)
@given(seeds, sizes, sizes, st.sampled_from([1, 3, 5]), st.sampled_from([1.0, 30.0]))
def test_weights_stay_weights(seed, N, M, S, scale):
    """At least 0, sum 1, after all five steps, also where softmax and power saturate."""
    v = make(seed, N=N, M=M, S=S)
    a = scale * np.random.default_rng(seed).standard_normal((B, K, M + 3 + S))
    told, _ = memory.head(a, M)
    w, cache = memory.address(v["memory"], v["w_prev"], told)
    assert (w >= 0).all()
    np.testing.assert_allclose(w.sum(-1), 1, atol=1e-12)
    dmemory, dw_prev, dtold = memory.address_backward(cache, np.ones_like(w))
    for gradient in (dmemory, dw_prev, *dtold):
        assert np.isfinite(gradient).all()


@settings(max_examples=25, deadline=None)
@given(seeds, sizes, st.integers(-2, 2))
def test_a_shift_by_k_rotates_by_k(seed, N, k):
    v = make(seed, N=N)
    s = np.zeros((B, K, 5))
    s[..., 2 + k] = 1
    w_s, _ = memory.shift(v["w_g"], s)
    for i in range(N):
        np.testing.assert_array_equal(w_s[..., (i + k) % N], v["w_g"][..., i])


@settings(max_examples=25, deadline=None)
@given(seeds, sizes)
def test_sharpening_by_one_changes_nothing_and_by_more_keeps_the_order(seed, N):
    v = make(seed, N=N)
    same, _ = memory.sharpen(v["w_s"], np.ones((B, K)))
    np.testing.assert_allclose(same, v["w_s"], atol=1e-14)
    w, _ = memory.sharpen(v["w_s"], v["gamma"])
    np.testing.assert_array_equal(w.argmax(-1), v["w_s"].argmax(-1))
    assert (w.max(-1) >= v["w_s"].max(-1) - 1e-14).all()


@settings(max_examples=25, deadline=None)
@given(seeds, sizes, sizes)
def test_writing_equals_blending_exactly_when_all_is_erased(seed, N, M):
    """One head: write - blend = w (1 - erase) M, slot by slot."""
    v = make(seed, K=1, N=N, M=M)
    blended, _ = memory.blend(v["memory"], v["w"], v["add"])
    full, _ = memory.write(v["memory"], v["w"], np.ones((B, 1, M)), v["add"])
    np.testing.assert_allclose(full, blended, atol=1e-13)
    new, _ = memory.write(v["memory"], v["w"], v["erase"], v["add"])
    left = v["w"][:, 0, :, None] * (1 - v["erase"]) * v["memory"]
    np.testing.assert_allclose(new - blended, left, atol=1e-13)


def test_the_order_of_heads_matters_to_the_blend_alone():
    v = make(11)
    turned = {n: v[n][:, ::-1] for n in ("w", "erase", "add")}
    new = memory.write(v["memory"], v["w"], v["erase"], v["add"])[0]
    close(memory.write(v["memory"], **turned)[0], new, 1e-13)
    blended = memory.blend(v["memory"], v["w"], v["add"])[0]
    other = memory.blend(v["memory"], turned["w"], turned["add"])[0]
    assert np.abs(blended - other).max() > 0.01


def test_g_of_zero_and_one_and_a_large_beta():
    v = make(12)
    zero, one = np.zeros((B, K)), np.ones((B, K))
    np.testing.assert_array_equal(memory.interpolate(v["w_c"], v["w_prev"], zero)[0], v["w_prev"])
    np.testing.assert_array_equal(memory.interpolate(v["w_c"], v["w_prev"], one)[0], v["w_c"])
    sharp, _ = memory.content(v["u"], 1e4 * one)
    np.testing.assert_array_equal(sharp.argmax(-1), v["u"].argmax(-1))
    close(memory.content(v["u"], zero)[0], np.full((B, K, N), 1 / N), 1e-15)


@parts
def test_a_batch_row_equals_a_batch_of_one(name):
    v = make(13)
    inputs = [v[n] for n in PARTS[name]]
    out, _ = getattr(memory, name)(*inputs)
    for b in range(B):
        alone, _ = getattr(memory, name)(*(i[b : b + 1] for i in inputs))
        close(alone[0], out[b], 1e-14)


# -- edges -----------------------------------------------------------------------------------------


@parts
def test_an_empty_batch_gives_an_empty_result(name):
    v = make(14)
    inputs = [v[n][:0] for n in PARTS[name]]
    out, cache = getattr(memory, name)(*inputs)
    assert len(out) == 0
    gradients = getattr(memory, name + "_backward")(cache, out)
    assert [g.shape for g in gradients] == [i.shape for i in inputs]
    theirs = getattr(torch_memory, name)(*(torch.tensor(i) for i in inputs))
    assert tuple(theirs.shape) == out.shape


def test_an_empty_slot_fits_no_key():
    slots = np.array([[[0.0, 0.0], [1.0, 1.0]]])
    keys = np.array([[[0.0, 2.0], [0.0, 0.0]]])
    u, cache = memory.cosine(slots, keys)
    close(u, np.array([[[0, np.sqrt(0.5)], [0, 0]]]), 1e-15)
    for gradient in memory.cosine_backward(cache, np.ones_like(u)):
        assert np.isfinite(gradient).all()
    close(torch_memory.cosine(torch.tensor(slots), torch.tensor(keys)).numpy(), u, 1e-15)
    assert np.abs(memory.cosine(slots * 1e-9, keys)[0]).max() < 1e-5  # nearly empty


def test_nearly_empty_slots_and_keys_have_the_gradient_of_what_they_compute():
    """Shorter than the floor, a vector counts in proportion to its length."""
    v = make(17)
    v["memory"][:, :2] *= 1e-4
    v["key"][:, 0] *= 1e-5
    u, cache = memory.cosine(v["memory"], v["key"])
    exact, _ = memory.cosine(v["memory"], v["key"] * 1e5)
    assert np.abs(u[:, 0]).max() < 0.05 * np.abs(exact[:, 0]).max()
    du = np.random.default_rng(0).standard_normal(u.shape)
    dmemory, dkey = memory.cosine_backward(cache, du)
    loss_m = lambda m: (memory.cosine(m, v["key"])[0] * du).sum()  # noqa: E731
    loss_k = lambda k: (memory.cosine(v["memory"], k)[0] * du).sum()  # noqa: E731
    close(dmemory, gradcheck.complex_step(loss_m, v["memory"]), 1e-12)
    close(dkey, gradcheck.complex_step(loss_k, v["key"]), 1e-12)
    leaves = [torch.tensor(v[n], requires_grad=True) for n in ("memory", "key")]
    theirs = torch_memory.cosine(*leaves)
    close(theirs.detach().numpy(), u, 1e-13)
    (theirs * torch.tensor(du)).sum().backward()
    close(leaves[0].grad.numpy(), dmemory, 1e-12)
    close(leaves[1].grad.numpy(), dkey, 1e-12)


def test_one_slot_holds_all_the_weight():
    v = make(15, N=1)
    told, _ = memory.head(np.random.default_rng(0).standard_normal((B, K, M + 3 + S)), M)
    w, _ = memory.address(v["memory"], v["w_prev"], told)
    np.testing.assert_array_equal(w, np.ones((B, K, 1)))
    np.testing.assert_array_equal(memory.read(v["memory"], w)[0], v["memory"].repeat(K, 1))


def test_sharpening_does_not_underflow():
    w = np.full((1, 1, 128), 1 / 128, np.float32)
    out, _ = memory.sharpen(w, np.full((1, 1), 100, np.float32))
    np.testing.assert_allclose(out, w)


BAD = [
    (lambda m, v: m.cosine(v["memory"], v["key"][..., :2]), ShapeError, "key: axis M should be 4"),
    (lambda m, v: m.cosine(v["memory"][:, :0], v["key"]), ValueError, "0 slots of width 4"),
    (lambda m, v: m.interpolate(v["w_c"], v["w_prev"][:2], v["g"]), ShapeError, "w_prev: axis B"),
    (lambda m, v: m.shift(v["w_g"], v["s"][..., :2]), ShapeError, "s: axis S should be odd"),
    (
        lambda m, v: m.write(v["memory"], v["w"], v["erase"], v["add"][:, :1]),
        ShapeError,
        "add: axis K",
    ),
    (lambda m, v: m.blend(v["memory"], v["w"][..., :2], v["add"]), ShapeError, "w: axis N"),
    (lambda m, v: m.head(v["key"], 1), ShapeError, "a: axis 2 should be width"),
    (lambda m, v: m.head(v["u"], 0), ShapeError, "a: axis 2 should be width"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
@pytest.mark.parametrize("module", [memory, torch_memory], ids=["numpy", "torch"])
def test_what_is_refused(module, call, error, message):
    values = make(16)
    if module is torch_memory:
        values = {name: torch.tensor(v) for name, v in values.items()}
    # to `head`, 4 numbers leave no shift for width 1, and 5 leave two for width 0
    with pytest.raises(error, match=message):
        call(module, values)
