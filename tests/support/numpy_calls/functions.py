"""Calls of single functions: operations, losses, optimisers, initialisation, stages of an LSTM."""

import numpy as np

from course_utils.numpy_nn import gradcheck, init, losses, many, ops, optim, stages
from course_utils.specs import SPECS
from numpy_calls.given import D, H, K, V


def optimised(optimiser, nets=None):
    def call(g):
        params, grads = ({"a": g.normal(K, 3, 2), "b": g.normal(K, 2)} for _ in range(2))
        step = many.Each(optimiser) if nets else optimiser
        once, state = step.update(params, grads, step.init(params))
        return step.update(once, grads, state)

    return call


def schemes(g):
    draw = [
        init.init_params("lstm", D, H, g.rng, g.dtype, scheme=scheme) for scheme in init.SCHEMES
    ]
    draw += [init.init_params(key, D, H, g.rng, g.dtype) for key in SPECS]
    init.set_retention(SPECS["lstm"], draw[0], 0.9)
    init.set_retention(SPECS["lru"], draw[-1 - list(SPECS)[::-1].index("lru")], 0.9)
    init.set_chrono(SPECS["lstm"], draw[1], 20, g.rng)
    init.set_gate_bias(SPECS["lstm"], draw[2], "o", 0.5)
    return draw


def stage(name):
    return lambda g: stages.STAGES[name](g.params("lstm"), g.x, *g.state("lstm"))


def backward_of_linear(g, name):
    """The backward pass of ops.linear, linear_parts or reset_linear, with the forward pass."""
    p, x, h = g.params("gru"), g.normal(g.B, D), g.normal(g.B, H)
    if name == "reset_linear":
        others, candidate = ops.reset_linear(p, x, h)
        r, da_n = g.normal(g.B, H), g.normal(g.B, H)
        back = ops.reset_linear_backward(p, x, h, r, da_n, lambda dr: ops.join(dr, dr))
        return others, candidate(r), back
    made = getattr(ops, name)(p, x, h)
    da = [g.normal(g.B, 3 * H) for _ in range(1 if name == "linear" else 2)]
    return made, getattr(ops, f"{name}_backward")(p, x, h, *da)


def square(v):
    return (v**2).sum()


FUNCTION_CALLS = {
    "ops.log_softmax_backward": lambda g: ops.log_softmax_backward(ops.log_softmax(g.y), g.y),
    "ops.sigmoid": lambda g: ops.sigmoid(g.y),
    "ops.log_sigmoid": lambda g: ops.log_sigmoid(g.y),
    "ops.positive": lambda g: ops.positive(g.y),
    "ops.positive_slope": lambda g: ops.positive_slope(g.y),
    "ops.split": lambda g: ops.split(g.y, 2),
    "ops.join": lambda g: ops.join(g.y, g.x),
    "ops.linear": lambda g: ops.linear(g.params("gru"), g.normal(g.B, D), g.normal(g.B, H)),
    "ops.linear_backward": lambda g: backward_of_linear(g, "linear"),
    "ops.linear_parts": lambda g: backward_of_linear(g, "linear_parts"),
    "ops.linear_parts_backward": lambda g: backward_of_linear(g, "linear_parts"),
    "ops.reset_linear": lambda g: backward_of_linear(g, "reset_linear"),
    "ops.reset_linear_backward": lambda g: backward_of_linear(g, "reset_linear"),
    "ops.affine": lambda g: ops.affine(g.normal(3, H), g.normal(3), g.y),
    "ops.affine_backward": lambda g: ops.affine_backward(
        g.normal(3, H), g.y, g.normal(g.T, g.B, 3)
    ),
    "ops.softmax": lambda g: ops.softmax(g.y),
    "ops.log_softmax": lambda g: ops.log_softmax(g.y),
    "ops.softmax_backward": lambda g: ops.softmax_backward(ops.softmax(g.y), g.y),
    "ops.one_hot": lambda g: ops.one_hot(g.ids(g.T, g.B), V, g.dtype),
    "ops.embed": lambda g: ops.embed(g.normal(V, D), g.ids(g.T, g.B)),
    "ops.embed_backward": lambda g: ops.embed_backward(g.normal(V, D), g.ids(g.T, g.B), g.x),
    "losses.mse": lambda g: losses.mse(g.y, np.asarray(g.y, float) + 1),
    "losses.cross_entropy": lambda g: losses.cross_entropy(g.normal(g.T, g.B, V), g.ids(g.T, g.B)),
    "optim.clip_norm": lambda g: optim.clip_norm({"a": g.normal(3), "b": g.normal(2, 2)}, 0.1),
    "optim.SGD": optimised(optim.SGD(np.float64(0.1))),
    "optim.Adam": optimised(optim.Adam(np.float64(0.1))),
    "gradcheck.complex_step": lambda g: gradcheck.complex_step(square, g.normal(3)),
    "gradcheck.directional": lambda g: gradcheck.directional(
        square, v := g.normal(3), 2 * v, g.rng
    ),
    "init.init_params": schemes,
    "init.set_retention": schemes,
    "init.set_chrono": schemes,
    "init.set_gate_bias": schemes,
    **{f"stages.{name}": stage(name) for name in stages.STAGES},
    "stages.by_gate": lambda g: stages.by_gate(g.params("lstm")),
    "stages.fused": lambda g: stages.fused(g.params("lstm")),
    "stages.flat": lambda g: stages.flat(g.x),
}
