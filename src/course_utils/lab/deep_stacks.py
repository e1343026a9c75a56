"""Deep recurrent networks whose layers are connected in one of six ways.

=================  ================================================================================
``plain``          each LSTM reads the output of the one below
``residual``       y = x + LSTM(x), from the second layer on
``highway``        y = s LSTM(x) + (1 - s) x with a gate s = σ(W x + b), which starts near σ(-1)
``depth_gated``    a gate d lets the cell state of the layer below in; it starts near one half
``depth_open``     the same, with the gate's bias at 3, so that it starts near 0.95
``grid``           Grid LSTM: an LSTM along depth as well as along time
=================  ================================================================================
"""

import torch
from torch import nn

from course_utils import torch_nn
from course_utils.torch_nn.grid import GridLSTM

KINDS = ("plain", "residual", "highway", "depth_gated", "depth_open", "grid")
OPEN = 3.0


class DeepStack(nn.Module):
    """x (T, B, D) -> logits (B, N) from the top layer's last output.

    kind: one of ``KINDS``; depth: layers of ``hidden`` units; everything is drawn from ``seed``.
    """

    def __init__(self, kind, inputs, hidden, outputs, depth, seed):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
        torch.manual_seed(seed)
        self.kind, self.depth = kind, depth
        if kind == "grid":
            self.layers = GridLSTM(inputs, hidden, depth)
        elif kind.startswith("depth"):
            self.layers = torch_nn.Recurrent("depth_gated", inputs, hidden, depth, backend="eager")
            if kind == "depth_open":
                open_depth_gates(self.layers, OPEN)
        else:
            self.layers = nn.ModuleList(
                torch_nn.Recurrent("lstm", hidden if n else inputs, hidden, backend="eager")
                for n in range(depth)
            )
        self.gates = nn.ModuleList(
            nn.Linear(hidden, hidden) for _ in range(depth - 1 if kind == "highway" else 0)
        )
        for gate in self.gates:
            nn.init.constant_(gate.bias, -1.0)
        self.readout = nn.Linear(hidden, outputs)

    def forward(self, x):
        if not isinstance(self.layers, nn.ModuleList):
            return self.readout(self.layers(x)[0][-1])
        for n, layer in enumerate(self.layers):
            y, _ = layer(x)
            if n and self.kind == "residual":
                y = x + y
            elif n and self.kind == "highway":
                s = self.gates[n - 1](x).sigmoid()
                y = s * y + (1 - s) * x
            x = y
        return self.readout(x[-1])


def open_depth_gates(layer, bias):
    """Set the bias of gate d in every layer of a depth-gated ``Recurrent``; in place."""
    H = layer.hidden_size
    with torch.no_grad():
        for n in range(layer.num_layers):
            getattr(layer, f"bias_ih_l{n}")[4 * H :] = bias  # gates i, f, g, o, d


def layer_of(name, kind):
    """The layer, from 0, that a parameter of this name belongs to; None for all that is none's."""
    if kind == "grid":
        return int(name.split(".")[2]) if name.startswith("layers.blocks.") else None
    if kind.startswith("depth"):
        return int(name.rpartition("_l")[2]) if name.startswith("layers.") else None
    return int(name.split(".")[1]) if name.startswith("layers.") else None
