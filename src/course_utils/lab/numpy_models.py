"""A recurrent layer and a linear readout in NumPy: as pure functions, and as a net that trains.

The readout's parameters stand beside the layer's, as ``out_weight`` (N, H) and ``out_bias`` (N,).
"""

from functools import cache
from importlib.util import find_spec

import numpy as np

from course_utils import numpy_nn
from course_utils.compiled import Tape
from course_utils.numpy_nn import fast, losses, ops, optim
from course_utils.numpy_nn.init import set_gate_bias
from course_utils.specs import get_spec


def init_model(key, inputs, hidden, outputs, rng, dtype=np.float64, **options):
    """Parameters of layer and readout; options (scheme, retention, …) as for ``init_params``.

    The readout's weights are uniform in ±1/√H, its biases zero.
    """
    params = numpy_nn.init_params(key, inputs, hidden, rng, dtype, **options)
    return params | init_readout(hidden, outputs, rng, dtype)


def init_readout(hidden, outputs, rng, dtype=np.float64):
    """{"out_weight": (N, H) uniform in ±1/√H, "out_bias": (N,) zero}."""
    bound = hidden**-0.5
    weight = rng.uniform(-bound, bound, (outputs, hidden)).astype(dtype)
    return {"out_weight": weight, "out_bias": np.zeros(outputs, dtype)}


def layer_of(params):
    """The recurrent layer's parameters alone."""
    return {name: p for name, p in params.items() if not name.startswith("out_")}


def read(params, y):
    """y (..., H) -> answers (..., N)."""
    return ops.affine(params["out_weight"], params["out_bias"], y)


def read_backward(params, y, danswers):
    """Gradient of the answers (..., N) -> dy (..., H), and the readout's gradients by name."""
    dy, dweight, dbias = ops.affine_backward(params["out_weight"], y, danswers)
    return dy, {"out_weight": dweight, "out_bias": dbias}


def at_last(dy, steps):
    """The gradient dy (B, H) of the last output as one of all outputs (T, B, H)."""
    whole = np.zeros((steps, *dy.shape), dy.dtype)
    whole[-1] = dy
    return whole


def squared_error(key, params, x, target, last=False):
    """Mean squared error of the answers at every step, or with ``last`` of the last alone.

    x (T, B, D), target (T, B, N) or (B, N) -> loss, answers, tape, dy (T, B, H), readout's grads.
    """
    y, _, tape = numpy_nn.unroll(key, layer_of(params), x)
    seen = y[-1] if last else y
    answers = read(params, seen)
    loss, danswers = losses.mse(answers, target)
    dy, grads = read_backward(params, seen, danswers)
    return loss, answers, tape, (at_last(dy, len(x)) if last else dy), grads


@cache
def compiled_layers():
    """Whether nets run compiled layers: where Numba and SciPy are."""
    return all(map(find_spec, ("numba", "scipy")))


class Net:
    """x (T, B, D) -> (T, B, N), or with ``last`` the last step's (B, N); float32.

    Its layer is compiled where that can be (``compiled_layers``), else the readable one.

    biases: {gate: numbers}, the whole bias of a gate, one number or one a unit.  frozen: symbols of
    the spec, or out_bias, whose gradients are dropped.  clip: the joint norm of a gradient.
    optimiser: a class of ``numpy_nn.optim``.  options (scheme, retention, …) as for
    ``init_params``.
    """

    def __init__(self, key, inputs, hidden, outputs, seed, *, lr, last=False, biases=None,
                 frozen=(), clip=1.0, optimiser=optim.Adam, **options):  # fmt: skip
        rng = np.random.default_rng(seed)
        self.key, self.spec, self.last = key, get_spec(key), last
        self.params = numpy_nn.init_params(key, inputs, hidden, rng, np.float32, **options)
        for gate, values in (biases or {}).items():
            set_gate_bias(self.spec, self.params, gate, values)
        self.params |= init_readout(hidden, outputs, rng, np.float32)
        self.frozen, self.clip, self.lr, self.optimiser = frozen, clip, lr, optimiser
        self.workspace = fast.Workspace()
        self.moments = optimiser().init(self.params)

    @property
    def size(self):
        """How many numbers are learned, two biases a gate counted as one."""
        doubled = sum(p.size for name, p in self.params.items() if name == "bias_hh")
        return sum(p.size for p in self.params.values()) - doubled

    def __call__(self, x, state=None, workspace=None):
        """-> answers, last state; keeps what ``learn`` needs."""
        layer = layer_of(self.params)
        if compiled_layers():
            workspace = workspace or self.workspace
            y, last, self.tape = fast.unroll(self.key, layer, x, state, workspace)
        else:
            y, last, self.tape = numpy_nn.unroll(self.key, layer, x, state)
        self.steps, self.y = len(x), (y[-1] if self.last else y)
        return read(self.params, self.y), type(last)(*(s.copy() for s in last))

    def learn(self, danswers, lr=None):
        """One update from the gradient of the answers of the last call."""
        dy, readout = read_backward(self.params, self.y, danswers)
        dy = at_last(dy, self.steps) if self.last else dy
        back = fast if isinstance(self.tape, Tape) else numpy_nn
        *_, grads = back.unroll_backward(self.tape, dy)
        blocks = self.spec.symbol_values(grads) | readout
        for symbol in self.frozen:
            blocks[symbol][...] = 0
        grads, _ = optim.clip_norm(grads | readout, self.clip)
        optimiser = self.optimiser(lr or self.lr)
        self.params, self.moments = optimiser.update(self.params, grads, self.moments)


def numpy_step(net, sample, loss):
    """One update of a Net as a function without arguments, as ``training.torch_step`` is.

    sample() -> Batch; loss(answers, target) -> loss, danswers, as in ``numpy_nn.losses``.
    """

    def step():
        x, target, _ = sample()
        answers, _ = net(x.astype(np.float32))
        if target.dtype.kind == "f":
            target = target.astype(np.float32)
        value, danswers = loss(answers, target)
        net.learn(danswers.astype(np.float32))
        return value

    return step


def growing(step, units):
    """Biases step, 2 step, 3 step, …, one a unit: units come into play one after another."""
    return step * np.arange(1, units + 1)
