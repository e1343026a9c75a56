"""How far the truncated gradient points from the full one, and what training on it leaves undone.

The task is an echo: at each step say the bit that came ``lag`` steps earlier.  A chunk of k steps
holds the cause of a share (k - lag) / k of its answers, and of none when k <= lag, so it is known
beforehand what truncation can and cannot see.

Networks are trained on compiled code, in single precision.  Directions are measured with the
readable backward passes in double precision: randomised truncation scales the credit from step to
step, which needs their tape.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from course_utils.lab import cut_credit
from course_utils.lab.numpy_models import init_model, squared_error
from course_utils.lab.seeds import over_seeds
from course_utils.numpy_nn import fast, optim, truncation
from course_utils.tasks import Echo
from course_utils.training import NumpyStep, fit


@dataclass(frozen=True)
class Config:
    """Echo and network, chunk lengths, training, and draws of the randomised truncation."""

    lag: int = 6
    steps: int = 64
    batch: int = 16
    hidden: int = 32
    every: tuple = (1, 2, 4, 6, 8, 12, 16, 32, 64)
    train_every: tuple = (2, 6, 8, 12, 64)
    updates: int = 600
    lr: float = 5e-3
    far: int = 12  # the lag at which the randomised truncation is measured
    stops: tuple = (0.05, 0.1, 0.2, 0.3)
    draws: int = 400
    seeds: tuple = tuple(range(20))


QUICK = Config(
    lag=2, steps=16, hidden=16, every=(1, 2, 4, 16), train_every=(2, 16), updates=150, far=3,
    draws=100, seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """Cosines by cell and stage, accuracies by chunk length, and the randomised estimator."""
    results = {"every": list(config.every), "train_every": list(config.train_every)}
    for key in ("rnn", "lstm"):
        rows = over_seeds(partial(one_seed, key, config), config.seeds, progress)
        results[key] = {
            stage: {"cosine": cosines, "mean": np.mean(cosines, axis=0).tolist()}
            for stage in ("start", "trained")
            for cosines in [[row[stage] for row in rows]]
        }
        results[key]["accuracy"] = {
            str(every): float(np.mean([row["accuracy"][i] for row in rows]))
            for i, every in enumerate(config.train_every)
        }
        results[key]["solved"] = {
            str(every): sum(row["accuracy"][i] > 0.99 for row in rows)
            for i, every in enumerate(config.train_every)
        }
    results["nets"] = len(config.seeds)
    results["random"] = randomised(config, progress)
    return results


def one_seed(key, config, seed):
    """Cosines of one network before and after full training, and accuracies by chunk length."""
    rng = np.random.default_rng(seed)
    start = init_model(key, 1, config.hidden, 1, rng)
    probe = task(config).sample(rng, 4 * config.batch)
    trained, accuracy = None, []
    for every in config.train_every:
        params = train(key, config, start, np.random.default_rng((seed, 1)), every)
        accuracy.append(right(key, params, probe))
        trained = params  # the last chunk is the whole sequence
    return {
        "start": cosines(key, config, start, probe),
        "trained": cosines(key, config, trained, probe),
        "accuracy": accuracy,
    }


def task(config):
    """The echo that is learned."""
    return Echo(config.lag, config.steps)


def train(key, config, params, rng, every):
    """Adam on gradients truncated to chunks of ``every`` steps; the state is carried across."""
    workspace = fast.Workspace()

    def loss_and_grads(params, batch):
        loss, _, grads = cut_credit.chunked(key, params, batch.x, batch.target, every, workspace)
        return loss, grads

    def sample():
        return task(config).sample(rng, config.batch)

    step = NumpyStep(cut_credit.single(params), loss_and_grads, sample, optim.Adam(config.lr))
    fit(step, config.updates, bar=False)
    return cut_credit.double(step.params)


def right(key, params, probe):
    """Share of the answers with the right sign, after the lag."""
    _, answers, *_ = squared_error(key, params, probe.x, probe.target)
    return float((np.sign(answers) == probe.target)[probe.mask].mean())


def cosines(key, config, params, probe):
    """Cosine between truncated and full gradient of the recurrent layer, by chunk length."""
    _, _, tape, dy, _ = squared_error(key, params, probe.x, probe.target)
    full = _flat(truncation.truncated_backward(tape, dy, config.steps)[2])
    return [
        _cosine(full, _flat(truncation.truncated_backward(tape, dy, every)[2]))
        for every in config.every
    ]


def randomised(config, progress):
    """The randomly truncated gradient of trained networks, for each probability of stopping.

    In units of the full gradient's norm, means over the seeds: ``error`` of the mean of all draws,
    ``chance``, the error that noise alone leaves in such a mean, ``noise`` of one draw, and
    ``cut``, the error of fixed chunks with the same expected length 1 / stop.
    """
    config = replace(config, lag=config.far)
    rows = over_seeds(partial(_randomised, config), config.seeds, progress)
    means = np.mean(rows, axis=0)  # (stops, 4)
    summary = dict(zip(("error", "chance", "noise", "cut"), means.T.tolist(), strict=True))
    return summary | {"stops": list(config.stops), "error_over_chance": _over(rows)}


def _over(rows):
    """Mean of error / chance over seeds and probabilities: near 1 if nothing but noise is left."""
    error, chance, *_ = np.moveaxis(np.array(rows), -1, 0)
    return float((error / chance).mean())


def _randomised(config, seed):
    rng = np.random.default_rng((seed, 2))
    params = train("rnn", config, init_model("rnn", 1, config.hidden, 1, rng), rng, config.steps)
    _, _, tape, dy, _ = squared_error("rnn", params, *task(config).sample(rng, config.batch)[:2])
    full = _flat(truncation.truncated_backward(tape, dy, config.steps)[2])
    size, rows = np.linalg.norm(full), []
    for stop in config.stops:
        misses = [
            _flat(truncation.randomly_truncated_backward(tape, dy, stop, rng)[2]) - full
            for _ in range(config.draws)
        ]
        noise = np.sqrt(np.mean([m @ m for m in misses])) / size
        cut = _flat(truncation.truncated_backward(tape, dy, round(1 / stop))[2]) - full
        error = np.linalg.norm(np.mean(misses, axis=0)) / size
        rows.append((error, noise / config.draws**0.5, noise, np.linalg.norm(cut) / size))
    return rows


def _flat(grads):
    return np.concatenate([g.ravel() for g in grads.values()])


def _cosine(a, b):
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
