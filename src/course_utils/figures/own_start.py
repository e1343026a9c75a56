"""How a cell begins where its definition says so, as plain data for the page that trains.

A cell's file says it as code, in ``init`` and ``retain``.  Each is run on arrays of NaN with random
numbers that are all at their low end, all at their high end and all between, and what it writes is
read off: a constant, or uniform numbers.  Anything else is ``train_net.js``'s own, by name.
"""

import numpy as np

from course_utils.numpy_nn import get_cell
from course_utils.specs import SPECS

SHARES = 0.3, 0.6, 0.9
KEEPS = {"share": lambda share: share, "logit": lambda share: np.log(share / (1 - share))}


class Level:
    """A generator whose uniform numbers all lie at the same share of their range."""

    def __init__(self, share):
        self.share = share

    def uniform(self, low=0.0, high=1.0, size=None):
        return np.full(size, low + self.share * (high - low))


def start(spec):
    """{symbol: [low, high]} of what ``init`` draws anew: uniform; a constant where both agree."""
    init = _own(spec, "init")
    if init is None:
        return {}
    begin = lambda u: lambda params: init(params, Level(u), **spec.options())  # noqa: E731
    levels = [_written(spec, begin(u)) for u in (0, 0.5, 1)]
    return {
        symbol: [low, high] for symbol, (low, middle, high) in _numbers(levels).items()
        if np.isclose(middle, (low + high) / 2)
    }  # fmt: skip


def keeps(spec):
    """{symbol: "share" or "logit"} of what ``retain`` sets to a share, or its logit."""
    retain = _own(spec, "retain")
    if retain is None:
        return {}
    found = _numbers([_written(spec, lambda p, s=s: retain(p, s)) for s in SHARES])
    return {
        symbol: name for symbol, values in found.items() for name, of in KEEPS.items()
        if np.allclose(values, [of(s) for s in SHARES])
    }  # fmt: skip


def _own(spec, name):
    """A rule of a cell's file, or None; a spec that is none of the package's has no file."""
    return getattr(get_cell(spec.key), name, None) if SPECS.get(spec.key) is spec else None


def _written(spec, rule):
    """{symbol: array} after a rule that writes on arrays of NaN."""
    modules = [len(value) for value in spec.config.values() if isinstance(value, tuple)]
    shapes = spec.shapes(2, 2 * max(modules, default=1))  # clockwork's units divide among modules
    params = {name: np.full(shape, np.nan) for name, shape in shapes.items()}
    rule(params)
    return spec.symbol_values(params)


def _numbers(runs):
    """{symbol: one number a run}, of those that every run fills with one number."""
    found = {}
    for symbol in runs[0]:
        values = [run[symbol] for run in runs]
        if all(np.isfinite(v).all() and np.ptp(v) == 0 for v in values):
            found[symbol] = [float(v.flat[0]) for v in values]
    return found
