"""The simple recurrent layers, tuned."""

import numpy as np

from course_utils.numpy_nn.fast.kernel import Kernel

RNN_KEYS = ("rnn", "rnn_relu")


class RNNKernel(Kernel):
    """h = tanh(a) or relu(a)."""

    def __init__(self, spec, T, B, D, H, dtype):
        super().__init__(spec, T, B, D, H, dtype)
        self.relu = spec.key == "rnn_relu"
        h = self.h
        self.forward_views = [
            (h[t], self.from_x.by_step(end - first)[:, t - first], h[t + 1])
            for first, end in self.chunks
            for t in range(first, end)
        ]
        self.backward_views = [*zip(self.d, self.dy, strict=True)]

    def run(self, first, end):
        weight, dot, add, tanh, maximum = self.weight_h, np.dot, np.add, np.tanh, np.maximum
        for h_prev, x_t, h in self.forward_views[first:end]:
            dot(weight, h_prev, out=h)
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

    def rerun(self, first, end):
        back, dh, dot, add, mul = self.weight_h.T, self.dh, np.dot, np.add, np.multiply
        for d, dy in reversed(self.backward_views[: end - first]):
            add(dh, dy, out=dh)
            mul(d, dh, out=d)
            dot(back, d, out=dh)
