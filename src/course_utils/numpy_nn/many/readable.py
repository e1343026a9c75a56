"""Any cell, K nets at a time: its readable step, on arrays with an axis of nets before the others.

A step counts its axes from the end, so it does not notice: states are (K, B, H), weights
(K, G·H, D), and vectors, which stand for a row of every sequence, (K, 1, H).
"""

import numpy as np

from course_utils.numpy_nn.unroll import Tape, loop, loop_backward


class Readable:
    """One forward pass of K nets and its way back; as ``kernels.Kernel``, for a single call."""

    calls = 0

    def __init__(self, spec, sizes, dtype, options, inputs):
        self.spec, self.sizes, self.dtype = spec, sizes, dtype
        self.options, self.inputs = options, inputs

    def forward(self, params, x, state):
        """x (T, B, D) or (K, T, B, D), state each (K, B, H) -> y (K, T, B, H), last states."""
        K, T, B, D, H = self.sizes
        rows = {name: p[:, None] if p.ndim == 2 else p for name, p in params.items()}
        x = x if x.ndim == 3 else x.swapaxes(0, 1)
        inputs = {name: v.swapaxes(0, 1) for name, v in self.inputs.items()}
        y = np.empty((T, K, B, H), self.dtype)
        self.tape = Tape(self.spec.key, rows, [], [], [], None, (T, K, B, D), self.dtype)
        last = loop(self.tape, x, state, y, self.options, inputs)
        return y.swapaxes(0, 1), last

    def backward(self, params, dy, dstate):
        """dy (K, T, B, H), dstate each (K, B, H) -> dx (K, T, B, D), dstate0, grads."""
        K, T, B, _, H = self.sizes
        dx = np.zeros(self.tape.shape, self.dtype)
        grads = {name: np.zeros(p.shape, self.dtype) for name, p in params.items()}
        grads |= {name: np.zeros((T, K, B, H), self.dtype) for name in self.spec.inputs}
        dstate0 = loop_backward(self.tape, dy.swapaxes(0, 1), dstate, dx, grads)
        grads |= {name: grads[name].swapaxes(0, 1) for name in self.spec.inputs}
        return dx.swapaxes(0, 1), dstate0, grads
