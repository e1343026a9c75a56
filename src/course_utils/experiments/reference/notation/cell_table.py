"""Every cell's error against its printed equations, autograd, and the complex step."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils import numpy_nn
from course_utils.numpy_nn import gradcheck
from course_utils.numpy_nn.unroll import initial_state
from course_utils.specs import SPECS


@dataclass(frozen=True)
class Config:
    """Sizes, all different, and the problems that are drawn."""

    steps: int = 5
    batch: int = 3
    inputs: int = 2
    hidden: int = 4
    seeds: tuple = (0, 1, 2)


QUICK = Config(seeds=(0,))


def run(config, progress=iter):
    """For each cell: parameters at D = 3, H = 5, and the largest errors over the seeds.

    Errors are relative to the largest entry of what is compared.  ``complex`` is None where the
    equations have a kink, through which no complex step passes.
    """
    table = {}
    for key in progress(tuple(SPECS)):
        rows = [errors(key, config, seed) for seed in config.seeds]
        table[key] = {
            "parameters": SPECS[key].parameter_count(3, 5),
            **{name: _largest([row[name] for row in rows]) for name in rows[0]},
        }
    return table


def errors(key, config, seed):
    """forward, autograd, complex: relative errors of one random problem."""
    spec, cell = SPECS[key], numpy_nn.get_cell(key)
    rng = np.random.default_rng([seed, *key.encode()])
    normal, (T, B, D, H) = rng.standard_normal, (
        config.steps, config.batch, config.inputs, config.hidden
    )  # fmt: skip
    params = numpy_nn.init_params(key, D, H, rng)
    params = {name: p + 0.3 * normal(p.shape) for name, p in params.items()}
    x, dy = normal((T, B, D)), normal((T, B, H))
    blank = initial_state(spec, cell, None, B, H, np.float64)
    draw = getattr(cell, "random_state", lambda rng, zeros: [normal(z.shape) for z in zeros])
    start = tuple(draw(rng, blank))
    inputs = {name: normal((T, B, H)) for name in spec.inputs}

    y, _, tape = numpy_nn.unroll(key, params, x, start, **inputs)
    _, _, grads = numpy_nn.unroll_backward(tape, dy)
    tensors = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    more = {name: torch.tensor(value) for name, value in inputs.items()}
    states = tuple(torch.tensor(s) for s in start)
    outputs = spec.unroll(tensors, torch.tensor(x), states, **more)[spec.output]
    (outputs * torch.tensor(dy)).sum().backward()
    by_autograd = {name: p.grad.numpy() for name, p in tensors.items()}
    differences = {
        "forward": relative(y, outputs.detach().numpy()),
        "autograd": max(relative(grads[name], by_autograd[name]) for name in params),
        "complex": None,
    }
    if spec.smooth:
        differences["complex"] = max(
            relative(grads[name], complex_step(key, params, name, x, start, inputs, dy))
            for name in params
        )
    return differences


def complex_step(key, params, name, x, start, inputs, dy):
    """The gradient of <y, dy> with respect to one parameter array."""

    def loss(value):
        y, _, _ = numpy_nn.unroll(key, params | {name: value}, x, start, **inputs)
        return (y * dy).sum()

    return gradcheck.complex_step(loss, params[name])


def relative(ours, theirs):
    """Largest difference, over the largest entry."""
    return float(np.abs(ours - theirs).max() / max(1e-300, np.abs(theirs).max()))


def _largest(values):
    return None if None in values else max(values)
