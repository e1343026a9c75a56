"""Grid LSTM: an LSTM along every direction of a grid, here time and depth.

Kalchbrenner, Danihelka & Graves 2015, section 3.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils.shapes import expect, positive_integer
from course_utils.torch_nn import validation

SIDES = ("time", "depth")


class Side(NamedTuple):
    """What crosses one side of a block: h, m (..., H), hidden and memory vector."""

    h: Tensor
    m: Tensor


def check_side(name, side, like):
    """Refuse by name what is no pair h, m of tensors that fit like."""
    if not isinstance(side, tuple | list) or len(side) != 2:
        raise TypeError(f"{name}: expected a Side(h, m), got {type(side).__name__}")
    validation.fitting(like, **{f"{name}.h": side[0], f"{name}.m": side[1]})


class GridBlock(nn.Module):
    """One block of the grid, with one LSTM for each of its two directions.

    ``time, depth = block(time, depth)``, each a ``Side`` of (B, H).  Both LSTMs read both hidden
    vectors, H = [h_time; h_depth], and each has its own memory vector:
    ``i, f, g, o = W H + b``, ``m' = f m + i g``, ``h' = o tanh(m')``.  With priority="depth" the
    LSTM of depth comes second and reads the new h_time (section 3.2), with None both read the old.

    Parameters: weight_time, weight_depth (4H, 2H) and bias_time, bias_depth (4H,), gates stacked
    i, f, g, o.  Departure: h' is the LSTM's of this course; the paper, as recalled, has
    tanh(o m').
    """

    def __init__(self, hidden_size, *, priority=None, device=None, dtype=None):
        super().__init__()
        positive_integer(hidden_size=hidden_size)
        if priority not in (None, "depth"):
            raise ValueError(f"priority: expected None or 'depth', got {priority!r}")
        dtype = validation.dtype_of(dtype)
        self.hidden_size, self.priority = hidden_size, priority
        for side in SIDES:
            weight = torch.empty(4 * hidden_size, 2 * hidden_size, device=device, dtype=dtype)
            bias = torch.empty(4 * hidden_size, device=device, dtype=dtype)
            self.register_parameter(f"weight_{side}", nn.Parameter(weight))
            self.register_parameter(f"bias_{side}", nn.Parameter(bias))
        self.reset_parameters()

    def reset_parameters(self):
        """Uniform in ±1/√H, as nn.LSTM does."""
        for p in self.parameters():
            nn.init.uniform_(p, -(self.hidden_size**-0.5), self.hidden_size**-0.5)

    def forward(self, time, depth):
        """See the class: two ``Side`` of (B, H) -> two ``Side`` of (B, H)."""
        for name, side in (("time", time), ("depth", depth)):
            if not isinstance(side, Side):
                raise TypeError(f"{name}: expected a Side(h, m), got {type(side).__name__}")
        new_time = self._lstm("time", time.h, depth.h, time.m)
        seen = new_time.h if self.priority == "depth" else time.h
        return new_time, self._lstm("depth", seen, depth.h, depth.m)

    def _lstm(self, side, h_time, h_depth, m):
        both = torch.cat([h_time, h_depth], dim=-1)
        weight, bias = getattr(self, f"weight_{side}"), getattr(self, f"bias_{side}")
        i, f, g, o = nn.functional.linear(both, weight, bias).chunk(4, dim=-1)
        m = f.sigmoid() * m + i.sigmoid() * g.tanh()
        return Side(o.sigmoid() * m.tanh(), m)


class GridLSTM(nn.Module):
    """A two-dimensional grid of blocks: T steps in time, ``depth`` layers.

    ``y, state = layer(x, state)``: x (T, B, D) -> y (T, B, H), the hidden vector that leaves the
    last layer upwards; state, a ``Side`` of (depth, B, H), what goes on in time, zero at first.
    A linear map of x enters the lowest layer from below, as h and as m.  With tied=True all layers
    are one block (section 3.3).  Unlike in a stacked LSTM, depth has a memory vector as time has.
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        depth=2,
        *,
        tied=False,
        priority=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        positive_integer(input_size=input_size, hidden_size=hidden_size, depth=depth)
        factory = {"device": device, "dtype": validation.dtype_of(dtype)}
        self.input_size, self.hidden_size, self.depth = input_size, hidden_size, depth
        self.enter = nn.Linear(input_size, 2 * hidden_size, **factory)
        self.blocks = nn.ModuleList(
            GridBlock(hidden_size, priority=priority, **factory)
            for _ in range(1 if tied else depth)
        )

    def forward(self, x, state=None):
        """See the class: x (T, B, D), state -> y (T, B, H), state."""
        validation.fitting(self.enter.weight, x=x)
        expect(x=(x, f"T B {self.input_size}"))
        if state is None:
            zeros = x.new_zeros(self.depth, x.shape[1], self.hidden_size)
            state = Side(zeros, zeros)
        check_side("state", state, self.enter.weight)
        shape = f"{self.depth} B {self.hidden_size}"
        expect(x=(x, "T B D"), h=(state[0], shape), m=(state[1], shape))
        layers = [Side(h, m) for h, m in zip(*state, strict=True)]
        outputs = []
        for below in self.enter(x):
            up = Side(*below.chunk(2, dim=-1))
            for n in range(self.depth):
                block = self.blocks[n % len(self.blocks)]
                layers[n], up = block(layers[n], up)
            outputs.append(up.h)
        y = torch.stack(outputs) if outputs else x.new_zeros(0, x.shape[1], self.hidden_size)
        return y, Side(*(torch.stack(parts) for parts in zip(*layers, strict=True)))
