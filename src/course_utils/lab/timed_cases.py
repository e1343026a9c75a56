"""What the timings share: one network of a size, and the ways to take a training step with it.

A training step is the forward pass over all T steps and the whole way back: the gradients of the
input, of both matrices and of the biases.  All numbers are float32.
"""

from typing import NamedTuple

import numpy as np
import torch

from course_utils import numpy_nn, torch_nn
from course_utils.compiled.columns import aligned
from course_utils.lab.pieces import Product
from course_utils.specs import get_spec

LAYER = "compiled from the equations"
"""What the fast layers of a record were: older ones were tuned by hand."""


class Size(NamedTuple):
    """T steps, B sequences, D inputs, H units."""

    T: int
    B: int
    D: int
    H: int


class Case:
    """One cell at one size, with its parameters, an input and a gradient of the output."""

    def __init__(self, key, size, seed=0):
        self.key, self.size = key, Size(*size)
        T, B, D, H = self.size
        rng = np.random.default_rng(seed)
        self.params = numpy_nn.init_params(key, D, H, rng, np.float32)
        self.x = rng.standard_normal((T, B, D), np.float32)
        self.dy = rng.standard_normal((T, B, H), np.float32)

    @property
    def gates(self):
        """Matrices stacked in weight_hh: 1 for an RNN, 3 for a GRU, 4 for an LSTM."""
        return self.params["weight_hh"].shape[0] // self.size.H

    @property
    def flops(self):
        """Floating-point operations of the products of a training step, two a multiply-add.

        Each matrix enters three products: forward, and for the gradients of its input and itself.
        """
        T, B, D, H = self.size
        return 2 * T * B * self.gates * H * 3 * (H + D)

    def readable(self):
        """The cells that the course reads."""

        def step():
            _, _, tape = numpy_nn.unroll(self.key, self.params, self.x)
            return numpy_nn.unroll_backward(tape, self.dy)

        return step

    def fast(self):
        """The compiled layer, its arrays kept from call to call."""
        from course_utils.numpy_nn import fast

        workspace = fast.Workspace()

        def step():
            _, _, tape = fast.unroll(self.key, self.params, self.x, workspace=workspace)
            return fast.unroll_backward(tape, self.dy, workspace=workspace)

        return step

    def torch(self, backend="native"):
        """PyTorch with automatic differentiation: its own kernel, our loop, or our fast one."""
        layer = torch_nn.from_numpy(self.key, self.params, backend=backend)
        x, dy = torch.from_numpy(self.x).requires_grad_(), torch.from_numpy(self.dy)

        def step():
            layer.zero_grad(set_to_none=True)
            x.grad = None
            y, _ = layer(x)
            y.backward(dy)
            return x.grad

        return step

    def torch_forward(self):
        """PyTorch's kernel forward, nothing kept for a way back."""
        layer = torch_nn.from_numpy(self.key, self.params, backend="native")
        x = torch.from_numpy(self.x)

        def step():
            with torch.no_grad():
                return layer(x)

        return step

    def fast_forward(self):
        """The compiled layer, forward only."""
        from course_utils.numpy_nn import fast

        workspace = fast.Workspace()
        return lambda: fast.unroll(self.key, self.params, self.x, workspace=workspace)

    def products(self):
        """name -> function: only the matrix products of a training step, in NumPy.

        ``rows`` and ``columns`` are two layouts of those that wait for the step before, ``pieces``
        the columns again, cut so that BLAS packs nothing; ``large`` are the rest, which need not
        wait.  The floor is the best of the three and the large ones.
        """
        T, B, D, H = self.size
        G = self.gates * H
        rng = np.random.default_rng(1)

        def draw(*shape):
            return rng.standard_normal(out=empty(*shape), dtype=np.float32)

        def empty(*shape):
            return aligned(shape, np.dtype(np.float32))

        x, h, da, W, U = draw(T * B, D), draw(T * B, H), draw(T * B, G), draw(G, D), draw(G, H)
        h_row, da_row, h_column, da_column = draw(B, H), draw(B, G), draw(H, B), draw(G, B)
        U_T = draw(H, G)
        rows, columns = (empty(B, G), empty(B, H)), (empty(G, B), empty(H, B))
        out = [empty(*s) for s in ((T * B, G), (T * B, D), (G, D), (G, H))]
        forth, back = Product(G, H, B), Product(H, G, B)

        def run_rows():
            for _ in range(T):
                np.dot(h_row, U_T, out=rows[0])
                np.dot(da_row, U, out=rows[1])

        def run_columns():
            for _ in range(T):
                np.dot(U, h_column, out=columns[0])
                np.dot(U_T, da_column, out=columns[1])

        def run_pieces():
            U_cut, U_T_cut = forth.cut(U), back.cut(U_T)
            out_forth, out_back = forth.cut(columns[0]), back.cut(columns[1])
            for _ in range(T):
                forth.multiply(U_cut, h_column, out=out_forth)
                back.multiply(U_T_cut, da_column, out=out_back)

        def run_large():
            np.dot(x, W.T, out=out[0])
            np.dot(da, W, out=out[1])
            np.dot(da.T, x, out=out[2])
            np.dot(da.T, h, out=out[3])

        return {
            "rows": run_rows, "columns": run_columns, "pieces": run_pieces, "large": run_large,
        }  # fmt: skip


def floor(times):
    """Seconds a training step cannot go below with this BLAS, from the times of ``products``."""
    return min(times["rows"], times["columns"], times["pieces"]) + times["large"]


def has_kernel(key):
    """Whether PyTorch has a kernel of its own for this cell."""
    return get_spec(key).key in ("rnn", "rnn_relu", "lstm", "gru")
