"""One layer for every cell, called as ``nn.LSTM`` is."""

import math

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from course_utils.shapes import ShapeError
from course_utils.specs import get_spec
from course_utils.torch_nn import cells, door, fast, native
from course_utils.torch_nn.unroll import unroll


class Recurrent(nn.Module):
    """A (multi-layer, possibly bidirectional) recurrent network of any cell of the course.

    key names the cell.  The other arguments are nn.LSTM's, with its defaults; ``proj_size`` is
    refused.  backend: ``"native"`` is PyTorch's own kernel (rnn, rnn_relu, lstm, gru); ``"fused"``
    the tuned one of this package (the LSTM's variants and both GRUs, on the CPU); ``"eager"`` the
    loop; ``"auto"`` the first of them that the call allows.  config overrides constants of the
    spec.

    ``y, state = layer(x, hx)``: x (T, B, D), with batch_first (B, T, D), unbatched (T, D), or a
    PackedSequence; hx, the initial states, each (num_layers · directions, B, H).  state is one
    tensor for a cell with one state, else a tuple in the order of the spec.  With
    ``lengths (B,)`` shorter sequences end early: their states stop, their y is zero from there on.
    For rnn, lstm and gru, shapes, state_dict and results are those of nn.RNN, nn.LSTM and nn.GRU.
    """

    def __init__(
        self,
        key,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
        *,
        backend="auto",
        config=None,
    ):
        super().__init__()
        self.spec = get_spec(key)
        self.key = self.spec.key
        door.positive(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if proj_size:
            raise ValueError("proj_size: projections are not part of these cells; leave it 0")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout: expected a probability, got {dropout}")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, 0
        self.config = self.spec.options(config)
        self.backend = door.known_backend(self.key, backend)
        factory = {"device": device, "dtype": dtype}
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * self.directions
            for suffix in self._suffixes(layer):
                for name, shape in self.spec.shapes(width, hidden_size).items():
                    if bias or not name.startswith("bias_"):
                        parameter = nn.Parameter(torch.empty(shape, **factory))
                        self.register_parameter(name + suffix, parameter)
        self.reset_parameters()

    @property
    def directions(self):
        """1, or 2 if bidirectional."""
        return 2 if self.bidirectional else 1

    def reset_parameters(self):
        """Uniform in ±1/√H, in nn.LSTM's order of drawing: the same seed gives its weights."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            nn.init.uniform_(p, -bound, bound)
        own = getattr(cells.get_cell(self.key), "init_", None)
        if own:
            with torch.no_grad():
                for layer in range(self.num_layers):
                    for suffix in self._suffixes(layer):
                        own(self._params(suffix), **self.config)

    def _suffixes(self, layer):
        return [f"_l{layer}", f"_l{layer}_reverse"][: self.directions]

    def weights(self):
        """All parameters in the order in which PyTorch's kernels want them."""
        suffixes = [s for n in range(self.num_layers) for s in self._suffixes(n)]
        return [p for s in suffixes for p in self._params(s).values()]

    def _params(self, suffix):
        names = [p.name for p in self.spec.params]
        return {n: getattr(self, n + suffix) for n in names if hasattr(self, n + suffix)}

    # -- calling -----------------------------------------------------------------------------------

    def forward(self, input, hx=None, *, lengths=None):
        """See the class: input, hx -> y, state."""
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise ValueError(
                    "lengths: a PackedSequence already knows them; pass one or the other"
                )
            return self._packed(input, hx)
        x, batched = self._time_major(input)
        hx = self._states(hx, x, batched)
        if lengths is not None:
            lengths = door.check_lengths(lengths, x)
        y, states = self._run(x, hx, lengths)
        if not batched:
            return y.squeeze(1), self._give([s.squeeze(1) for s in states])
        return (y.transpose(0, 1) if self.batch_first else y), self._give(states)

    def _packed(self, packed, hx):
        x, lengths = pad_packed_sequence(packed)  # (T, B, D), in the caller's order
        self._check_input(x)
        y, states = self._run(x, self._states(hx, x, True), lengths)
        return native.repack(y, packed), self._give(states)

    def _run(self, x, hx, lengths):
        """x (T, B, D), hx tuple of (layers·directions, B, H), lengths (B,) or None."""
        kernel = native.KERNELS.get(self.key) if self.backend in ("auto", "native") else None
        # torch packs no empty sequence
        if kernel and x.shape[0] and x.shape[1] and (lengths is None or lengths.all()):
            return native.run(self, kernel, x, hx, lengths)
        return self._run_layers(x, hx, lengths)

    def _fuses(self, x, lengths):
        """Whether this call goes to the fused kernel; ValueError if it was asked for and cannot."""
        if self.backend not in ("auto", "fused"):
            return False
        obstacle = fast.obstacle(self.key, x, lengths, self.config)
        if obstacle and self.backend == "fused":
            raise ValueError(obstacle)
        return obstacle is None

    def _run_layers(self, x, hx, lengths):
        fuses = self._fuses(x, lengths)
        active = None
        if lengths is not None:
            steps = torch.arange(x.shape[0], device=x.device)
            active = steps[:, None] < lengths.to(x.device)[None, :]
        last, below = [], None
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = nn.functional.dropout(x, self.dropout, self.training)
            ways, kept = [], []
            for k, suffix in enumerate(self._suffixes(layer)):
                index = layer * self.directions + k
                start = tuple(s[index] for s in hx)
                if fuses:
                    y, state = fast.unroll(
                        self.key, self._params(suffix), x, start, reverse=bool(k)
                    )
                    ways.append(y)
                    last.append(state)
                    continue
                extra = self._extra(below, k, x, start)
                y, state, history = unroll(
                    self.key,
                    self._params(suffix),
                    x,
                    start,
                    active=active,
                    reverse=bool(k),
                    config=self.config,
                    **extra,
                )
                ways.append(y)
                kept.append(history)
                last.append(state)
            x = ways[0] if len(ways) == 1 else torch.cat(ways, dim=-1)
            below = kept
        return x, tuple(torch.stack(parts) for parts in zip(*last, strict=True))

    def _extra(self, below, direction, x, start):
        """What the layer underneath hands up besides its output (the depth-gated cell's c)."""
        if not self.spec.inputs:
            return {}
        if below is None:
            zeros = x.new_zeros(x.shape[0], *start[0].shape)
            return dict.fromkeys(self.spec.inputs, zeros)
        cell_state = self.spec.states.index("c")
        rows = torch.stack([states[cell_state] for states in below[direction]])
        return dict.fromkeys(self.spec.inputs, rows)

    # -- the door ----------------------------------------------------------------------------------

    def _time_major(self, x):
        if x.dim() not in (2, 3):
            layout = "(B, T, D)" if self.batch_first else "(T, B, D)"
            raise ShapeError(
                f"input: expected {layout} or (T, D), got {x.dim()} axes; {tuple(x.shape)}"
            )
        batched = x.dim() == 3
        if not batched:
            x = x.unsqueeze(1)
        elif self.batch_first:
            x = x.transpose(0, 1)
        self._check_input(x)
        return x, batched

    def _check_input(self, x):
        weight = next(self.parameters())
        if x.shape[-1] != self.input_size:
            raise ShapeError(
                f"input: axis D should be {self.input_size} (input_size), got {x.shape[-1]}"
            )
        door.same_kind("input", x, weight)

    def _states(self, hx, x, batched):
        names = self.spec.states
        shape = (self.num_layers * self.directions, x.shape[1], self.hidden_size)
        if hx is None:
            start = getattr(cells.get_cell(self.key), "start", None)
            if start:
                return tuple(
                    s.expand(shape[0], *s.shape) for s in start(x.shape[1], self.hidden_size, x)
                )
            return tuple(x.new_zeros(shape) for _ in names)
        given = (hx,) if isinstance(hx, torch.Tensor) else tuple(hx)
        if len(given) != len(names):
            raise ShapeError(
                f"hx: {self.key} carries {len(names)} states ({', '.join(names)}), got {len(given)}"
            )
        if not batched:
            given = tuple(s.unsqueeze(1) for s in given)
        for name, s in zip(names, given, strict=True):
            if tuple(s.shape) != shape:
                raise ShapeError(
                    f"hx.{name}: expected shape {shape} (layers·directions, B, H), "
                    f"got {tuple(s.shape)}"
                )
            if s.is_floating_point():
                door.same_kind(f"hx.{name}", s, x)
        return given

    def _give(self, states):
        return states[0] if len(self.spec.states) == 1 else tuple(states)

    def extra_repr(self):
        """What ``print(layer)`` shows between the brackets."""
        text = f"{self.key!r}, {self.input_size}, {self.hidden_size}"
        defaults = {
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
            "backend": "auto",
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)!r}"
        return text
