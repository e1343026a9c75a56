"""Workspaces, tapes and sizes of ``numpy_nn.fast``; what it computes: ``test_layer``."""

import numpy as np
import pytest
from kinds import by_kind
from odd_cells import cell
from problems import close, equal, leaves, make

from course_utils import compiled, numpy_nn
from course_utils.compiled import columns
from course_utils.numpy_nn import fast

pytestmark = pytest.mark.usefixtures("uncompiled")

keys = pytest.mark.parametrize("key", by_kind())


def readable(p):
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **p.inputs)
    return y, last, *numpy_nn.unroll_backward(tape, p.dy, p.dlast)


def quick(p, workspace=None, **marks):
    y, last, tape = fast.unroll(p.key, p.params, p.x, p.state0, workspace, **marks, **p.inputs)
    return y, last, *fast.unroll_backward(tape, p.dy, p.dlast, workspace)


@keys
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("steps", [1, 3])
def test_how_the_sequence_is_cut_into_stretches_changes_nothing(key, B, steps, monkeypatch):
    p = make(key, T=7, B=B)
    monkeypatch.setattr(compiled.arena, "stretches", lambda widest, sizes: (steps, steps))
    equal(quick(p), readable(p))


def test_a_stretch_fits_the_cache_and_pays_for_its_sums():
    sizes = {"T": 784, "B": 64, "D": 1, "H": 128}
    forth, back = columns.stretches(4, sizes)
    assert 4 * 128 * 64 * forth <= columns.FLOATS
    assert back % forth == 0
    assert back * 64 >= 2 * (1 + 128)
    assert columns.stretches(4, sizes | {"T": 2}) == (2, 2)
    assert columns.stretches(4, sizes | {"H": 10**6}) == (1, 784)


@keys
def test_a_workspace_serves_again_for_other_sizes_and_marks(key):
    workspace = fast.Workspace()
    for seed, T in ((0, 6), (1, 6), (2, 3), (3, 6)):
        p = make(key, seed, T=T)
        resets = np.zeros((T, 3), bool)
        resets[seed, 1] = True
        marks = {"resets": resets, "lengths": np.array([T, 2, 1])} if seed % 2 else {}
        equal(quick(p, workspace, **marks), quick(p, **marks))


def test_a_workspace_serves_two_versions_of_a_cell():
    """A cell that is being written keeps its key while its equations change."""
    versions = [
        cell("a = W_xh @ x", "h = h_prev + tanh(b_h + sigmoid(a) * a)"),
        cell("h = tanh(W_xh @ x + W_hh @ h_prev + b_h)"),
    ]
    x, workspace = make("rnn").x, compiled.Workspace()
    params = {n: np.full(s, 0.1) for n, s in versions[1].shapes(x.shape[2], 4).items()}
    for spec in versions:
        y, _, tape = compiled.unroll(spec, params, x, None, workspace)
        close(y, spec.unroll(params, x)["h"], 1e-12)
        (dx, *_), (alone, *_) = (
            compiled.unroll_backward(t, y) for t in (tape, compiled.unroll(spec, params, x)[2])
        )
        close(dx, alone, 1e-12)


def test_a_repeated_step_takes_no_new_memory():
    p, workspace = make("lstm"), fast.Workspace()
    quick(p, workspace)
    held = workspace.nbytes
    arena = next(iter(workspace._arenas.values()))
    before = {name: id(a) for name, a in arena.arrays.items() if isinstance(a, np.ndarray)}
    quick(p, workspace)
    assert workspace.nbytes == held > 0
    after = {name: id(a) for name, a in arena.arrays.items() if isinstance(a, np.ndarray)}
    assert after == before


def test_every_array_starts_with_a_cache_line():
    for shape in ((3, 5), (1,), (4, 1, 2)):
        array = columns.aligned(shape, np.float32)
        assert array.ctypes.data % columns.LINE == 0
        assert not array.any()


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


def test_a_tape_of_another_workspace_is_refused():
    p = make("lstm")
    *_, tape = fast.unroll("lstm", p.params, p.x)
    with pytest.raises(ValueError, match="workspace: not the one"):
        fast.unroll_backward(tape, p.dy, workspace=fast.Workspace())


def test_a_gradient_that_lies_in_the_workspace_is_read_before_it_is_overwritten(monkeypatch):
    monkeypatch.setattr(compiled.arena, "stretches", lambda widest, sizes: (1, 1))
    p, workspace = make("lstm", T=4, B=4), fast.Workspace()
    *_, tape = fast.unroll("lstm", p.params, p.x, workspace=workspace)

    def back(copied):
        within = fast.unroll_backward(tape, p.dy)[2]["weight_hh"].reshape(p.dy.shape)
        return leaves((p.x, (), *fast.unroll_backward(tape, within.copy() if copied else within)))

    expected = [a.copy() for a in back(copied=True)]
    for a, b in zip(back(copied=False), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_that_lie_in_the_workspace_are_read_before_they_are_overwritten():
    """With one sequence weights are read as they lie; not where a gradient is written to them."""
    p, workspace = make("lstm", B=1)._replace(state0=None, dlast=None), fast.Workspace()
    own = {name: value.copy() for name, value in quick(p, workspace)[4].items()}
    expected = [a.copy() for a in leaves(quick(p._replace(params=own)))]
    *_, lent = quick(p, workspace)
    found = leaves(quick(p._replace(params=lent), workspace))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@keys
def test_going_back_twice_gives_the_same(key):
    p = make(key)
    *_, tape = fast.unroll(key, p.params, p.x, p.state0, **p.inputs)
    once, again = (fast.unroll_backward(tape, p.dy, p.dlast) for _ in range(2))
    for name in once[2]:
        np.testing.assert_array_equal(once[2][name], again[2][name])


def test_half_precision_is_refused_with_the_remedy():
    p = make("gru")
    params = {name: v.astype(np.float16) for name, v in p.params.items()}
    with pytest.raises(TypeError, match=r"float16; use x.astype\(float\), or numpy_nn.unroll"):
        fast.unroll("gru", params, p.x.astype(np.float16))
