"""A scan is the loop by another algorithm: outputs, states and gradients, at every length."""

import numpy as np
import pytest
import torch
from problems import KEYS, B, H, close, make

from course_utils import numpy_nn, torch_nn
from course_utils.numpy_nn.scan import has_scan, prefix
from course_utils.shapes import ShapeError
from course_utils.torch_nn.scan import LinearScan
from course_utils.torch_nn.scan import has_scan as torch_has_scan
from course_utils.torch_nn.scan import unroll as torch_scan
from course_utils.torch_nn.unroll import unroll as torch_loop

SCANNED = tuple(key for key in KEYS if has_scan(key))
slow = pytest.mark.slow
every_scanned_cell = pytest.mark.parametrize("key", SCANNED)


def all_close(found, expected, tolerance):
    for a, b in zip(found, expected, strict=True):
        close(a, b, tolerance)


def same_way_back(found, expected, tolerance):
    """Two results (dx, dstate0, grads)."""
    close(found[0], expected[0], tolerance)
    all_close(found[1], expected[1], tolerance)
    assert set(found[2]) == set(expected[2])
    for name in expected[2]:
        close(found[2][name], expected[2][name], tolerance)


def tensors(arrays):
    return tuple(torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays)


def torch_run(run, p, x, **how):
    """y, last states, and the gradients of <y, dy> + <last, dlast> by all that enters."""
    leaves = dict(zip(p.params, tensors(p.params.values()), strict=True))
    (x,), start = tensors([x]), tensors(p.state0)
    y, last, _ = run(p.key, leaves, x, start, **how)
    loss = (y * torch.tensor(p.dy)).sum()
    loss = loss + sum((s * torch.tensor(d)).sum() for s, d in zip(last, p.dlast, strict=True))
    grads = torch.autograd.grad(loss, [x, *start, *leaves.values()], materialize_grads=True)
    return [t.detach().numpy() for t in (y, *last, *grads)]


def test_the_cells_that_are_linear_along_time_are_scanned():
    assert {"lru", "mingru", "mingru_log", "minlstm", "minlstm_log"} <= set(SCANNED)
    assert {k for k in KEYS if torch_has_scan(k)} == set(SCANNED)


@pytest.mark.parametrize("steps", [0, 1, 2, 7, 64])
@every_scanned_cell
def test_the_scan_equals_the_loop_in_gradients_too(key, steps):
    p = make(key, T=steps)
    assert any((s < 0).any() for s in p.state0)  # a start of either sign
    y, last, tape = numpy_nn.unroll(key, p.params, p.x, p.state0)
    y_scan, last_scan, scan_tape = numpy_nn.unroll_scan(key, p.params, p.x, p.state0)
    close(y_scan, y, 1e-12)
    all_close(last_scan, last, 1e-12)
    expected = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
    same_way_back(numpy_nn.unroll_scan_backward(scan_tape, p.dy, p.dlast), expected, 1e-11)
    found = torch_run(torch_scan, p, p.x)
    all_close(found, [y, *last, expected[0], *expected[1], *expected[2].values()], 1e-11)


@every_scanned_cell
def test_an_empty_batch_is_scanned(key):
    p = make(key, B=0)
    y, last, tape = numpy_nn.unroll_scan(key, p.params, p.x, p.state0)
    dx, dstate0, grads = numpy_nn.unroll_scan_backward(tape, p.dy)
    assert y.shape == (5, 0, H) and dx.shape == p.x.shape
    assert {s.shape for s in (*last, *dstate0)} == {(0, H)}
    assert all((g == 0).all() for g in grads.values())
    assert torch_run(torch_scan, p, p.x)[0].shape == (5, 0, H)


