"""Addressing, reading and writing: tables by hand, gradients, NumPy = torch, one notation."""

import numpy as np
import pytest
import torch
from memory_arrays import PARTS, B, K, M, N, S, make, parts
from problems import close

from course_utils import equations
from course_utils.numpy_nn import gradcheck, memory
from course_utils.spec import NUMPY
from course_utils.torch_nn import memory as torch_memory

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
    found = run_lines("cosine", Memory=slots, k=v["key"], one=np.ones((1, M)))
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
