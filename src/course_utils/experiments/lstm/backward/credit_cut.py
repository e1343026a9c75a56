"""The LSTM's gradient as the paper of 1997 cuts it, against the full one: direction and training.

The cut: no error flows back into h of the step before; only the cell state carries it.
Hochreiter & Schmidhuber 1997, appendix A.1.  It is tried on the adding problem, which the cell
state alone can solve, and on an echo, for which a network has to pass bits along.  Both gradients
run on compiled code, in training in single precision.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab import cut_credit
from course_utils.lab.numpy_models import init_model
from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.numpy_nn import fast, optim
from course_utils.tasks import Adding, Echo
from course_utils.training import NumpyStep, fit


@dataclass(frozen=True)
class Config:
    """Sizes, training; the cell state starts by keeping ``retention``."""

    hidden: int = 16
    retention: float = 0.99
    batch: int = 16
    lr: float = 5e-3
    length: int = 30
    updates: int = 3000
    lags: tuple = (1, 3, 6)
    steps: int = 32  # of the echo
    echo_updates: int = 800
    seeds: tuple = tuple(range(20))


QUICK = Config(hidden=8, length=22, updates=400, lags=(1,), steps=20, echo_updates=60, seeds=(0,))
WAYS = ("full", "cut")


def run(config, progress=iter):
    """Cosines at the start and after training, share wrong and accuracy, for both gradients."""
    rows = over_seeds(partial(one_seed, config), config.seeds, progress)
    echo = {
        str(lag): {
            way: median(rows, "echo", k, way) for way in WAYS
        }
        for k, lag in enumerate(config.lags)
    }  # fmt: skip
    return {
        "of": len(rows),
        "cosine": {
            stage: median(rows, "cosine", stage)
            for stage in ("start", "trained")
        },
        "wrong": {way: median(rows, "wrong", way) for way in WAYS},
        "echo": echo,
        "seeds": rows,
    }


def one_seed(config, seed):
    """One start, trained in both ways on both tasks."""
    task = Adding(config.length)
    start = network(config, 2, seed)
    probe = task.sample(np.random.default_rng((seed, 2)), 500)
    trained = {
        way: train(config, task, start, np.random.default_rng((seed, 1)), way, config.updates)
        for way in WAYS
    }
    return {
        "cosine": {"start": cosine(start, probe), "trained": cosine(trained["full"], probe)},
        "wrong": {
            way: task.wrong(gradients(params, probe, "full")[1], probe.target)
            for way, params in trained.items()
        },
        "echo": [{way: echoed(config, lag, seed, way) for way in WAYS} for lag in config.lags],
    }


def network(config, inputs, seed):
    """A layer whose cell state keeps, and a readout of one number."""
    rng = np.random.default_rng((seed, 0))
    return init_model("lstm", inputs, config.hidden, 1, rng, retention=config.retention)


def gradients(params, batch, way, workspace=None):
    """-> loss, answers, gradients of everything; "cut" lets nothing flow back through h.

    One answer a sequence or one a step, whichever the task wants.
    """
    options = {"last": batch.target.ndim == 2, "workspace": workspace}
    if way == "cut":
        return cut_credit.cell_state_only(params, batch.x, batch.target, **options)
    return cut_credit.full("lstm", params, batch.x, batch.target, **options)


def train(config, task, params, rng, way, updates):
    """Adam on either gradient."""
    workspace = fast.Workspace()

    def loss_and_grads(params, batch):
        loss, _, grads = gradients(params, batch, way, workspace)
        return loss, grads

    def sample():
        return task.sample(rng, config.batch)

    step = NumpyStep(cut_credit.single(params), loss_and_grads, sample, optim.Adam(config.lr))
    fit(step, updates, bar=False)
    return cut_credit.double(step.params)


def echoed(config, lag, seed, way):
    """Share of right answers of an echo after training on either gradient."""
    task, rng = Echo(lag, config.steps), np.random.default_rng((seed, 1))
    params = train(config, task, network(config, 1, seed), rng, way, config.echo_updates)
    probe = task.sample(rng, 200)
    _, answers, _ = gradients(params, probe, "full")
    return float((np.sign(answers) == probe.target)[probe.mask].mean())


def cosine(params, batch):
    """Cosine between the two gradients of the recurrent layer."""
    a, b = (
        np.concatenate([g.ravel() for k, g in gradients(params, batch, way)[2].items()
                        if not k.startswith("out_")])
        for way in WAYS
    )  # fmt: skip
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
