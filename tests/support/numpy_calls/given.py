"""Arrays of one dtype and layout that a call is given."""

import numpy as np

from course_utils import numpy_nn
from course_utils.numpy_nn import many, validation
from course_utils.specs import SPECS

D, H, K, V = 2, 4, 2, 6


class Given:
    """Arrays of one dtype and layout for a call; the seed decides every number."""

    def __init__(self, dtype=np.float64, T=5, B=3, wrap=lambda a: a):
        self.dtype, self.T, self.B, self.wrap = np.dtype(dtype), T, B, wrap
        self.rng = np.random.default_rng(3)
        self.x, self.y = self.normal(T, B, D), self.normal(T, B, H)

    def normal(self, *shape):
        return self.wrap(self.rng.standard_normal(shape).astype(self.dtype))

    def ids(self, *shape):
        return self.wrap(self.rng.integers(0, V, shape))

    def params(self, key, nets=None):
        draw = numpy_nn.init_params(key, D, H, self.rng, self.dtype)
        draw = many.stack([draw] * nets) if nets else draw
        return {name: self.wrap(p) for name, p in draw.items()}

    def state(self, key, *lead):
        cell = numpy_nn.get_cell(key)
        own = validation.initial_state(SPECS[key], cell, None, self.B, H, self.dtype)
        return tuple(self.wrap(np.broadcast_to(s, (*lead, self.B, H)).copy()) for s in own)

    def inputs(self, key):
        return {name: self.normal(self.T, self.B, H) for name in SPECS[key].inputs}

    def clocks(self, key):
        """Gradients of the states, none where a state is an integer."""
        state = self.state(key)
        return tuple(self.normal(*s.shape) if s.dtype.kind == "f" else None for s in state)
