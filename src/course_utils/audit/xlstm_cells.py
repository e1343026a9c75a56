"""The sLSTM cell of xlstm, in its version for the CPU, with a matrix on the input before it."""

import torch
from xlstm.blocks.slstm.cell import sLSTMCell, sLSTMCellConfig

from course_utils.audit.explain import D, H
from course_utils.audit.torch_layers import drawn, observed


class Layer(torch.nn.Module):
    """One head, and the matrix that the package keeps in the block around the cell."""

    def __init__(self):
        super().__init__()
        self.weight_ih = torch.nn.Parameter(torch.empty(4 * H, D))
        self.cell = sLSTMCell(
            sLSTMCellConfig(
                hidden_size=H, num_heads=1, backend="vanilla", dtype="float32",
                input_shape="SBGNH", output_shape="SBH", enable_automatic_mixed_precision=False,
                recurrent_weight_init="zeros", bias_init="zeros",
            )
        )  # fmt: skip

    def forward(self, x):
        """x (T, B, D) -> y (T, B, H)."""
        return self.cell(x @ self.weight_ih.T)[0]


def observe(rng, x, dy, biases):
    """The whole sequence from the cell's own start, n = m = 0."""
    module = drawn(Layer(), rng, biases)
    return observed(module, module, x, dy, named)


def named(arrays):
    """For one head its kernel is (1, 4H, H), rows by gate, and its bias (1, 4, H) or (4H,)."""
    return {
        "weight_ih": arrays["weight_ih"],
        "weight_hh": arrays["cell._recurrent_kernel_"].reshape(4 * H, H),
        "bias_ih": arrays["cell._bias_"].reshape(4 * H),
    }


LAYERS = [("sLSTMCell", ("slstm",), observe)]
