"""The tuned layers against the readable ones."""

import tracemalloc

import numpy as np
import pytest
from problems import close, make

from course_utils import numpy_nn
from course_utils.numpy_nn import fast
from course_utils.numpy_nn.fast import kernel, products
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS

# odd sizes; one sequence; one of everything; no steps; no sequences
SIZES = [(7, 3, 4, 5), (6, 1, 3, 5), (1, 1, 1, 1), (0, 2, 3, 4), (3, 0, 2, 4)]


def readable(p):
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0)
    return y, last, *numpy_nn.unroll_backward(tape, p.dy, p.dlast)


def tuned(p, workspace=None):
    y, last, tape = fast.unroll(p.key, p.params, p.x, p.state0, workspace)
    return y, last, *fast.unroll_backward(tape, p.dy, p.dlast, workspace)


def equal(ours, theirs, tolerance=1e-12):
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        close(a, b, tolerance)


def leaves(result):
    y, last, dx, dstate0, grads = result
    return [y, *last, dx, *dstate0, *(grads[name] for name in sorted(grads))]


@pytest.mark.parametrize("key", fast.KEYS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_results_are_the_readable_ones(key, sizes):
    T, B, D, H = sizes
    p = make(key, T=T, B=B, D=D, H=H)
    equal(tuned(p), readable(p))


@pytest.mark.parametrize("key", fast.KEYS)
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("steps", [1, 5])
def test_neither_do_they_depend_on_how_the_sequence_is_cut(key, B, steps, monkeypatch):
    T, D, H = 23, 2, 4
    whole = fast.Workspace().kernel(SPECS[key], (T, B, D, H), np.dtype(float))
    monkeypatch.setattr(kernel, "CHUNK", steps * whole.slots * H * B)
    cut = fast.Workspace().kernel(SPECS[key], (T, B, D, H), np.dtype(float))
    assert len(whole.chunks) == 1 and len(cut.chunks) == -(-T // steps) and cut.span < T
    p = make(key, T=T, B=B, D=D, H=H)
    equal(tuned(p), readable(p), 1e-10)


@pytest.mark.parametrize("key", fast.KEYS)
def test_nor_on_how_the_products_are_cut(key, monkeypatch):
    monkeypatch.setattr(products, "small_products", lambda: True)
    monkeypatch.setattr(products, "LARGEST", 40)
    monkeypatch.setattr(products, "LEAST_ROWS", 1)
    T, B, D, H = 7, 3, 5, 6
    cut = fast.Workspace().kernel(SPECS[key], (T, B, D, H), np.dtype(float))
    assert cut.forth.pieces > 1 and cut.inward.pieces > 1
    p = make(key, T=T, B=B, D=D, H=H)
    equal(tuned(p), readable(p))


def test_products_are_cut_only_where_that_helps(monkeypatch):
    monkeypatch.setattr(products, "small_products", lambda: True)
    assert products.pieces(1024, 256, 32) == 16  # 64 rows: the most that stay below 100³
    assert products.pieces(128, 32, 32) == 1  # small enough as it is
    assert products.pieces(1021, 256, 32) == 1  # a prime number of rows
    assert products.pieces(64, 4096, 64) == 1  # pieces would be too thin
    monkeypatch.setattr(products, "small_products", lambda: False)
    assert products.pieces(1024, 256, 32) == 1


def test_kernels_pinned_to_an_older_processor_are_not_expected_to_have_them(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    products.small_products.cache_clear()
    assert not products.small_products()
    products.small_products.cache_clear()


@pytest.mark.parametrize("key", fast.KEYS)
def test_float32_stays_float32(key):
    p = make(key, T=9, B=4, D=3, H=8)
    single = p._replace(
        params={k: v.astype(np.float32) for k, v in p.params.items()},
        x=p.x.astype(np.float32),
        state0=tuple(s.astype(np.float32) for s in p.state0),
    )
    y, last, dx, _, grads = tuned(single)
    assert {y.dtype, dx.dtype, last[0].dtype, *(g.dtype for g in grads.values())} == {
        np.dtype(np.float32)
    }
    exact = readable(p)
    close(y, exact[0], 1e-5)
    close(grads["weight_hh"], exact[4]["weight_hh"], 1e-4)


@pytest.mark.parametrize("key", fast.KEYS)
def test_a_workspace_serves_again_and_again_and_for_other_sizes(key):
    workspace = fast.Workspace()
    for seed, T in ((0, 6), (1, 6), (2, 3), (3, 6)):
        p = make(key, seed, T=T)
        equal(tuned(p, workspace), readable(p))


@pytest.mark.parametrize("key", fast.KEYS)
def test_with_a_workspace_no_step_allocates_even_one_block(key, monkeypatch):
    p = make(key, T=6, B=256, D=3, H=128)
    workspace, peaks = fast.Workspace(), {}
    tuned(p, workspace)
    layer = workspace.kernel(SPECS[key], (6, 256, 3, 128), np.dtype(float))

    def watched(name, method):
        def run(first, end):
            tracemalloc.start()
            method(first, end)
            peaks[name] = max(peaks.get(name, 0), tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

        return run

    for name in ("project", "forward_chunk", "slopes", "backward_chunk"):
        monkeypatch.setattr(layer, name, watched(name, getattr(layer, name)))
    tuned(p, workspace)
    assert len(peaks) == 4
    # NumPy's own buffers, for operands that are not contiguous, hold 8192 numbers each
    assert max(peaks.values()) < p.state0[0].nbytes, peaks  # (B, H): 32768 numbers


def test_a_tape_overwritten_by_a_later_call_is_refused():
    p, workspace = make("lstm"), fast.Workspace()
    *_, stale = fast.unroll("lstm", p.params, p.x, workspace=workspace)
    fast.unroll("lstm", p.params, p.x, workspace=workspace)
    with pytest.raises(RuntimeError, match=r"tape: .*workspace"):
        fast.unroll_backward(stale, p.dy)
    *_, first = fast.unroll("lstm", p.params, p.x)
    *_, second = fast.unroll("lstm", p.params, p.x + 1)
    fast.unroll_backward(second, p.dy)
    grads = fast.unroll_backward(first, p.dy)[2]
    for name, grad in readable(p._replace(state0=None, dlast=None))[4].items():
        close(grads[name], grad, 1e-12)


def test_going_back_twice_gives_the_same():
    p = make("gru")
    *_, tape = fast.unroll("gru", p.params, p.x, p.state0)
    once = {k: g.copy() for k, g in fast.unroll_backward(tape, p.dy, p.dlast)[2].items()}
    again = fast.unroll_backward(tape, p.dy, p.dlast)[2]
    for name in once:
        np.testing.assert_array_equal(once[name], again[name])


def test_nothing_that_was_given_is_written_to():
    for key in fast.KEYS:
        p = make(key)
        arrays = [p.x, p.dy, *p.state0, *p.dlast, *p.params.values()]
        for array in arrays:
            array.flags.writeable = False
        tuned(p)


def test_bad_input_is_named():
    p = make("lstm")
    with pytest.raises(KeyError, match=r"clockwork.*use numpy_nn.unroll"):
        fast.unroll("clockwork", p.params, p.x)
    with pytest.raises(ShapeError, match="x"):
        fast.unroll("lstm", p.params, p.x[0])
    with pytest.raises(TypeError, match=r"x: .*astype"):
        fast.unroll("lstm", p.params, p.x.astype(int))
    *_, tape = fast.unroll("lstm", p.params, p.x)
    with pytest.raises(ShapeError, match="dy"):
        fast.unroll_backward(tape, p.dy[:-1])
    with pytest.raises(ValueError, match="workspace"):
        fast.unroll_backward(tape, p.dy, workspace=fast.Workspace())
