"""One step of any cell as a module, for machines that do something between the steps."""

from torch import nn

from course_utils.shapes import whole
from course_utils.torch_nn.initial_state import cell_state
from course_utils.torch_nn.recurrent import Recurrent
from course_utils.torch_nn.step import step


class OneStep(nn.Module):
    """Any cell of the course, called one step at a time, as nn.LSTMCell is.

    ``y, state = cell(x, state)``: x (B, D), state the tuple of the cell's states, each (B, H), from
    ``cell.start(B)`` or the step before; y (B, H), the cell's output.  What a cell reads besides
    (the depth-gated cell's state below) is zero.  The parameters are those of ``Recurrent``, held
    by ``cell.layer``.
    """

    def __init__(self, key, input_size, hidden_size, *, config=None, device=None, dtype=None):
        super().__init__()
        self.layer = Recurrent(
            key, input_size, hidden_size, backend="eager", config=config, device=device, dtype=dtype
        )
        self.hidden_size = hidden_size

    def start(self, batch_size):
        """The states before the first step, each (B, H): zeros, or what the cell itself says."""
        batch_size, like = whole("batch_size", batch_size, least=0), self.layer.example()
        return cell_state(self.layer.key, batch_size, self.hidden_size, like)

    def forward(self, x, state):
        """See the class: x (B, D), state -> y (B, H), state."""
        return step(self.layer.key, self.layer.params("_l0"), x, state, **self.layer.config)
