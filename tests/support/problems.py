"""One problem for every cell: all sizes different, nothing zero, random cotangents."""

from typing import NamedTuple

import numpy as np

from course_utils import numpy_nn
from course_utils.numpy_nn.unroll import initial_state
from course_utils.specs import SPECS

T, B, D, H = 5, 3, 2, 4
KEYS = tuple(SPECS)


class Problem(NamedTuple):
    """x (T, B, D); states and their cotangents (B, H), one for each state; dy (T, B, H)."""

    key: str
    params: dict
    x: np.ndarray
    state0: tuple
    dy: np.ndarray
    dlast: tuple
    inputs: dict

    def loss(self, **changed):
        """The number whose gradient is wanted, <y, dy> + <last, dlast>; complex arrays too."""
        p = self._replace(**changed)
        y, last, _ = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **p.inputs)
        return (y * p.dy).sum() + sum((s * d).sum() for s, d in zip(last, p.dlast, strict=True))


def make(key, seed=0, T=T, B=B, D=D, H=H):
    """A problem for the cell ``key``; the seed decides every number."""
    rng = np.random.default_rng([seed, *key.encode()])
    spec = SPECS[key]
    params = numpy_nn.init_params(key, D, H, rng)
    params = {name: p + rng.normal(0, 0.3, p.shape) for name, p in params.items()}
    normal = rng.standard_normal
    cell = numpy_nn.get_cell(key)
    blank = initial_state(spec, cell, None, B, H, np.float64)
    random_state = getattr(
        cell, "random_state", lambda rng, zeros: tuple(normal(z.shape) for z in zeros)
    )
    state0 = random_state(rng, blank)
    dlast = tuple(
        normal(z.shape) if np.issubdtype(z.dtype, np.floating) else np.zeros(z.shape) for z in blank
    )
    inputs = {name: normal((T, B, H)) for name in spec.inputs}
    return Problem(key, params, normal((T, B, D)), tuple(state0), normal((T, B, H)), dlast, inputs)


def close(actual, expected, tolerance):
    """Equal shape, and equal values relative to the largest of them."""
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def leaves(result):
    """The arrays of a forward and backward pass, (y, last, dx, dstate0, {name: gradient})."""
    y, last, dx, dstate0, grads = result
    return [y, *last, dx, *dstate0, *(grads[name] for name in sorted(grads))]


def equal(found, expected, tolerance=1e-12):
    """Every array of two passes is `close`."""
    for a, b in zip(leaves(found), leaves(expected), strict=True):
        close(a, b, tolerance)
