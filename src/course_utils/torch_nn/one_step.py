"""One step of any cell, for machines that do something between the steps."""

from torch import nn

from course_utils.torch_nn import cells
from course_utils.torch_nn.recurrent import Recurrent


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
        """The states before the first step: zeros, or what the cell itself says."""
        like = next(self.layer.parameters())
        start = getattr(cells.get_cell(self.layer.key), "start", None)
        if start:
            return tuple(start(batch_size, self.hidden_size, like))
        zeros = like.new_zeros(batch_size, self.hidden_size)
        return tuple(zeros for _ in self.layer.spec.states)

    def forward(self, x, state):
        """See the class: x (B, D), state -> y (B, H), state."""
        module, spec = cells.get_cell(self.layer.key), self.layer.spec
        p = dict(zip([q.name for q in spec.params], self.layer.weights(), strict=True))
        from_x = getattr(module, "project", cells.project)(p, x)
        below = {name: x.new_zeros(x.shape[0], self.hidden_size) for name in spec.inputs}
        state = tuple(module.step(p, from_x, state, **self.layer.config, **below))
        readout = getattr(module, "readout", None)
        return (readout(p, x, state) if readout else state[0]), state
