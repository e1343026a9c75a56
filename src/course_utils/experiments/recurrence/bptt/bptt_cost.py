"""What back-propagation through time costs: bytes kept and seconds, against the number of steps.

Bytes are counted, not sampled: every distinct array that must live until the way back needs it,
the inputs themselves excepted, which exist in any case.
"""

import time
from dataclasses import dataclass

import numpy as np

from course_utils import numpy_nn
from course_utils.numpy_nn import checkpoint


@dataclass(frozen=True)
class Config:
    """key, sizes (B, D, H), the numbers of steps, and repetitions of each timing."""

    key: str = "rnn"
    batch: int = 8
    inputs: int = 16
    hidden: int = 64
    steps: tuple = (64, 144, 256, 576, 1024)  # squares, so that √T is exact
    repeats: int = 15
    seeds: tuple = (0,)


QUICK = Config(steps=(16, 64), repeats=3)


def run(config, progress=iter):
    """Bytes, seconds of each pass (medians), and the growth exponents fitted to the bytes."""
    rng = np.random.default_rng(config.seeds[0])
    params = numpy_nn.init_params(config.key, config.inputs, config.hidden, rng)
    rows = {
        "full_bytes": [],
        "checkpointed_bytes": [],
        "forward": [],
        "full": [],
        "checkpointed": [],
    }
    for T in progress(config.steps):
        x = rng.standard_normal((T, config.batch, config.inputs))
        dy = rng.standard_normal((T, config.batch, config.hidden))
        *_, tape = numpy_nn.unroll(config.key, params, x)
        *_, kept = checkpoint.unroll_checkpointed(config.key, params, x)
        *_, stretch = numpy_nn.unroll(config.key, params, x[: kept.every])
        rows["full_bytes"].append(held(tape, params, x))
        rows["checkpointed_bytes"].append(held(kept, params, x) + held(stretch, params, x))
        for name, seconds in _timed(config, params, x, dy).items():
            rows[name].append(seconds)
    return {
        "steps": list(config.steps),
        **rows,
        "full_exponent": _exponent(config.steps, rows["full_bytes"]),
        "checkpointed_exponent": _exponent(config.steps, rows["checkpointed_bytes"]),
        "bytes_ratio": rows["full_bytes"][-1] / rows["checkpointed_bytes"][-1],
        "train_over_forward": _ratio(rows["full"], rows["forward"]),
        "checkpointed_over_full": _ratio(rows["checkpointed"], rows["full"]),
    }


def held(tape, params, x):
    """Bytes of the distinct arrays that ``tape`` keeps alive besides x and the parameters."""
    given = {id(x), *(id(p) for p in params.values())}
    sizes, todo = {}, [tape]
    while todo:
        thing = todo.pop()
        if isinstance(thing, np.ndarray):
            while isinstance(thing.base, np.ndarray):
                thing = thing.base
            if id(thing) not in given:
                sizes[id(thing)] = thing.nbytes
        elif isinstance(thing, dict):
            todo += thing.values()
        elif isinstance(thing, list | tuple):
            todo += thing
    return sum(sizes.values())


def _timed(config, params, x, dy):
    """Median seconds of the forward pass and of the two training passes, taken in turns."""

    def full():
        *_, tape = numpy_nn.unroll(config.key, params, x)
        numpy_nn.unroll_backward(tape, dy)

    def checkpointed():
        *_, kept = checkpoint.unroll_checkpointed(config.key, params, x)
        checkpoint.checkpointed_backward(kept, dy)

    def forward():
        numpy_nn.unroll(config.key, params, x)

    passes = {"forward": forward, "full": full, "checkpointed": checkpointed}
    times = {name: [] for name in passes}
    for _ in range(config.repeats):
        for name, work in passes.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(t)) for name, t in times.items()}


def _exponent(steps, sizes):
    return float(np.polyfit(np.log(steps), np.log(sizes), 1)[0])


def _ratio(over, under):
    return float(np.median(np.divide(over, under)))
