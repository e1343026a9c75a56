"""Initial states that are trained with the rest."""

from torch import nn

from course_utils.torch_nn import cells


class LearnedStart(nn.Module):
    """The initial states of a ``Recurrent`` as parameters, one set for every sequence.

    ``y, state = layer(x, start(B))``.  Parameters are called ``start_<state>``, each
    (layers·directions, 1, H), and begin where the cell begins by itself; clocks are not trained.
    """

    def __init__(self, layer):
        super().__init__()
        like = next(layer.parameters())
        shape = (layer.num_layers * layer.directions, 1, layer.hidden_size)
        start = getattr(cells.get_cell(layer.key), "start", None)
        names = layer.spec.states
        values = (
            start(1, layer.hidden_size, like)
            if start
            else (like.new_zeros(1, layer.hidden_size),) * len(names)
        )
        self.names = tuple(f"start_{name}" for name in names)
        for name, value in zip(self.names, values, strict=True):
            value = value.detach().expand(shape).clone()
            if value.is_floating_point():
                self.register_parameter(name, nn.Parameter(value))
            else:
                self.register_buffer(name, value)

    def forward(self, batch_size):
        """The states for B sequences, as ``Recurrent`` takes them in ``hx``."""
        states = tuple(getattr(self, name).expand(-1, batch_size, -1) for name in self.names)
        states = tuple(s.contiguous() for s in states)  # PyTorch's kernels ask for it
        return states[0] if len(states) == 1 else states
