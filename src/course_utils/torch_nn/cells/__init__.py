"""One file per cell, named after its key: ``step(p, from_x, prev, **config) -> states``.

p, the layer's parameters by the spec's names; from_x (B, G·H), the input's share of every
pre-activation, computed for the whole sequence at once by ``project``; prev and the result, tuples
in the order of the spec's states, each (B, H).  A file may define its own ``project(p, x)``,
``readout(p, x, states) -> y`` where the output is not the first state, and ``init_(p, **config)``
for weights that are not uniform in ±1/√H.  What a state starts from stands in the spec
(``initial``).
"""

from importlib import import_module

from torch.nn import functional as F

from course_utils.specs import get_spec

_loaded = {}  # a plain dict, which torch.compile can look into


def get_cell(key):
    """The module that computes the cell ``key``; KeyError lists the cells there are."""
    key = get_spec(key).key
    if key not in _loaded:
        _loaded[key] = import_module(f"{__name__}.{key}")
    return _loaded[key]


def project(p, x):
    """x (..., D) -> (..., G·H): one matrix product for all gates and all steps."""
    return F.linear(x, p["weight_ih"], p.get("bias_ih"))


def recur(p, h_prev):
    """h_prev (B, H) -> (B, G·H): the recurrent share of every pre-activation."""
    return F.linear(h_prev, p["weight_hh"], p.get("bias_hh"))


def recur_rows(p, h_prev, first, last):
    """As ``recur``, for the gates from first to last (exclusive) of the stacked weights."""
    H = h_prev.shape[-1]
    rows = slice(first * H, last * H)
    bias = p["bias_hh"][rows] if "bias_hh" in p else None
    return F.linear(h_prev, p["weight_hh"][rows], bias)


def positive(a):
    """a + 1/2 for a >= 0, the logistic function below.  Feng et al. 2024."""
    return (a + 0.5).where(a >= 0, a.sigmoid())
