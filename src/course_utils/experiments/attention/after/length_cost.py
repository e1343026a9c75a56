"""What one more token costs at length T: self-attention, an LSTM, a minGRU as loop and as scan.

One layer of each, of one width.  Counted: multiplications and additions of all matrix products a
token, and the numbers that have to be kept for the token after it.  Measured: the largest memory
that Python's allocator held while the layer ran over the whole sequence, and seconds a token, the
least of several runs; and the depth, the number of operations that have to wait for one another.
About 25 CPU seconds.
"""

import time
import tracemalloc
from dataclasses import dataclass

import numpy as np

from course_utils import counting, numpy_nn
from course_utils.numpy_nn.attention import init_multi_head, masks, multi_head


@dataclass(frozen=True)
class Config:
    """Lengths, width, heads; runs of which the least time counts."""

    lengths: tuple = (64, 128, 256, 512, 1024)
    width: int = 64
    heads: int = 4
    runs: int = 5
    seed: int = 0


QUICK = Config(lengths=(32, 128), width=16, heads=2, runs=1)


def run(config, progress=iter):
    """By layer: operations, bytes kept, peak bytes and seconds, each by length, and how they grow.

    grows: by which factor the operations a token, and the peak, change from the first length to the
    last; ``twice`` the same of the last doubling alone.
    """
    layers = made(config)
    results = {"lengths": list(config.lengths), "width": config.width, "layers": {}}
    for name in progress(tuple(layers)):
        rows = [one_length(config, layers[name], name, T) for T in config.lengths]
        found = {key: [row[key] for row in rows] for key in rows[0]}
        found["grows"] = found["flops"][-1] / found["flops"][0]
        found["kept_grows"] = found["kept"][-1] / found["kept"][0]
        found["peak_grows"] = found["peak"][-1] / found["peak"][0]
        results["layers"][name] = found
    attention, lstm = (results["layers"][name] for name in ("attention", "lstm"))
    results["crossing"] = crossing(config)
    results["formula_off"] = (
        abs(attention["flops"][-1] - formula(config, config.lengths[-1])) / attention["flops"][-1]
    )
    results["peak_ratio"] = attention["peak"][-1] / lstm["peak"][-1]
    return results


def made(config):
    """Functions of x (T, 1, E) by name: each layer forwards, with what training has to keep."""
    rng = np.random.default_rng(config.seed)
    E, heads = config.width, config.heads
    attention = init_multi_head(E, rng)
    cells = {key: numpy_nn.init_params(key, E, E, rng) for key in ("lstm", "mingru")}
    return {
        "attention": lambda x, p=attention: multi_head(p, heads, x, mask=masks.causal(len(x))),
        "lstm": lambda x, p=cells["lstm"]: numpy_nn.unroll("lstm", p, x),
        "mingru": lambda x, p=cells["mingru"]: numpy_nn.unroll("mingru", p, x),
        "scan": lambda x, p=cells["mingru"]: numpy_nn.unroll_scan("mingru", p, x),
    }


def one_length(config, layer, name, T):
    """Everything at one length."""
    x = np.random.default_rng((config.seed, T)).standard_normal((T, 1, config.width))
    _, log = counting.counted(lambda x: layer(x)[0], x)
    tracemalloc.start()
    result = layer(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del result
    seconds = []
    for _ in range(config.runs):
        begin = time.perf_counter()
        layer(x)
        seconds.append(time.perf_counter() - begin)
    return {
        "flops": round(log.flops / T),
        "kept": kept(config, name, T),
        "peak": int(peak),
        "seconds": min(seconds) / T,
        "depth": depth(name, T),
    }


def kept(config, name, T):
    """Numbers that have to be kept to go on after T tokens."""
    E = config.width
    return {"attention": 2 * E * T, "lstm": 2 * E}.get(name, E)


def depth(name, T):
    """Rounds in which everything within one round can be computed at once."""
    return {"attention": 1, "scan": 2 * max(0, int(np.ceil(np.log2(T)))) or 1}.get(name, T)


def formula(config, T):
    """Operations a token of causal self-attention computed in full: 8 E² + 4 T E."""
    return 8 * config.width**2 + 4 * T * config.width


def crossing(config):
    """The length at which self-attention costs as many operations a token as the LSTM, 16 E²."""
    return 2 * config.width
