"""Any cell, K nets at a time: its readable step, on arrays with an axis of nets before the others.

A step counts its axes from the end, so it does not notice: states are (K, B, H), weights
(K, G·H, D), and vectors, which stand for a row of every sequence, (K, 1, H).
"""

import numpy as np

from course_utils.numpy_nn.unroll import Run, kept, loop, loop_backward, new_tape
from course_utils.specs import get_spec


class Readable:
    """One forward and backward pass of K nets; as ``kernels.Kernel``, for a single call."""

    calls = 0

    def __init__(self, key, sizes, dtype, options, inputs, mask, resets):
        self.key, self.sizes, self.dtype = key, sizes, dtype
        self.options, self.inputs, self.mask, self.resets = options, inputs, mask, resets

    def forward(self, params, x, state):
        """x (T, B, D) or (K, T, B, D), state each (K, B, H) -> y (K, T, B, H), last states."""
        K, T, B, _, H = self.sizes
        rows = {name: p[:, None] if p.ndim == 2 else p for name, p in params.items()}
        x = x if x.ndim == 3 else x.swapaxes(0, 1)
        inputs = {name: v.swapaxes(0, 1) for name, v in self.inputs.items()}
        if self.mask is not None:
            x = kept(self.mask, x)
            inputs = {name: kept(self.mask, v) for name, v in inputs.items()}
        run = Run(
            self.key, rows, x, state, self.mask, self.resets, self.options, inputs, self.dtype
        )
        self.tape, y = new_tape(run), np.empty((T, K, B, H), self.dtype)
        last = loop(self.tape, run, state, y)
        y = y if self.mask is None else kept(self.mask, y)
        return y.swapaxes(0, 1), last

    def backward(self, params, dy, dstate):
        """dy (K, T, B, H), dstate each (K, B, H) -> dx (K, T, B, D), dstate0, grads."""
        K, T, B, D, H = self.sizes
        further = get_spec(self.key).inputs
        dx = np.zeros((T, K, B, D), self.dtype)
        grads = {name: np.zeros(p.shape, self.dtype) for name, p in params.items()}
        grads |= {name: np.zeros((T, K, B, H), self.dtype) for name in further}
        dstate0, dreset = loop_backward(self.tape, dy.swapaxes(0, 1), dstate, dx, grads)
        if dreset is not None:
            dstate0 = tuple(a + b for a, b in zip(dstate0, dreset, strict=True))
        grads |= {name: grads[name].swapaxes(0, 1) for name in further}
        return dx.swapaxes(0, 1), dstate0, grads
