"""Networks that learn the cue task: their starts, and which gaps they solve."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.torch_models import Net, class_accuracy, class_loss, class_tensors
from course_utils.tasks import Cue
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class CueConfig:
    """Gaps, networks' size, training; solved is an accuracy on new sequences."""

    gaps: tuple = (5, 10, 20, 40, 80, 160)
    hidden: int = 32
    batch: int = 32
    lr: float = 0.002
    clip: float = 1.0
    updates: int = 500
    every: int = 50
    solved: float = 0.95
    retention: float = 0.95
    seeds: tuple = tuple(range(20))


def by_gap(config, name, build, progress=iter):
    """Accuracy (gaps, seeds) of the networks build(config, name, task, seed); {gap: solved}."""
    reached = [
        over_seeds(partial(built_and_trained, config, name, build, gap), config.seeds, progress)
        for gap in config.gaps
    ]
    solved = {
        str(gap): int(np.sum(np.array(row) >= config.solved))
        for gap, row in zip(config.gaps, reached, strict=True)
    }
    return reached, solved


def built_and_trained(config, name, build, gap, seed):
    """Accuracy after training of the network that ``build`` makes for one gap and seed."""
    return trained_accuracy(config, build(config, name, Cue(gap), seed), gap, seed)


def trained_accuracy(config, model, gap, seed):
    """Accuracy on 500 new sequences after training (stopped early once solved)."""
    task, rng = Cue(gap), np.random.default_rng((seed, gap))
    test = class_tensors(task.sample(np.random.default_rng((seed, gap, 1)), 500))
    step = torch_step(
        model,
        class_loss,
        lambda: class_tensors(task.sample(rng, config.batch)),
        lr=config.lr,
        clip=config.clip,
    )
    fit(
        step,
        config.updates,
        check=lambda: class_accuracy(model, test),
        every=config.every,
        done=lambda value: value >= 0.999,
        bar=False,
    )
    return class_accuracy(model, test)


def cue_net(config, name, task, seed):
    """tanh, orthogonal, irnn or lstm: the network of one name, drawn from one seed."""
    key = {"lstm": "lstm", "irnn": "rnn_relu"}.get(name, "rnn")
    retention = config.retention if name == "lstm" else None
    model = Net(key, task.words, config.hidden, task.cues, seed, last=True, retention=retention)
    H = config.hidden
    state = dict(model.layer.named_parameters())
    rng = np.random.default_rng((seed, 2))
    with torch.no_grad():
        if name == "orthogonal":
            Q = np.linalg.qr(rng.standard_normal((H, H)))[0]
            state["weight_hh_l0"].copy_(torch.from_numpy(Q))
        if name == "irnn":
            state["weight_hh_l0"].copy_(torch.eye(H))
            for bias in ("bias_ih_l0", "bias_hh_l0"):
                state[bias].zero_()
    return model
