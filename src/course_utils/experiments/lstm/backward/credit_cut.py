"""The LSTM's gradient as the paper of 1997 cuts it, against the full one: direction and training.

The cut: no error flows back into h of the step before; only the belt carries it.  Hochreiter &
Schmidhuber 1997, appendix A.1.  It is tried on the adding problem, which the belt alone can solve,
and on an echo, for which a network has to pass bits along.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import numpy_nn
from course_utils.experiments.recurrence.bptt import truncation
from course_utils.numpy_nn import losses, ops, optim
from course_utils.tasks import Adding


@dataclass(frozen=True)
class Config:
    """Sizes, training; the belt starts by keeping ``retention``."""

    hidden: int = 16
    retention: float = 0.99
    batch: int = 16
    lr: float = 5e-3
    length: int = 30
    updates: int = 3000
    lags: tuple = (1, 3, 6)
    steps: int = 32  # of the echo
    echo_updates: int = 800
    seeds: tuple = (0, 1, 2, 3, 4)


QUICK = Config(length=22, updates=1500, lags=(1, 4), steps=20, echo_updates=500, seeds=(0,))
WAYS = ("full", "cut")


def run(config, progress=iter):
    """Cosines at the start and after training, share wrong and accuracy, for both gradients."""
    rows = [one_seed(config, seed) for seed in progress(config.seeds)]
    echo = {
        str(lag): {
            way: float(np.median([row["echo"][k][way] for row in rows])) for way in WAYS
        }
        for k, lag in enumerate(config.lags)
    }  # fmt: skip
    return {
        "of": len(rows),
        "cosine": {
            stage: float(np.median([row["cosine"][stage] for row in rows]))
            for stage in ("start", "trained")
        },
        "wrong": {way: float(np.median([row["wrong"][way] for row in rows])) for way in WAYS},
        "echo": echo,
        "seeds": rows,
    }


def one_seed(config, seed):
    """One start, trained in both ways on both tasks."""
    task = Adding(config.length)
    start = network(config, 2, seed)
    probe = task.sample(np.random.default_rng((seed, 2)), 500)
    trained = {way: train_adding(config, task, start, seed, way) for way in WAYS}
    return {
        "cosine": {
            stage: cosine(params, probe) for stage, params in
            (("start", start), ("trained", trained["full"]))
        },
        "wrong": {way: task.wrong(answer(trained[way], probe.x)[0], probe.target) for way in WAYS},
        "echo": [
            {way: train_echo(config, lag, seed, way) for way in WAYS} for lag in config.lags
        ],
    }  # fmt: skip


def network(config, inputs, seed):
    """A layer whose belt keeps, and a readout of one number."""
    rng = np.random.default_rng((seed, 0))
    params = numpy_nn.init_params(
        "lstm", inputs, config.hidden, rng, retention=config.retention
    )  # fmt: skip
    bound = config.hidden**-0.5
    return params | {
        "out_weight": rng.uniform(-bound, bound, (1, config.hidden)),
        "out_bias": np.zeros(1),
    }


def backward(tape, dy, way):
    """dy (T, B, H) -> gradients of the layer; "cut" lets nothing flow back through h."""
    if way == "full":
        return numpy_nn.unroll_backward(tape, dy)[2]
    cell, total = numpy_nn.get_cell("lstm"), 0
    dh = dc = np.zeros_like(dy[0])
    for dh, cache in zip(dy[::-1], reversed(tape.caches), strict=True):  # dh: the loss's alone
        _, (_, dc), grads = cell.step_backward(tape.params, cache, cell.State(dh, dc))
        total = {k: g + (total[k] if total else 0) for k, g in grads.items()}
    return total


def answer(params, x):
    """-> answers (n, 1), outputs (T, n, H), tape; the answer is read from the last output."""
    layer = {k: p for k, p in params.items() if not k.startswith("out_")}
    y, last, tape = numpy_nn.unroll("lstm", layer, x)
    return ops.affine(params["out_weight"], params["out_bias"], last.h), y, tape


def gradient(params, batch, way):
    """Gradients of everything for the squared error of the answers."""
    prediction, y, tape = answer(params, batch.x)
    _, derror = losses.mse(prediction, batch.target)
    dlast, dweight, dbias = ops.affine_backward(params["out_weight"], y[-1], derror)
    dy = np.zeros_like(y)
    dy[-1] = dlast
    return backward(tape, dy, way) | {"out_weight": dweight, "out_bias": dbias}


def train_adding(config, task, params, seed, way):
    """Adam on either gradient."""
    rng, optimiser = np.random.default_rng((seed, 1)), optim.Adam(config.lr)
    state = optimiser.init(params)
    for _ in range(config.updates):
        grads, _ = optim.clip_norm(gradient(params, task.sample(rng, config.batch), way), 1.0)
        params, state = optimiser.update(params, grads, state)
    return params


def train_echo(config, lag, seed, way):
    """Share of right answers of an echo after training on either gradient."""
    rng, optimiser = np.random.default_rng((seed, 1)), optim.Adam(config.lr)
    task = truncation.Config(lag=lag, steps=config.steps, batch=config.batch)
    params = network(config, 1, seed)
    state = optimiser.init(params)
    for _ in range(config.echo_updates):
        x, target = truncation.echo(task, rng, config.batch)
        _, tape, dy, readout = truncation.forward("lstm", params, x, target)
        grads, _ = optim.clip_norm(backward(tape, dy, way) | readout, 1.0)
        params, state = optimiser.update(params, grads, state)
    return truncation.right("lstm", params, truncation.echo(task, rng, 200))


def cosine(params, batch):
    """Cosine between the two gradients of the recurrent layer."""
    a, b = (
        np.concatenate([g.ravel() for k, g in gradient(params, batch, way).items()
                        if not k.startswith("out_")])
        for way in WAYS
    )  # fmt: skip
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
