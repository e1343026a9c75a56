"""Addressing, reading and writing: the paper's tables by hand, NumPy = torch, gradients, laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import close

from course_utils import equations
from course_utils.numpy_nn import gradcheck, memory
from course_utils.shapes import ShapeError
from course_utils.spec import NUMPY
from course_utils.torch_nn import memory as torch_memory

B, K, N, M, S = 3, 2, 5, 4, 3


def make(seed=0, B=B, K=K, N=N, M=M, S=S, dtype=np.float64):
    """Random arrays for every function below, weights with sum 1."""
    rng = np.random.default_rng(seed)
    simplex = lambda *shape: rng.dirichlet(np.ones(shape[-1]), shape[:-1])  # noqa: E731
    values = {
        "memory": rng.standard_normal((B, N, M)),
        "key": rng.standard_normal((B, K, M)),
        "u": rng.uniform(-1, 1, (B, K, N)),
        "beta": rng.uniform(0.5, 5, (B, K)),
        "w_c": simplex(B, K, N),
        "w_prev": simplex(B, K, N),
        "w_g": simplex(B, K, N),
        "w_s": simplex(B, K, N),
        "w": simplex(B, K, N),
        "g": rng.uniform(0, 1, (B, K)),
        "s": simplex(B, K, S),
        "gamma": rng.uniform(1, 4, (B, K)),
        "erase": rng.uniform(0, 1, (B, K, M)),
        "add": rng.standard_normal((B, K, M)),
    }
    return {name: v.astype(dtype) for name, v in values.items()}


PARTS = {
    "cosine": ("memory", "key"),
    "content": ("u", "beta"),
    "interpolate": ("w_c", "w_prev", "g"),
    "shift": ("w_g", "s"),
    "sharpen": ("w_s", "gamma"),
    "read": ("memory", "w"),
    "write": ("memory", "w", "erase", "add"),
    "blend": ("memory", "w", "add"),
}
parts = pytest.mark.parametrize("name", PARTS)


# -- tables by hand --------------------------------------------------------------------------------


def test_addressing_worked_by_hand():
    """Three slots, the five steps of Graves 2014, eqs 5 to 9, each number computable on paper."""
    slots = np.array([[[3.0, 4.0], [0.0, 2.0], [5.0, 0.0]]])
    u, _ = memory.cosine(slots, np.array([[[0.0, 7.0]]]))
    close(u, np.array([[[0.8, 1.0, 0.0]]]), 1e-15)  # eq. 6
    beta = np.log([[32.0]])  # exp(beta u) = 2^(5u) = 16, 32, 1
    w_c, _ = memory.content(u, beta)
    close(w_c, np.array([[[16, 32, 1]]]) / 49, 1e-15)  # eq. 5
    w_g, _ = memory.interpolate(w_c, np.array([[[1.0, 0.0, 0.0]]]), np.array([[0.49]]))
    close(w_g, np.array([[[0.67, 0.32, 0.01]]]), 1e-15)  # eq. 7
    w_s, _ = memory.shift(w_g, np.array([[[0.0, 0.5, 0.5]]]))  # half stays, half moves on by one
    close(w_s, np.array([[[0.34, 0.495, 0.165]]]), 1e-15)  # eq. 8
    w, _ = memory.sharpen(w_s, np.array([[2.0]]))
    squares = np.array([0.34**2, 0.495**2, 0.165**2])
    close(w[0, 0], squares / squares.sum(), 1e-15)  # eq. 9
    r, _ = memory.read(slots, np.array([[[0.5, 0.25, 0.25]]]))
    close(r, np.array([[[2.75, 2.5]]]), 1e-15)  # eq. 2


def test_writing_worked_by_hand():
    slots = np.array([[[2.0, -1.0], [4.0, 3.0]]])
    w = np.array([[[0.5, 0.25]]])
    erase, add = np.array([[[1.0, 0.5]]]), np.array([[[6.0, -2.0]]])
    new, _ = memory.write(slots, w, erase, add)  # eqs 3 and 4
    close(new, np.array([[[1 + 3, -0.75 - 1], [3 + 1.5, 2.625 - 0.5]]]), 1e-15)
    blended, _ = memory.blend(slots, w, add)
    close(blended, np.array([[[1 + 3, -0.5 - 1], [3 + 1.5, 2.25 - 0.5]]]), 1e-15)


# -- gradients -------------------------------------------------------------------------------------


@parts
@pytest.mark.parametrize(
    "sizes", [{}, {"K": 1, "N": 1}, {"N": 2, "S": 5}, {"K": 3, "M": 1}], ids=str
)
def test_backward_is_the_complex_step(name, sizes):
    values = make(1, **sizes)
    inputs = [values[v] for v in PARTS[name]]
    forward, backward = getattr(memory, name), getattr(memory, name + "_backward")
    out, cache = forward(*inputs)
    cotangent = np.random.default_rng(2).standard_normal(out.shape)
    gradients = backward(cache, cotangent)
    assert len(gradients) == len(inputs)
    for k, gradient in enumerate(gradients):

        def loss(v, k=k):
            return (forward(*inputs[:k], v, *inputs[k + 1 :])[0] * cotangent).sum()

        close(gradient, gradcheck.complex_step(loss, inputs[k]), 1e-12)


def test_address_and_head_backward_are_the_complex_step():
    values = make(3)
    a = np.random.default_rng(4).standard_normal((B, K, M + 3 + S))
    cotangent = np.random.default_rng(5).standard_normal((B, K, N))

    def forward(slots, w_prev, a):
        told, told_cache = memory.head(a, M)
        w, cache = memory.address(slots, w_prev, told)
        return w, told_cache, cache

    _, told_cache, cache = forward(values["memory"], values["w_prev"], a)
    dmemory, dw_prev, dtold = memory.address_backward(cache, cotangent)
    da = memory.head_backward(told_cache, dtold)
    inputs = [values["memory"], values["w_prev"], a]
    for k, gradient in enumerate([dmemory, dw_prev, da]):

        def loss(v, k=k):
            return (forward(*inputs[:k], v, *inputs[k + 1 :])[0] * cotangent).sum()

        close(gradient, gradcheck.complex_step(loss, inputs[k]), 1e-12)


def test_an_erased_slot_passes_the_gradient_of_the_other_heads_only():
    """Two heads erase one slot fully: a division by what is kept would be 0/0."""
    slots, w = np.full((1, 1, 1), 3.0), np.ones((1, 2, 1))
    erase, add = np.ones((1, 2, 1)), np.zeros((1, 2, 1))
    _, cache = memory.write(slots, w, erase, add)
    dmemory, dw, derase, _ = memory.write_backward(cache, np.ones((1, 1, 1)))
    assert (dmemory == 0).all() and (dw == 0).all() and (derase == 0).all()


# -- NumPy = torch ---------------------------------------------------------------------------------


@parts
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_equals_torch_with_gradients_and_keeps_the_dtype(name, dtype):
    values = make(6, dtype=dtype)
    inputs = [values[v] for v in PARTS[name]]
    out, cache = getattr(memory, name)(*inputs)
    leaves = [torch.tensor(v, requires_grad=True) for v in inputs]
    theirs = getattr(torch_memory, name)(*leaves)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert out.dtype == dtype and theirs.detach().numpy().dtype == dtype
    close(out, theirs.detach().numpy(), tolerance)
    cotangent = np.random.default_rng(7).standard_normal(out.shape).astype(dtype)
    gradients = getattr(memory, name + "_backward")(cache, cotangent)
    (theirs * torch.tensor(cotangent)).sum().backward()
    for ours, leaf in zip(gradients, leaves, strict=True):
        assert ours.dtype == dtype
        close(ours, leaf.grad.numpy(), tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_address_equals_torch(dtype):
    values = make(8, dtype=dtype)
    a = np.random.default_rng(9).standard_normal((B, K, M + 3 + S)).astype(dtype)
    told, told_cache = memory.head(a, M)
    w, cache = memory.address(values["memory"], values["w_prev"], told)
    theirs = torch_memory.address(
        torch.tensor(values["memory"]),
        torch.tensor(values["w_prev"]),
        torch_memory.head(torch.tensor(a), M),
    )
    assert w.dtype == dtype
    close(w, theirs.numpy(), 1e-12 if dtype == np.float64 else 1e-5)
    *_, dtold = memory.address_backward(cache, w)
    assert memory.head_backward(told_cache, dtold).dtype == dtype


# -- one notation ----------------------------------------------------------------------------------


def run_lines(name, **values):
    return equations.evaluate(memory.EQUATIONS[name], values, NUMPY)


def test_the_equation_lines_compute_what_the_functions_compute():
    v = {name: a[0] for name, a in make(10, B=1).items()}  # one memory; heads are rows
    batch = {name: a[None] for name, a in v.items()}
    column = {name: v[name][:, None] for name in ("beta", "g", "gamma")}
    slots = v["memory"]
    found = run_lines(
        "cosine", Memory=slots, k=v["key"], one=np.ones((1, M))
    )
    close(found["u"], memory.cosine(batch["memory"], batch["key"])[0][0], 1e-13)
    found = run_lines("content", u=v["u"], beta=column["beta"])
    close(found["w_c"], memory.content(batch["u"], batch["beta"])[0][0], 1e-13)
    found = run_lines("interpolate", w_c=v["w_c"], w_prev=v["w_prev"], g=column["g"])
    wanted = memory.interpolate(batch["w_c"], batch["w_prev"], batch["g"])[0][0]
    close(found["w_g"], wanted, 1e-13)
    on = np.roll(np.eye(N), 1, axis=0)
    shares = dict(
        zip(("s_back", "s_stay", "s_on"), np.moveaxis(v["s"][:, None], -1, 0), strict=True)
    )
    found = run_lines("shift", w_g=v["w_g"], P_on=on, P_back=on.T, **shares)
    close(found["w_s"], memory.shift(batch["w_g"], batch["s"])[0][0], 1e-13)
    found = run_lines("sharpen", w_s=v["w_s"], gamma=column["gamma"])
    close(found["w"], memory.sharpen(batch["w_s"], batch["gamma"])[0][0], 1e-13)
    found = run_lines("read", Transposed=slots.T, w=v["w"])
    close(found["r"], memory.read(batch["memory"], batch["w"])[0][0], 1e-13)
    head = {n: batch[n][:, :1] for n in ("w", "erase", "add")}
    told = {"m_prev": slots, "w_i": v["w"][0][:, None], "a": v["add"][0]}
    found = run_lines("write", e=v["erase"][0], **told)
    close(found["m"], memory.write(batch["memory"], **head)[0][0], 1e-13)
    found = run_lines("blend", **told)
    close(found["m"], memory.blend(batch["memory"], head["w"], head["add"])[0][0], 1e-13)


def test_every_part_has_lines_and_every_line_prints():
    assert set(memory.EQUATIONS) == set(PARTS)
    for lines in memory.EQUATIONS.values():
        assert equations.latex(lines, memory.SYMBOLS).startswith("\\begin{aligned}")


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
