"""Leaky units and skip connections on the cue task, and what each start lets through.

The networks of the experiment ``cue_gap``, its budget and its data.  Before training: how much of
the gradient of the loss arrives how far back.  After: how many seeds solve which gap.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.cue_nets import CueConfig, by_gap, cue_net
from course_utils.lab.torch_models import Net, class_tensors
from course_utils.tasks import Cue
from course_utils.torch_nn.unroll import unroll

LEAKS = {"leaky": 0.1, "slow": 0.02}
NEW = (*LEAKS, "skip")
STARTS = ("tanh", "orthogonal", "irnn", *NEW)


@dataclass(frozen=True)
class Config(CueConfig):
    """As in ``cue_gap``, and how many steps the skip connection spans."""

    span: int = 10


QUICK = Config(gaps=(2, 40), updates=250, seeds=(0, 1))


class Skipping(torch.nn.Module):
    """h_t = tanh(W_x x_t + W_h h_{t-1} + W_s h_{t-span} + b); the last state is read out.

    x (T, B, D) -> (B, N).  States before the first are zero.
    """

    def __init__(self, inputs, hidden, outputs, span):
        super().__init__()
        self.span = span
        self.read = torch.nn.Linear(inputs, hidden)
        self.recur = torch.nn.Linear(2 * hidden, hidden, bias=False)  # W_h beside W_s
        self.readout = torch.nn.Linear(hidden, outputs)
        for p in self.parameters():  # as PyTorch starts an RNN
            torch.nn.init.uniform_(p, -(hidden**-0.5), hidden**-0.5)

    def states(self, x):
        """h_1 … h_T, a list of (B, H)."""
        from_x = self.read(x)
        h = [torch.zeros_like(from_x[0])] * self.span  # h_{1-span} … h_0
        for a in from_x:
            h.append((a + self.recur(torch.cat([h[-1], h[-self.span]], dim=-1))).tanh())
        return h[self.span :]

    def forward(self, x):
        return self.readout(self.states(x)[-1])


def run(config, progress=iter):
    """By network: log10 of the gradient's norm by lag at the start; seeds that solve each gap."""
    results = {
        "gaps": list(config.gaps), "of": len(config.seeds), "span": config.span, "leak": LEAKS,
        "solved": {}, "accuracy": {},
    }  # fmt: skip
    results["log10"] = {name: arriving(config, name) for name in STARTS}
    results["at_40"] = {name: 10 ** min(row[40], 0.0) for name, row in results["log10"].items()}
    for name in progress(NEW):
        results["accuracy"][name], results["solved"][name] = by_gap(
            config, name, network, progress
        )
    return results


def network(config, name, task, seed):
    """The network of one name, drawn from one seed."""
    if name == "skip":
        torch.manual_seed(seed)
        return Skipping(task.words, config.hidden, task.cues, config.span)
    if name in LEAKS:
        options = {"alpha": LEAKS[name]}
        return Net(
            "rnn_leaky", task.words, config.hidden, task.cues, seed, last=True, config=options
        )
    return cue_net(config, name, task, seed)


def arriving(config, name):
    """log10 of ‖dL/dh_{T-k}‖ / ‖dL/dh_T‖ for k = 0 … longest gap: medians over the seeds."""
    task = Cue(max(config.gaps))
    rows = []
    for seed in config.seeds:
        model = network(config, name, task, seed)
        batch = class_tensors(task.sample(np.random.default_rng((seed, 3)), config.batch))
        h = states(model, batch.x)
        for h_t in h:
            h_t.retain_grad()
        torch.nn.functional.cross_entropy(model.readout(h[-1]), batch.target).backward()
        norms = np.array([h_t.grad.double().norm().item() for h_t in reversed(h)])
        rows.append(np.log10(np.maximum(norms / norms[0], 1e-30)))
    return np.median(rows, axis=0).round(3).tolist()


def states(model, x):
    """Every state of the way, a list of (B, H) tensors that autograd knows."""
    if isinstance(model, Skipping):
        return model.states(x)
    layer = model.layer
    params = {name.removesuffix("_l0"): p for name, p in layer.named_parameters()}
    start = (x.new_zeros(x.shape[1], layer.hidden_size),)
    _, _, history = unroll(layer.key, params, x, start, config=layer.config)
    return [h for (h,) in history]