@pytest.mark.parametrize(
    "key", [pytest.param(k, marks=() if k in ("lru", "mingru_log") else slow) for k in SCANNED]
)
def test_ten_thousand_steps_in_float32_are_as_exact_as_the_loop(key):
    """Against float64; three times the loop's error leaves room for another order of rounding."""
    rng = np.random.default_rng(0)
    steps = 10_000
    params = numpy_nn.init_params(key, 2, 3, rng, np.float32, retention=0.99)
    x = rng.standard_normal((steps, 2, 2)).astype(np.float32)
    dy = rng.standard_normal((steps, 2, 3)).astype(np.float32)
    wide = {name: p.astype(np.float64) for name, p in params.items()}

    def run(unroll, backward, p, x):
        y, _, tape = unroll(key, p, x)
        dx, _, grads = backward(tape, dy.astype(x.dtype))
        return [y, dx, *(grads[name] for name in params)]

    scan = numpy_nn.unroll_scan, numpy_nn.unroll_scan_backward
    exact = run(*scan, wide, x.astype(np.float64))
    loop = run(numpy_nn.unroll, numpy_nn.unroll_backward, params, x)
    scanned = run(*scan, params, x)
    leaves = dict(zip(params, tensors(params.values()), strict=True))
    x_torch = torch.tensor(x, requires_grad=True)
    y, _, _ = torch_scan(key, leaves, x_torch, (torch.zeros(2, 3),) * (1 + (key == "lru")))
    grads = torch.autograd.grad((y * torch.tensor(dy)).sum(), [x_torch, *leaves.values()])
    by_torch = [t.detach().numpy() for t in (y, *grads)]

    def error(values, k):
        assert values[k].dtype == np.float32
        return np.abs(values[k] - exact[k]).max() / np.abs(exact[k]).max()

    for k in range(len(exact)):
        allowed = 3 * error(loop, k) + 1e-6
        assert error(scanned, k) < allowed
        assert error(by_torch, k) < allowed


@every_scanned_cell
def test_padding_counts_for_nothing_whatever_stands_there(key):
    p = make(key, T=6)
    lengths = np.array([4, 0, 6])[:B]
    ends = np.arange(6)[:, None] >= lengths
    zeros, padded = p.x.copy(), p.x.copy()
    zeros[ends], padded[ends] = 0, np.nan
    y, last, tape = numpy_nn.unroll(key, p.params, zeros, p.state0, lengths=lengths)
    expected = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
    y_scan, last_scan, tape = numpy_nn.unroll_scan(key, p.params, padded, p.state0, lengths=lengths)
    close(y_scan, y, 1e-12)
    all_close(last_scan, last, 1e-12)
    same_way_back(numpy_nn.unroll_scan_backward(tape, p.dy, p.dlast), expected, 1e-11)
    found = torch_run(torch_scan, p, padded, active=torch.tensor(~ends))
    all_close(found, [y, *last, expected[0], *expected[1], *expected[2].values()], 1e-11)


@every_scanned_cell
def test_a_reset_begins_a_new_sequence(key):
    """Two sequences in one row equal the same two run apart, gradients added."""
    p = make(key, T=7)
    resets = np.zeros((7, B), bool)
    resets[3] = True
    cut = [(slice(0, 3), None), (slice(3, 7), p.dlast)]
    ys, dxs, backs = [], [], []
    for part, dlast in cut:
        y, last, tape = numpy_nn.unroll(key, p.params, p.x[part], p.state0)
        ys.append(y)
        backs.append(numpy_nn.unroll_backward(tape, p.dy[part], dlast))
        dxs.append(backs[-1][0])
    dstate0 = [a + b for a, b in zip(backs[0][1], backs[1][1], strict=True)]
    grads = {name: backs[0][2][name] + backs[1][2][name] for name in p.params}
    expected = np.concatenate(dxs), dstate0, grads
    y, last_scan, tape = numpy_nn.unroll_scan(key, p.params, p.x, p.state0, resets=resets)
    close(y, np.concatenate(ys), 1e-12)
    all_close(last_scan, last, 1e-12)
    same_way_back(numpy_nn.unroll_scan_backward(tape, p.dy, p.dlast), expected, 1e-11)
    found = torch_run(torch_scan, p, p.x, resets=torch.tensor(resets))
    all_close(found, [y, *last, expected[0], *dstate0, *grads.values()], 1e-11)


