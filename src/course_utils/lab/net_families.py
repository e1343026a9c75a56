"""Many nets of one cell and their readouts, trained together: what a success rate is counted on."""

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.numpy_models import init_readout, layer_of
from course_utils.numpy_nn import many, optim
from course_utils.numpy_nn.init import set_gate_bias
from course_utils.specs import get_spec


class Family:
    """K nets: x (T, B, D) for all, or (K, T, B, D), -> answers (K, T, B, N), float32, compiled.

    seeds: one for each net.  biases: {gate: numbers}, the whole bias of a gate.  spread: weights
    and readout uniform in ±spread in place of the usual start.  frozen: names of parameters that
    stay as they are.  clip: the joint norm of each net's gradient.  options as ``init_params``.
    """

    def __init__(self, key, inputs, hidden, outputs, seeds, *, lr, biases=None, spread=None,
                 frozen=(), clip=1.0, **options):  # fmt: skip
        self.key, self.spec, self.lr, self.clip = key, get_spec(key), lr, clip
        self.frozen = tuple(frozen)
        nets = [
            self._drawn(inputs, hidden, outputs, seed, biases, spread, options) for seed in seeds
        ]
        self.params = many.stack(nets)
        self.workspace = many.Workspace()
        self.moments = many.Each(optim.Adam()).init(self.params)

    def _drawn(self, inputs, hidden, outputs, seed, biases, spread, options):
        rng = np.random.default_rng(seed)
        net = numpy_nn.init_params(self.key, inputs, hidden, rng, np.float32, **options)
        net |= init_readout(hidden, outputs, rng, np.float32)
        if spread is not None:
            net = {n: rng.uniform(-spread, spread, p.shape).astype(p.dtype) for n, p in net.items()}
        for gate, values in (biases or {}).items():
            set_gate_bias(self.spec, net, gate, values)
        return net

    @property
    def size(self):
        """How many numbers one net learns, two biases a gate counted as one."""
        counted = [n for n in self.params if n not in (*self.frozen, "bias_hh")]
        return sum(self.params[n][0].size for n in counted)

    def __call__(self, x, state=None, workspace=None):
        """-> answers, last state; keeps what ``learn`` needs."""
        x = x.astype(np.float32, copy=False)
        workspace = workspace or self.workspace
        self.y, last, self.tape = many.unroll(self.key, layer_of(self.params), x, state, workspace)
        answers = many.affine(self.params["out_weight"], self.params["out_bias"], self.y)
        return answers, type(last)(*(s.copy() for s in last))

    def learn(self, danswers, lr=None):
        """One update of every net, from the gradient of its answers of the last call."""
        danswers = danswers.astype(np.float32, copy=False)
        dy, dweight, dbias = many.affine_backward(self.params["out_weight"], self.y, danswers)
        _, _, grads = many.unroll_backward(self.tape, dy)
        grads |= {"out_weight": dweight, "out_bias": dbias}
        for name in self.frozen:
            grads[name] = np.zeros_like(grads[name])
        grads, _ = many.clip_norm(grads, self.clip)
        step = many.Each(optim.Adam(self.lr if lr is None else lr))
        self.params, self.moments = step.update(self.params, grads, self.moments)


def falling(lr, update, updates, floor=0.05):
    """A learning rate that falls in a line to ``floor`` of itself."""
    return lr * max(floor, 1 - update / updates)


def mean_errors(answers, target, mask=None):
    """Cross-entropy of logits (K, T, B, 1) for bits (T, B, 1): the gradient of its masked mean."""
    p = 0.5 * (1 + np.tanh(0.5 * answers))
    counted = np.ones(target.shape[:2], bool) if mask is None else mask
    return (p - target) * counted[..., None] / counted.sum()
