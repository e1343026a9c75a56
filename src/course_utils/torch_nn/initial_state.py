"""The states before the first step: the cell's own, or trained with the rest."""

import torch
from torch import nn

from course_utils.shapes import positive_integer, whole
from course_utils.specs import get_spec
from course_utils.torch_nn.validation import dtype_of


def initial_state(key, batch_size, hidden_size, *, dtype=None, device=None):
    """The states of one layer before its first step: zeros, or what the cell says.

    Returns a tuple in the order of the spec's states, each (B, H), as ``step`` and ``scan`` take.
    """
    B, H = whole("batch_size", batch_size, least=0), positive_integer(hidden_size=hidden_size)
    return cell_state(key, B, H, torch.empty(0, dtype=dtype_of(dtype), device=device))


def cell_state(key, B, H, like):
    """The same in the dtype and on the device of a tensor."""
    return _states(key, (B, H), like)


def initial_states(layer, B, like):
    """The states of a whole ``Recurrent``: a tuple, each (layers·directions, B, H)."""
    return _states(layer.key, (layer.num_layers * layer.directions, B, layer.hidden_size), like)


def _states(key, shape, like):
    spec = get_spec(key)
    starts = (spec.initial.get(name, 0.0) for name in spec.states)  # an int is a clock's
    return tuple(
        like.new_full(shape, v, dtype=torch.long) if isinstance(v, int)
        else like.new_full(shape, v) if v else like.new_zeros(shape)
        for v in starts
    )  # fmt: skip


class LearnedInitialState(nn.Module):
    """The initial states of a ``Recurrent`` as parameters, one set for every sequence.

    ``y, state = layer(x, initial(B))``.  Parameters are called ``initial_<state>``, each
    (layers·directions, 1, H), and begin where the cell begins by itself; clocks are not trained.
    """

    def __init__(self, layer):
        super().__init__()
        if not hasattr(layer, "spec"):
            raise TypeError(f"layer: expected a Recurrent, got {type(layer).__name__}")
        self.names = tuple(f"initial_{name}" for name in layer.spec.states)
        values = initial_states(layer, 1, layer.example().detach())
        for name, value in zip(self.names, values, strict=True):
            if value.is_floating_point():
                self.register_parameter(name, nn.Parameter(value.clone()))
            else:
                self.register_buffer(name, value.clone())

    def forward(self, batch_size):
        """The states for B sequences, as ``Recurrent`` takes them in ``hx``."""
        batch_size = whole("batch_size", batch_size, least=0)
        states = tuple(getattr(self, name).expand(-1, batch_size, -1) for name in self.names)
        return states[0] if len(states) == 1 else states
