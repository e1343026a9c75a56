"""What runs in the page that trains for its tests, and how its numbers are held against others."""

import numpy as np

# What the tests hand over and read back; nets run in the page itself, as they do in the worker.
HARNESS = """
const arrays = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, Float64Array.from(v)]));
const plain = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, Array.from(v)]));
const interpreted = ({ key, ...facts }) => facts;
window.layers = (p, printed) => {
  const params = arrays(p.params), grads = arrays(p.params);
  const facts = printed ? p.facts : interpreted(p.facts);
  const layer = unrolled.use("nets").layer(facts, params, grads, p.sizes);
  let y, dx;
  for (let k = 0; k < 2; k++) {                                // the second time with used buffers
    Object.values(grads).forEach((g) => g.fill(0));
    y = layer.forward(Float64Array.from(p.x), { state0: arrays(p.state0), inputs: arrays(p.inputs) });
    dx = layer.backward(Float64Array.from(p.dy), arrays(p.dlast));
  }
  return { y: Array.from(y), dx: Array.from(dx), grads: plain(grads), last: plain(layer.last()), dstate0: plain(layer.dstate0()) };
};
window.trained = (p, printed) => {
  const net = unrolled.use("nets").net(printed ? p.facts : interpreted(p.facts), { ...p.sizes, N: p.N, params: arrays(p.params) });
  const batches = p.batches.map(({ x, target }) => ({ ...p.sizes, N: p.N, x: Float64Array.from(x), target: Float64Array.from(target),
    asked: Int32Array.from(target, (_, k) => k), allowed: new Uint8Array(target.length * p.N) }));
  const losses = [];
  for (let k = 0; k < p.updates; k++) losses.push(net.update(batches[k % batches.length], p).loss);
  return { params: plain(net.params), losses };
};
"""  # noqa: E501


def flat(arrays):
    return {name: np.ravel(a).tolist() for name, a in arrays.items()}


def close(found, expected, tolerance, what):
    expected = np.ravel(expected)
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale, err_msg=what)


def compare(found, y, last, dx, dstate0, grads, states, what):
    close(found["y"], y, 1e-10, f"{what}: y")
    close(found["dx"], dx, 1e-10, f"{what}: dx")
    for name, g in grads.items():
        if name in found["grads"]:  # the gradient of an input besides x is not kept
            close(found["grads"][name], g, 1e-10, f"{what}: {name}")
    for name, state, d in zip(states, last, dstate0, strict=True):
        close(found["last"][name], state, 1e-10, f"{what}: {name}")
        if np.issubdtype(np.asarray(state).dtype, np.floating):
            close(found["dstate0"][name], d, 1e-10, f"{what}: d{name}")


CELL = "h = tanh(W_x @ x + W_h @ h_prev + b_h)"
