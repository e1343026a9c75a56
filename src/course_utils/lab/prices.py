"""What one second of a machine is worth, measured; and what a program costs at these prices.

A config says the sizes of the probes: ``square``, of the product whose rate counts as the peak;
``cached`` and ``memory``, floats in an array that stays in the cache and in one that does not.
"""

import numpy as np


def probes(config):
    """name -> function: calls that have nothing to do with an LSTM, to know the machine by."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.standard_normal(shape, np.float32)

    one, row, long = draw(1), draw(config.cached), draw(config.memory)
    square = draw(config.square, config.square)
    out_one, out_row, out_square = one.copy(), row.copy(), square.copy()
    return {
        "call": lambda: np.add(one, one, out=out_one),
        "split": lambda: np.split(square, 4, axis=-1),
        "peak": lambda: np.dot(square, square, out=out_square),
        "add": lambda: np.add(row, row, out=out_row),
        "tanh": lambda: np.tanh(row, out=out_row),
        "read": lambda: np.dot(row, row),
        "memory": lambda: np.dot(long, long),
    }


def machine(config, seconds):
    """The machine in numbers, from the probes: the names say the units."""
    row = 4 * config.cached  # bytes
    return {
        "call_us": 1e6 * seconds["call"],
        "split_us": 1e6 * seconds["split"],
        "peak_gflops": 2e-9 * config.square**3 / seconds["peak"],
        "elementwise_gb": 3e-9 * row / seconds["add"],  # gigabytes a second
        "tanh_ns": 1e9 * seconds["tanh"] / config.cached,
        "read_gb": 2e-9 * row / seconds["read"],
        "memory_gb": 8e-9 * config.memory / seconds["memory"],
    }


def predicted(log, known, points=None):
    """Milliseconds by part, from a counting log and the machine's numbers.

    A product takes what is longer, its operations or its bytes; or, given measured points of the
    roofline, its operations at the rate of its operations a byte.  tanh goes by elements, the rest
    by bytes; and every call costs the same before it does anything.
    """
    tanh = sum(call.elements for call in log.rest if call.name == "tanh")
    moved = sum(call.bytes for call in log.rest if call.name != "tanh")
    products = [
        max(c.flops / known["peak_gflops"], c.bytes / known["read_gb"]) for c in log.products
    ]
    if points:
        x, y = np.log(points["intensity"]), points["rows"]
        products = [c.flops / np.interp(np.log(c.flops / c.bytes), x, y) for c in log.products]
    return {
        "calls": 1e-3 * len(log) * known["call_us"],
        "products": 1e-6 * float(sum(products)),
        "elementwise": 1e-6 * (tanh * known["tanh_ns"] + moved / known["elementwise_gb"]),
    }
