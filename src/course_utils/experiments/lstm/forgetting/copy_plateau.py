"""The copy task and its plateau: how long networks answer as if they remembered nothing.

After Arjovsky, Shah & Bengio 2016 and Tallec & Ollivier 2018, section 3, at delays of tens of steps
where theirs are hundreds and with five items where they have ten; Adam in place of RMSprop.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.gate_bias import set_layer_bias, set_layer_chrono
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.lab.torch_models import Net
from course_utils.tasks import Copy
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Delays, networks, training; a network has left the plateau below ``left`` of its height."""

    delays: tuple = (10, 30)
    items: int = 5
    nets: tuple = ("rnn", "lstm", "lstm_chrono")
    hidden: int = 48
    batch: int = 32
    lr: float = 0.005
    updates: int = 2000
    smooth: int = 25
    left: float = 0.8
    seeds: tuple = tuple(range(20))


QUICK = Config(delays=(10,), nets=("rnn",), hidden=24, updates=400, seeds=(0,))


def run(config, progress=iter):
    """By network and delay: loss over training, when it left the plateau, items recalled."""
    results = {"of": len(config.seeds), "baseline": {}}
    for name, delay in progress([(n, d) for n in config.nets for d in config.delays]):
        task = Copy(delay, config.items)
        rows = over_seeds(partial(run_seed, config, name, task), config.seeds, progress)
        left = [row["left"] for row in rows if row["left"] is not None]
        results["baseline"][str(delay)] = float(task.memoryless)
        results.setdefault(name, {})[str(delay)] = {
            "left": len(left),
            "first_left": median(left),
            "level": median(rows, "level"),
            "level_by_seed": [row["level"] for row in rows],
            "recall": median(rows, "recall"),
            "plateau": median(rows, "plateau"),
            "curves": [row["curve"] for row in rows],
        }
    return results


def run_seed(config, name, task, seed):
    """Train one network; losses are relative to the answer that remembers nothing."""
    rng = np.random.default_rng((seed, task.delay, 1))
    model = Net(
        "rnn" if name == "rnn" else "lstm", task.symbols, config.hidden, task.alphabet + 1, seed
    )
    start(model.layer, name, task, seed)

    def loss(model, batch):
        x, target = batch
        return torch.nn.functional.cross_entropy(model(x).flatten(0, 1), target.flatten())

    def draw(rng, n):
        x, target, _ = task.sample(rng, n)
        return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(target)

    step = torch_step(model, loss, lambda: draw(rng, config.batch), lr=config.lr)
    history = fit(step, config.updates, bar=False)
    curve = np.reshape(history.loss, (-1, config.smooth)).mean(axis=1) / task.memoryless
    below = np.flatnonzero(curve < config.left)
    x, target = draw(np.random.default_rng((seed, task.delay, 2)), 500)
    with torch.no_grad():
        answers = model(x)[-task.items :, :, : task.alphabet].argmax(-1)
    near = np.abs(curve - 1) < 0.1
    return {
        "curve": curve.round(4).tolist(),
        "left": int(below[0]) * config.smooth if len(below) else None,
        "level": float(curve[-4:].mean()),
        "plateau": float(near.mean()),  # share of training within a tenth of it
        "recall": float((answers == target[-task.items :]).float().mean()),
    }


def start(layer, name, task, seed):
    """The LSTM's biases: 1 for the forget gate, or a chrono start for 3/2 of the delay."""
    if name == "lstm":
        set_layer_bias(layer, "f", 1)
    if name == "lstm_chrono":
        set_layer_chrono(layer, 1.5 * task.delay, np.random.default_rng((seed, 3)))
