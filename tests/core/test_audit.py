"""`course audit` finds the convention of a layer by trying, and says so where none explains it."""

from itertools import permutations

import numpy as np
import pytest

from course_utils import audit, numpy_nn
from course_utils.audit.explain import D, H, Observed, digits, explain
from course_utils.errors import UserError
from course_utils.specs import SPECS

GATED = ("rnn", "lstm", "lstm_coupled", "gru", "gru_2014", "mgu", "mut1")


def foreign(key, order=None, turned=(), change=None, without=()):
    """A layer that computes our cell with its gates stacked and turned otherwise; change(y) spoils
    its outputs; without, parameters that it does not have."""
    spec = SPECS[key]

    def restack(name, array):
        here = [s[3:] for s in next(p for p in spec.params if p.name == name).symbols]
        blocks = dict(zip(here, np.split(array, len(here)), strict=True))
        return np.concatenate([-blocks[g] if g in turned else blocks[g]
                               for g in (order or spec.gates) if g in here])  # fmt: skip

    def observe(rng, x, dy, biases):
        params = numpy_nn.init_params(key, D, H, rng)
        params = {n: rng.standard_normal(p.shape) * (biases or "bias" not in n)
                  for n, p in params.items()}  # fmt: skip
        params |= {n: 0 * params[n] for n in without}
        y, _, tape = numpy_nn.unroll(key, params, x)
        dx, _, grads = numpy_nn.unroll_backward(tape, dy)
        kept = [n for n in params if n not in without]
        return Observed({n: restack(n, params[n]) for n in kept},
                        y if change is None else change(y, params),
                        {n: restack(n, grads[n]) for n in kept}, dx)  # fmt: skip

    return observe


@pytest.mark.parametrize("key", GATED)
def test_every_order_of_gates_is_found(key):
    for order in list(permutations(SPECS[key].gates))[:: 1 + (key.startswith("lstm") * 4)]:
        found = explain("theirs", (key,), foreign(key, order))
        assert found.explained and found.order == order and not found.turned, found
        assert min(found.values, found.gradients) > 12


@pytest.mark.parametrize("key, gate", [("gru", "z"), ("gru_2014", "z"), ("lstm_coupled", "f")])
def test_a_gate_that_is_turned_round_is_found(key, gate):
    found = explain("theirs", (key,), foreign(key, turned=(gate,)))
    assert found.turned == (gate,) and f"{gate} is our 1 − {gate}" in found.why()
    assert found.unread < 3 < 12 < found.values


def test_the_two_grus_are_told_apart():
    for key, other in (("gru", "gru_2014"), ("gru_2014", "gru")):
        found = explain("theirs", (other, key), foreign(key, ("z", "r", "n")))
        assert found.key == key and found.unread < 3, found


def test_a_layer_with_one_bias_is_compared_on_what_it_has():
    found = explain("theirs", ("lstm",), foreign("lstm", without=("bias_hh",)))
    assert found.explained and found.why() == "nothing: same order, same meaning"


def test_biases_that_stand_elsewhere_are_named():
    def spoiled(y, params):
        return y + 0.1 * params["bias_ih"][:H]

    found = explain("theirs", ("gru",), foreign("gru", change=spoiled))
    assert found.explained and not found.biases and "zero biases only" in found.why()


def test_what_nothing_explains_is_said():
    found = explain("theirs", ("lstm", "rnn"), foreign("lstm", change=lambda y, _: np.sin(3 * y)))
    assert not found.explained and "no cell" in found.why()


def test_digits():
    a = np.array([1.0, -2.0])
    assert digits(a, a) == 16 and digits(a + 2e-5, a) == pytest.approx(5, abs=1e-3)
    assert digits(np.array([1.0, 9.0]), np.array([1.0, np.nan])) == 16
    assert digits(np.array([np.nan, 1.0]), a) == digits(5 * a, a) == 0


SLOW = ("keras", "flax")  # to import
# of the cell state it reads the old one, where its documentation and the authors have the new
DIFFERENT = {"LEMCell"}
BARE = {  # biases where we have none, or in another place
    "MUT1Cell", "NBRCell", "ATRCell", "MultiplicativeLSTMCell", "RANCell", "IndRNNCell",
}  # fmt: skip


@pytest.mark.parametrize(
    "library", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in audit.LIBRARIES]
)
def test_what_is_installed_is_explained(library):
    if audit.version(library) is None:
        pytest.skip(f"{library} is not installed")
    for found in audit.audit(library):
        assert found.explained == (found.layer not in DIFFERENT), found.sentence()
        assert found.biases or found.layer in BARE


def test_the_mlstm_of_xlstm_is_ours_without_its_epsilon():
    torch = pytest.importorskip("torch")
    backends = pytest.importorskip("xlstm.blocks.mlstm.backends")
    from course_utils.lab.matrix_memory import mlstm

    rng = np.random.default_rng(0)
    q, k, v = rng.standard_normal((3, 6, 2, 4))  # (T, B, K) each
    a_i, a_f = rng.standard_normal((2, 6, 2))
    ours = mlstm(q, k / 2, v, a_i, -np.log1p(np.exp(-a_f)))  # theirs divides keys by √K
    vectors = [torch.from_numpy(a).permute(1, 0, 2)[:, None] for a in (q, k, v)]
    gates = [torch.from_numpy(a).T[:, None, :, None] for a in (a_i, a_f)]
    for epsilon, off in ((0.0, 1e-14), (1e-6, 1e-5)):
        y = backends.parallel_stabilized_simple(*vectors, *gates, eps=epsilon)
        apart = np.abs(y[:, 0].permute(1, 0, 2).numpy() - ours).max()
        assert apart < off and (apart > 1e-8 or not epsilon)


def test_an_unknown_or_missing_library_is_one_line():
    with pytest.raises(UserError, match=r"library: 'numpy' is not known; there are torch, keras"):
        audit.audit("numpy")
    missing = [name for name in audit.LIBRARIES if audit.version(name) is None]
    for name in missing:
        with pytest.raises(UserError, match=f"{name} is not installed: pip install {name}"):
            audit.audit(name)


@pytest.mark.parametrize("values, code", [(15.0, 0), (2.0, 1)])
def test_the_command_prints_a_line_a_layer_and_fails_where_one_is_not_explained(
    values, code, monkeypatch
):
    from typer.testing import CliRunner

    from course_utils.cli import app

    found = audit.Finding("Cell", "gru", ("z", "r", "n"), (), 0.2, values, values)
    monkeypatch.setattr(audit, "audit", lambda library: [found])
    ran = CliRunner().invoke(app, ["audit", "torch"])
    assert ran.exit_code == code and ran.output.startswith("torch ")
    assert ("gates stacked z r n" in ran.output) == (code == 0)
