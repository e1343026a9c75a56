"""The numbers of the page that trains are NumPy's: outputs, gradients, initial weights, updates."""

import numpy as np
import pytest
from matrix_cells import MATRIX
from odd_cells import ODD, states_of
from problems import KEYS, B, D, H, T, make

from course_utils import compiled, numpy_nn
from course_utils.figures.training_page import cell_facts
from course_utils.lab import numpy_models
from course_utils.numpy_nn import losses, optim
from course_utils.specs import SPECS

from .page import close, compare, flat

pytestmark = pytest.mark.browser
UPDATES, BATCHES, OUT = 100, 4, 3


def as_numpy_does(p):
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **p.inputs)
    return y, last, *numpy_nn.unroll_backward(tape, p.dy, p.dlast)


@pytest.mark.parametrize("printed", [True, False], ids=["printed", "interpreted"])
def test_outputs_and_all_gradients_are_numpys(window, printed):
    for key in KEYS:
        p, spec = make(key), SPECS[key]
        given = {
            "facts": cell_facts(spec), "params": flat(p.params), "x": p.x.ravel().tolist(),
            "dy": p.dy.ravel().tolist(),
            "state0": flat(dict(zip(spec.states, p.state0, strict=True))),
            "dlast": flat(dict(zip(spec.states, p.dlast, strict=True))), "inputs": flat(p.inputs),
            "sizes": {"T": T, "B": B, "D": D, "H": H},
        }  # fmt: skip
        found = window.page.evaluate("a => layers(...a)", [given, printed])
        assert set(p.params) == set(found["grads"])
        compare(found, *as_numpy_does(p), spec.states, key)


@pytest.mark.parametrize("retention", [None, 0.9])
def test_every_cell_begins_as_numpys_does(window, retention):
    """Parameter by parameter: zeros at the same places, the same spread of the other numbers."""
    units, seeds = 8, range(40)
    for key, spec in SPECS.items():
        facts, cell = cell_facts(spec), numpy_nn.get_cell(key)
        kept = retention if spec.retention or hasattr(cell, "retain") else None
        expected = [
            numpy_nn.init_params(key, D, units, np.random.default_rng(s), retention=kept)
            for s in seeds
        ]
        given = [facts, {"D": D, "H": units}, list(seeds), {"retention": kept, "input": None}]
        found = window.page.evaluate(
            """([facts, sizes, seeds, start]) => seeds.map((seed) =>
              plain(unrolled.use("nets").draw(facts, sizes, 1, seed, start)))""",
            given,
        )
        shapes = spec.shapes(D, units)
        found = [{n: np.reshape(run[n], shape) for n, shape in shapes.items()} for run in found]
        for symbol in spec.symbol_values(found[0]):
            here, there = (
                np.stack([spec.symbol_values(run)[symbol] for run in runs])
                for runs in (found, expected)
            )
            what = f"{key}: {symbol}"
            assert ((here == 0).all(0) == (there == 0).all(0)).all(), what
            if np.ptp(there) == 0:
                np.testing.assert_allclose(here, there, rtol=1e-12, err_msg=what)
            assert furthest_apart(here.ravel(), there.ravel()) < 0.2, what  # 320 draws or more


def furthest_apart(one, other):
    """Kolmogorov and Smirnov's: by how much two samples' shares below a number differ at most."""
    numbers = np.concatenate([one, other])
    below = [np.searchsorted(np.sort(a), numbers, side="right") / a.size for a in (one, other)]
    return np.abs(below[0] - below[1]).max()


def test_the_interpreter_runs_cells_that_no_page_has(window):
    rng = np.random.default_rng(8)
    for name, spec in (ODD | MATRIX).items():
        params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
        x, dy = rng.standard_normal((2, T, B, H))
        state0, dlast = states_of(spec, rng, B, H), states_of(spec, rng, B, H)
        given = {
            "facts": cell_facts(spec), "params": flat(params), "x": x.ravel().tolist(),
            "dy": dy.ravel().tolist(), "state0": flat(dict(zip(spec.states, state0, strict=True))),
            "dlast": flat(dict(zip(spec.states, dlast, strict=True))), "inputs": {},
            "sizes": {"T": T, "B": B, "D": H, "H": H},
        }  # fmt: skip
        found = window.page.evaluate("a => layers(...a)", [given, False])
        with compiled.uncompiled():
            y, last, tape = compiled.unroll(spec, params, x, state0)
            back = compiled.unroll_backward(tape, dy, dlast)
        compare(found, y, last, *back, spec.states, name)


def training_problem(key, optimiser="adam"):
    rng = np.random.default_rng([7, *key.encode()])
    params = numpy_models.init_model(key, D, H, OUT, rng)
    batches = [(rng.standard_normal((T, B, D)), rng.integers(0, OUT, (T, B)))
               for _ in range(BATCHES)]  # fmt: skip
    how = {"optimiser": optimiser, "rate": 0.01 if optimiser == "adam" else 0.2, "clip": 0.5}
    return params, batches, how


def trained_by_numpy(key, params, batches, how):
    """Parameters and losses after ``UPDATES`` updates."""
    optimiser = (optim.Adam if how["optimiser"] == "adam" else optim.SGD)(how["rate"])
    state, found = optimiser.init(params), []
    for k in range(UPDATES):
        x, target = batches[k % BATCHES]
        y, _, tape = numpy_nn.unroll(key, numpy_models.layer_of(params), x)
        loss, d = losses.cross_entropy(numpy_models.read(params, y), target)
        dy, grads = numpy_models.read_backward(params, y, d)
        *_, more = numpy_nn.unroll_backward(tape, dy)
        grads |= {name: g for name, g in more.items() if name in params}
        grads, _ = optim.clip_norm(grads, how["clip"])
        params, state = optimiser.update(params, grads, state)
        found.append(loss)
    return params, found


@pytest.mark.parametrize("optimiser, keys", [("adam", KEYS), ("sgd", ("lstm", "gru"))])
def test_a_hundred_updates_are_numpys(window, optimiser, keys):
    for key in keys:
        params, batches, how = training_problem(key, optimiser)
        given = {
            "facts": cell_facts(SPECS[key]), "params": flat(params), "N": OUT, "updates": UPDATES,
            "batches": [{"x": x.ravel().tolist(), "target": t.ravel().tolist()}
                        for x, t in batches],
            "sizes": {"T": T, "B": B, "D": D, "H": H}, **how,
        }  # fmt: skip
        expected, found_losses = trained_by_numpy(key, params, batches, how)
        assert sum(found_losses[-BATCHES:]) < sum(found_losses[:BATCHES]), f"{key} learned nothing"
        for printed in (True, False):
            found = window.page.evaluate("a => trained(...a)", [given, printed])
            close(found["losses"], found_losses, 1e-10, f"{key}: losses")
            for name, p in expected.items():
                close(found["params"][name], p, 1e-10, f"{key}: {name}")
