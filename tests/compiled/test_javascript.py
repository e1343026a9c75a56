"""The page's script of a cell gives the numbers of NumPy, under Node."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from matrix_cells import MATRIX
from odd_cells import ODD, states_of
from problems import KEYS, B, D, H, T, close, make

from course_utils import compiled, numpy_nn
from course_utils.compiled import print_javascript
from course_utils.specs import SPECS

CELLS = ODD | MATRIX
NODE = shutil.which("node")
RUN = """
(function () {
%s
const { params, x, sizes, state0, inputs, dy, dlast } = given.%s;
const every = (o, f) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, f(v)]));
const arrays = (o) => every(o, (v) => Float64Array.from(v));
const run = unroll(cell, arrays(params), Float64Array.from(x), sizes,
  { state0: arrays(state0), inputs: arrays(inputs) });
const { dx, dstate0, grads } = unrollBackward(run, Float64Array.from(dy), arrays(dlast));
const plain = (o) => every(o, (v) => Array.from(v));
found.%s = { y: Array.from(run.y), dx: Array.from(dx), last: plain(run.last),
  dstate0: plain(dstate0), grads: plain(grads) };
})();
"""


def flat(arrays):
    return {name: np.ravel(a).tolist() for name, a in arrays.items()}


def node(scripts, given, folder):
    """What the scripts left in ``found``, run by Node."""
    text = f"const given = {json.dumps(given)};\nconst found = {{}};\n" + "\n".join(scripts)
    path = folder / "cells.js"
    path.write_text(text + "\nconsole.log(JSON.stringify(found));\n", "utf-8")
    done = subprocess.run([NODE, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(NODE is None, reason="needs Node on the PATH")
@pytest.mark.parametrize("spec", CELLS.values(), ids=CELLS)
def test_an_odd_cell_equals_the_generated_python(spec, tmp_path):
    rng, states = np.random.default_rng(8), spec.states
    params = {n: rng.normal(0, 0.5, shape) for n, shape in spec.shapes(H, H).items()}
    x, dy = rng.standard_normal((2, T, B, H))
    state0, dlast = states_of(spec, rng, B, H), states_of(spec, rng, B, H)
    given = {"cell": {
        "params": flat(params), "x": x.ravel().tolist(), "dy": dy.ravel().tolist(),
        "sizes": {"T": T, "B": B, "D": H, "H": H}, "inputs": {},
        "state0": flat(dict(zip(states, state0, strict=True))),
        "dlast": flat(dict(zip(states, dlast, strict=True))),
    }}  # fmt: skip
    found = node([RUN % (print_javascript.source(spec), "cell", "cell")], given, tmp_path)["cell"]
    with compiled.uncompiled():
        y, last, tape = compiled.unroll(spec, params, x, state0)
        dx, dstate0, grads = compiled.unroll_backward(tape, dy, dlast)
    close(np.array(found["y"]), y.ravel(), 1e-12)
    for name, state in zip(states, last, strict=True):
        close(np.array(found["last"][name]), state.ravel(), 1e-12)
    close(np.array(found["dx"]), dx.ravel(), 1e-12)
    for name, expected in dict(zip(states, dstate0, strict=True)).items():
        close(np.array(found["dstate0"][name]), expected.ravel(), 1e-12)
    for name, expected in grads.items():
        close(np.array(found["grads"][name]), expected.ravel(), 1e-12)


@pytest.mark.skipif(NODE is None, reason="needs Node on the PATH")
def test_every_cell_equals_numpy(tmp_path):
    given, scripts = {}, []
    for key in KEYS:
        p, states = make(key), SPECS[key].states
        given[key] = {
            "params": flat(p.params), "x": p.x.ravel().tolist(), "dy": p.dy.ravel().tolist(),
            "sizes": {"T": T, "B": B, "D": D, "H": H}, "inputs": flat(p.inputs),
            "state0": flat(dict(zip(states, p.state0, strict=True))),
            "dlast": flat(dict(zip(states, p.dlast, strict=True))),
        }  # fmt: skip
        scripts.append(RUN % (print_javascript.source(key), key, key))
    found = node(scripts, given, tmp_path)
    for key in KEYS:
        p, states, mine = make(key), SPECS[key].states, found[key]
        y, last, tape = numpy_nn.unroll(key, p.params, p.x, p.state0, **p.inputs)
        dx, dstate0, grads = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
        close(np.reshape(mine["y"], y.shape), y, 1e-12)
        close(np.reshape(mine["dx"], dx.shape), dx, 1e-12)
        assert mine["grads"].keys() == grads.keys()
        for name, g in grads.items():
            close(np.reshape(mine["grads"][name], g.shape), g, 1e-12)
        for name, state, d in zip(states, last, dstate0, strict=True):
            close(np.reshape(mine["last"][name], state.shape), state, 1e-12)
            if name in mine["dstate0"]:
                close(np.reshape(mine["dstate0"][name], d.shape), d, 1e-12)