@every_scanned_cell
def test_the_torch_scan_takes_the_options_of_the_loop(key):
    p = make(key, T=6)
    active = np.arange(6)[:, None] < np.array([4, 1, 6])
    for how in ({"reverse": True}, {"reverse": True, "active": torch.tensor(active)}):
        all_close(torch_run(torch_scan, p, p.x, **how), torch_run(torch_loop, p, p.x, **how), 1e-11)
    resets = np.random.default_rng(0).random((6, B)) < 0.4
    for how in ({}, {"reverse": True}, {"reverse": True, "active": torch.tensor(active)}):
        how["resets"] = torch.tensor(resets)
        all_close(torch_run(torch_scan, p, p.x, **how), torch_run(torch_loop, p, p.x, **how), 1e-11)


# PyTorch's forward mode compiles its own decompositions by torch.jit.script when first used
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_the_linear_recurrence_may_be_differentiated_again(dtype):
    generator = torch.Generator().manual_seed(0)
    a, b = (
        torch.randn(4, 2, dtype=dtype, generator=generator, requires_grad=True) for _ in range(2)
    )
    assert torch.autograd.gradcheck(LinearScan.apply, (a, b), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(LinearScan.apply, (a, b))
    mapped = torch.func.vmap(LinearScan.apply, in_dims=1, out_dims=1)(a, b)
    torch.testing.assert_close(mapped, LinearScan.apply(a, b))


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("reverse, dtype", [(False, torch.complex128), (True, torch.float64)])
def test_a_state_before_the_recurrence_is_differentiated_too(reverse, dtype):
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 3, 2, dtype=dtype, generator=generator).requires_grad_()
    h0 = torch.randn(2, dtype=dtype, generator=generator, requires_grad=True)

    def run(a, b, h0):
        return LinearScan.apply(a, b, h0, reverse)

    way = range(2, -1, -1) if reverse else range(3)
    h, states = h0, {}
    for t in way:
        h = states[t] = a[t] * h + b[t]
    torch.testing.assert_close(run(a, b, h0), torch.stack([states[t] for t in range(3)]))
    assert torch.autograd.gradcheck(run, (a, b, h0), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(run, (a, b, h0))
    mapped = torch.func.vmap(run, in_dims=(1, 1, 0), out_dims=1)(a, b, h0)
    torch.testing.assert_close(mapped, run(a, b, h0))

    def size(a, b, h0):
        return run(a, b, h0).abs().square().sum()

    every = (0, 1, 2)
    by_row = torch.func.vmap(torch.func.grad(size, every), (1, 1, 0), (1, 1, 0))(a, b, h0)
    torch.testing.assert_close(by_row, torch.autograd.grad(size(a, b, h0), (a, b, h0)))


def test_prefix_on_a_small_table():
    """h_1 = 1, h_2 = 2·1 + 3, h_3 = 0·5 + 4, h_4 = -1·4 + 1: by hand, and a_1 is not read."""
    a, b = np.array([[7.0], [2], [0], [-1]]), np.array([[1.0], [3], [4], [1]])
    np.testing.assert_array_equal(prefix(a, b)[:, 0], [1, 5, 4, -3])


@every_scanned_cell
def test_a_long_and_extreme_sequence_stays_finite(key):
    p = make(key, T=300)
    x = 1e3 * p.x
    y, _ = numpy_nn.scan(key, p.params, x, p.state0)
    loop, *_ = numpy_nn.unroll(key, p.params, x, p.state0)
    assert np.isfinite(y).all()
    close(y, loop, 1e-9)


def test_what_is_refused():
    p = make("gru")
    with pytest.raises(TypeError, match="gru is not linear in its past"):
        numpy_nn.scan("gru", p.params, p.x)
    with pytest.raises(TypeError, match="gru is not linear in its past"):
        torch_nn.scan("gru", {}, torch.tensor(p.x), (torch.zeros(3, 4),))
    p = make("mingru")
    with pytest.raises(ShapeError, match=r"resets: expected shape \(5, 3\)"):
        numpy_nn.scan("mingru", p.params, p.x, resets=np.zeros((5, 2), bool))
    with pytest.raises(ValueError, match="lengths"):
        numpy_nn.scan("mingru", p.params, p.x, lengths=np.array([1, 2, 6]))
    with pytest.raises(TypeError, match="lru is complex by itself and takes real numbers"):
        numpy_nn.scan("lru", make("lru").params, make("lru").x.astype(complex))
