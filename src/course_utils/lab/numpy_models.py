"""A recurrent layer and a linear readout on the tuned NumPy layers, for long runs of small nets."""

import numpy as np

from course_utils import numpy_nn
from course_utils.numpy_nn import fast, ops, optim
from course_utils.specs import get_spec


class FastNet:
    """x (T, B, D) -> (T, B, N), or with ``last`` the last step's (B, N).

    biases: {gate: numbers}, the whole bias of a gate, one number or one a unit.  frozen: symbols of
    the spec, or out_bias, whose gradients are dropped.  optimiser: a class of ``numpy_nn.optim``.
    how goes to ``init_params``.
    """

    def __init__(self, key, inputs, hidden, outputs, seed, *, lr, last=False, biases=None,
                 frozen=(), clip=1.0, optimiser=optim.Adam, **how):  # fmt: skip
        rng = np.random.default_rng(seed)
        self.key, self.spec, self.last = key, get_spec(key), last
        self.params = numpy_nn.init_params(key, inputs, hidden, rng, np.float32, **how)
        for gate, values in (biases or {}).items():
            set_bias(self.spec, self.params, gate, values)
        bound = hidden**-0.5
        self.weight = rng.uniform(-bound, bound, (outputs, hidden)).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)
        self.frozen, self.clip, self.lr, self.optimiser = frozen, clip, lr, optimiser
        self.workspace = fast.Workspace()
        self.moments = optimiser().init(self.params | self.readout())

    def readout(self):
        """The readout's parameters by name."""
        return {"out_weight": self.weight, "out_bias": self.bias}

    @property
    def size(self):
        """How many numbers are learned, two biases a gate counted as one."""
        doubled = sum(p.size for name, p in self.params.items() if name == "bias_hh")
        return sum(p.size for p in (self.params | self.readout()).values()) - doubled

    def __call__(self, x, state=None, workspace=None):
        """-> answers, last state; keeps what ``learn`` needs."""
        y, last, self.tape = fast.unroll(
            self.key, self.params, x, state, workspace or self.workspace
        )
        self.steps, self.y = len(x), (y[-1] if self.last else y)
        return ops.affine(self.weight, self.bias, self.y), type(last)(*(s.copy() for s in last))

    def learn(self, danswer, lr=None):
        """One update from the gradient of the answers of the last call."""
        dy, dweight, dbias = ops.affine_backward(self.weight, self.y, danswer)
        if self.last:
            dy, dlast = np.zeros((self.steps, *dy.shape), dy.dtype), dy
            dy[-1] = dlast
        *_, grads = fast.unroll_backward(self.tape, dy)
        readout = {"out_weight": dweight, "out_bias": dbias}
        blocks = self.spec.symbol_values(grads) | readout
        for symbol in self.frozen:
            blocks[symbol][...] = 0
        grads, _ = optim.clip_norm(grads | readout, self.clip)
        new, self.moments = self.optimiser(lr or self.lr).update(
            self.params | self.readout(), grads, self.moments
        )
        self.weight, self.bias = new.pop("out_weight"), new.pop("out_bias")
        self.params = new


def set_bias(spec, params, gate, values):
    """The whole bias of a gate, in place: one number, or one a unit."""
    blocks = spec.symbol_values(params)
    blocks[f"b_x{gate}"][...] = values
    blocks[f"b_h{gate}"][...] = 0


def ladder(step, units):
    """Biases step, 2 step, 3 step, …, one a unit: units come into play one after another."""
    return step * np.arange(1, units + 1)
