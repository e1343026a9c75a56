"""A success rate at once: many small nets, side by side, each with its own start and learning rate.

The cue task: a first word, a gap, a question.  Of every network and learning rate, how many nets
answer; and how much longer the same update takes net by net.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import numpy_nn, timing
from course_utils.numpy_nn import fast, losses, many, ops, optim
from course_utils.tasks import Cue

NETS = {"rnn": "rnn", "gru": "gru", "lstm": "lstm", "lstm_keeps": "lstm"}


@dataclass(frozen=True)
class Config:
    """A net for every seed and rate; solved is an accuracy on new sequences."""

    names: tuple = tuple(NETS)
    retention: float = 0.95  # of lstm_keeps; the others start as PyTorch does
    gap: int = 20
    hidden: int = 8
    batch: int = 16
    updates: int = 400
    rates: tuple = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
    clip: float = 1.0
    solved: float = 0.95
    widths: tuple = (4, 8, 16, 32, 64)  # at which the update is timed
    nets: int = 32  # timed
    seconds: float = 1.5
    least: int = 7
    seeds: tuple = tuple(range(16))


QUICK = Config(
    names=("rnn", "gru"),
    gap=3,
    updates=150,
    rates=(0.0003, 0.03),
    widths=(4,),
    nets=4,
    seconds=0.05,
    least=3,
    seeds=(0, 1, 2, 3),
)


def run(config, progress=iter):
    """By network: nets that solve the task, by rate; then what an update costs, by width."""
    solved = {name: success(config, name) for name in progress(config.names)}
    with timing.one_thread():
        costs = [cost(config, width) for width in progress(config.widths)]
    return {
        "rates": list(config.rates),
        "of": len(config.seeds),
        "solved": solved,
        "nets": len(config.rates) * len(config.seeds),
        "best": {name: max(row) for name, row in solved.items()},
        "cost": costs,
        "loop_over_many": {str(row["width"]): row["loop_over_many"] for row in costs},
    }


def success(config, name):
    """How many of the nets of each rate solve the task; all are trained at once."""
    key, retention = NETS[name], config.retention if name.endswith("keeps") else None
    task, rng = Cue(config.gap), np.random.default_rng(0)
    seeds = [seed for _ in config.rates for seed in config.seeds]
    params = start(key, task, config.hidden, seeds, retention)
    step = many.Each(optim.Adam(np.repeat(config.rates, len(config.seeds))))
    state, workspace = step.init(params), many.Workspace()
    for _ in range(config.updates):
        batch = task.sample(rng, config.batch)
        grads = gradients(key, params, batch, workspace)
        params, state = step.update(params, many.clip_norm(grads, config.clip)[0], state)
    test = task.sample(np.random.default_rng(1), 200)
    y, _, _ = many.unroll(key, layer(params), test.x.astype(np.float32))
    answer = many.affine(params["readout"], params["bias"], y[:, -1]).argmax(axis=-1)
    right = (answer == test.target).mean(axis=1).reshape(len(config.rates), -1)
    return (right >= config.solved).sum(axis=1).tolist()


def start(key, task, hidden, seeds, retention=None):
    """A net for every seed, with its readout."""
    nets = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        params = numpy_nn.init_params(key, task.words, hidden, rng, np.float32, retention=retention)
        bound = hidden**-0.5
        params["readout"] = rng.uniform(-bound, bound, (task.cues, hidden)).astype(np.float32)
        params["bias"] = np.zeros(task.cues, np.float32)
        nets.append(params)
    return many.stack(nets)


def layer(params):
    """The recurrent layer's parameters alone."""
    return {name: p for name, p in params.items() if name not in ("readout", "bias")}


def gradients(key, params, batch, workspace):
    """The gradients of the answers' cross-entropy, of every net by itself."""
    x = batch.x.astype(np.float32)
    y, _, tape = many.unroll(key, layer(params), x, workspace=workspace)
    _, dlogits = many.cross_entropies(
        many.affine(params["readout"], params["bias"], y[:, -1]), batch.target
    )
    dy = np.zeros_like(y)
    dy[:, -1], dreadout, dbias = many.affine_backward(params["readout"], y[:, -1], dlogits)
    _, _, grads = many.unroll_backward(tape, dy)
    return grads | {"readout": dreadout, "bias": dbias}


def one_by_one(module, key, nets, batch, **options):
    """The same, net by net, with the readable layers or the tuned ones."""
    x = batch.x.astype(np.float32)
    for params in nets:
        y, _, tape = module.unroll(key, layer(params), x, **options)
        _, dlogits = losses.cross_entropy(
            ops.affine(params["readout"], params["bias"], y[-1]), batch.target
        )
        dy = np.zeros(y.shape, y.dtype)
        dy[-1], *_ = ops.affine_backward(params["readout"], y[-1], dlogits)
        module.unroll_backward(tape, dy)


def cost(config, width, key="lstm"):
    """One update's gradients for ``nets`` nets: seconds, and the ratios to a loop over them."""
    task = Cue(config.gap)
    batch = task.sample(np.random.default_rng(0), config.batch)
    params = start(key, task, width, range(config.nets))
    nets = [many.pick(params, k) for k in range(config.nets)]
    workspace, shared = many.Workspace(), fast.Workspace()
    times = timing.interleave(
        {
            "many": lambda: gradients(key, params, batch, workspace),
            "loop": lambda: one_by_one(numpy_nn, key, nets, batch),
            "fast": lambda: one_by_one(fast, key, nets, batch, workspace=shared),
        },
        seconds=config.seconds,
        least=config.least,
    )
    return {
        "width": width,
        "seconds": timing.medians(times),
        "loop_over_many": timing.ratio(times, "loop", "many"),
        "fast_over_many": timing.ratio(times, "fast", "many"),
    }
