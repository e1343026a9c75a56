"""One layer for every cell, called as ``nn.LSTM`` is."""

import math

import torch
from torch import nn

from course_utils.shapes import positive_integer, whole
from course_utils.specs import get_spec
from course_utils.torch_nn import backends, call, cells, validation
from course_utils.torch_nn.initial_state import initial_states


class Recurrent(nn.Module):
    """A (multi-layer, possibly bidirectional) recurrent network of any cell of the course.

    For rnn, lstm and gru, shapes, state_dict and results are those of nn.RNN, nn.LSTM and nn.GRU.

    Arguments, after the key those of nn.LSTM with its defaults:

    - key: the cell, a key of ``SPECS``.
    - input_size: D, features of the input at one step.
    - hidden_size: H, units of one direction of one layer.
    - num_layers: layers, each reading the output of the one below.
    - bias: False leaves out ``bias_ih`` and ``bias_hh``.
    - batch_first: input and output are (B, T, ·) instead of (T, B, ·); states are not affected.
    - dropout: probability with which an output between two layers is dropped while training.
    - bidirectional: a second set of weights reads from the end; outputs are (T, B, 2H).
    - proj_size: must be 0; these cells have no projection.
    - device: of the parameters.
    - dtype: of the parameters; input and states must have it too, except under autocast.
    - backend: ``"native"``, PyTorch's own kernel (rnn, rnn_relu, lstm, gru); ``"compiled"``, code
      compiled on the CPU from the cell's equations; ``"scan"``, all steps at once, for cells linear
      along time; ``"graph"``, Triton kernels from the equations on a CUDA device; ``"eager"``, the
      loop; ``"auto"``, the first of them that can serve the call, and compiled code only from 32
      steps on with gradients, 128 without: its first call takes seconds.  It then trains small nets
      of gru (from 128 steps on) and rnn (320) too, which PyTorch's kernel does more slowly.
      ``layer.why(x)`` says which one that is.
    - config: constants of the spec to replace, by name.

    With ``"graph"``, a step is a product by cuBLAS and a kernel for each level of the equations.
    The second call of the same sizes captures all steps as one CUDA graph, which later calls
    replay: it holds arrays for x, states and gradients of every step, of at most
    ``torch_nn.gpu.SHAPES`` kinds of call, until ``torch_nn.gpu.release()``.  Layers in bfloat16 and
    float16 multiply in that precision, and add up, compute and carry states in float32; float32
    products follow PyTorch's switch for tf32 (``torch.set_float32_matmul_precision``).  Under
    autocast input, weights and results are in its dtype, as with nn.LSTM.  The gradient of a
    gradient runs the loop.

    Raises KeyError for an unknown key or constant, ValueError naming any other argument.
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
        spec = get_spec(key)
        self.key = spec.key
        self.input_size = positive_integer(input_size=input_size)
        self.hidden_size = positive_integer(hidden_size=hidden_size)
        self.num_layers = positive_integer(num_layers=num_layers)
        if proj_size:
            raise ValueError("proj_size: projections are not part of these cells; leave it 0")
        self.bias, self.batch_first, self.proj_size = bool(bias), bool(batch_first), 0
        self.dropout = validation.probability(dropout, self.num_layers)
        self.bidirectional = bool(bidirectional)
        self.config = spec.options(config)
        self.backend = validation.known_backend(self.key, backend)
        dtype = validation.dtype_of(dtype)
        for n in range(self.num_layers):
            width = self.input_size if n == 0 else self.hidden_size * self.directions
            shapes = spec.shapes(width, self.hidden_size)
            for suffix in self.suffixes(n):
                for name in self.names:
                    values = torch.empty(shapes[name], device=device, dtype=dtype)
                    self.register_parameter(name + suffix, nn.Parameter(values))
        self.reset_parameters()

    # -- what the layer is -------------------------------------------------------------------------

    @property
    def spec(self):
        """The facts of the cell; the layer holds its key alone, and so does a saved one."""
        return get_spec(self.key)

    @property
    def directions(self):
        """1, or 2 if bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def names(self):
        """The parameters of one direction of one layer, by the spec's names."""
        names = [p.name for p in self.spec.params]
        return names if self.bias else [n for n in names if not n.startswith("bias_")]

    def suffixes(self, n):
        """What the names of layer n end in, one for each direction."""
        return [f"_l{n}", f"_l{n}_reverse"][: self.directions]

    def params(self, suffix):
        """The parameters of one direction of one layer as a dict with the spec's names.

        By attribute: tied, weight-normed and pruned weights, and those of a DataParallel replica,
        are not among ``parameters()``.
        """
        return {name: getattr(self, name + suffix) for name in self.names}

    def example(self):
        """One of the parameters: whatever has its dtype and device belongs to this layer."""
        return getattr(self, self.names[0] + "_l0")

    @property
    def all_weights(self):
        """A list of parameters for each direction of each layer, as nn.LSTM has."""
        suffixes = [s for n in range(self.num_layers) for s in self.suffixes(n)]
        return [list(self.params(suffix).values()) for suffix in suffixes]

    def flatten_parameters(self):
        """Nothing: nn.LSTM lays its weights out for cuDNN here; ours stay where they are."""

    def reset_parameters(self):
        """Uniform in ±1/√H, in nn.LSTM's order of drawing: the same seed gives its weights."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            nn.init.uniform_(p, -bound, bound)
        own = getattr(cells.get_cell(self.key), "init_", None)
        if own:
            with torch.no_grad():
                for n in range(self.num_layers):
                    for suffix in self.suffixes(n):
                        own(self.params(suffix), **self.config)

    # -- what it does ------------------------------------------------------------------------------

    def forward(self, input, hx=None, *, lengths=None, resets=None):
        """``y, state = layer(x, hx)``, as nn.LSTM.

        - input: (T, B, D), with batch_first (B, T, D), unbatched (T, D), or a PackedSequence.
        - hx: the initial states, each (num_layers · directions, B, H), unbatched without B; one
          tensor for a cell with one state, else a tuple in the order of the spec.  None: the
          cell's own, mostly zeros.
        - lengths: (B,) integers; shorter sequences end early: their states stop there, y is zero
          from there on, and what the input holds there is not read.
        - resets: bool, as input without its last axis; true where a new sequence begins inside a
          row: the state is set to the initial one (hx, or the cell's own) before that step.

        Returns y, laid out as the input, H · directions wide, and the last states, as hx.  Raises
        ShapeError, TypeError or ValueError naming the argument.
        """
        form = call.read(self, input, hx, lengths, resets)
        y, states = backends.choose(self, form).run(self, form)
        return call.result(form, y, states)

    def why(self, input=None, hx=None, *, lengths=None, resets=None):
        """Which backend computes this call and why, in one line; without arguments, 100 steps.

        Raises what the call would.
        """
        if input is None:
            input = self.example().new_zeros(100, 1, self.input_size)
        return backends.choose(self, call.read(self, input, hx, lengths, resets)).why

    def initial_state(self, batch_size):
        """The states that ``hx=None`` means, for B sequences, as ``hx`` takes them."""
        batch_size = whole("batch_size", batch_size, least=0)
        states = initial_states(self, batch_size, self.example().detach())
        return states[0] if len(states) == 1 else states

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
            "config": self.spec.options(),
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)!r}"
        return text
