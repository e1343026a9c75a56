"""The simple recurrent layers, tuned."""

import numpy as np

from course_utils.numpy_nn.fast.kernel import Kernel

RNN_KEYS = ("rnn", "rnn_relu")


class RNNKernel(Kernel):
    """h = tanh(a) or relu(a)."""

    def __init__(self, spec, T, B, D, H, dtype):
        super().__init__(spec, T, B, D, H, dtype)
        self.relu = spec.key == "rnn_relu"

    def view(self, t, x_t):
        """What one step reads and writes."""
        return self.h[t], self.forth.cut(self.h[t + 1]), x_t, self.h[t + 1]

    def forward_chunk(self, first, end):
        weight, dot = self.forth.cut(self.weight_h), self.forth.multiply
        add, tanh, maximum = np.add, np.tanh, np.maximum
        for h_prev, product, x_t, h in self.forward_views[first:end]:
            dot(weight, h_prev, out=product)
            add(h, x_t, out=h)
            if self.relu:
                maximum(h, 0, out=h)
            else:
                tanh(h, out=h)

    def slopes(self, first, end):
        """1 - h², or whether h > 0."""
        h, d = self.h[first + 1 : end + 1], self.d[: end - first]
        if self.relu:
            np.greater(h, 0, out=d, casting="unsafe")
        else:
            np.multiply(h, h, out=d)
            np.subtract(self.one, d, out=d)

    def view_back(self, d, dy):
        """As ``view``, for the backward pass."""
        return d, dy

    def backward_chunk(self, first, end):
        back, dot, add, mul = self.weight_back, self.back.multiply, np.add, np.multiply
        dh, product = self.dh, self.back.cut(self.dh)
        for d, dy in reversed(self.backward_views[: end - first]):
            add(dh, dy, out=dh)
            mul(d, dh, out=d)
            dot(back, d, out=product)
