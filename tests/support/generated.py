"""What generated code must do, run as plain Python or as machine code: ``LAWS``, each of a problem.

A law takes a problem in the dtype that the code runs in and raises AssertionError.
"""

import numpy as np
from problems import H, close, make

from course_utils import numpy_nn
from course_utils.numpy_nn import fast, many
from course_utils.specs import SPECS

DTYPES = {np.float64: 1e-12, np.float32: 2e-5}  # dtype -> tolerance
NETS = 3
SIZES = (  # machine code multiplies in another way for each
    {"B": 1},  # a vector
    {"B": 16},  # whole registers of rows
    {"B": 29, "D": 9, "H": 12},  # strips of 16, 8, 4 and 1 rows, transposes of squares and the rest
    {"B": 3, "D": 9, "H": 12},  # BLAS
    {"T": 2, "B": 33, "H": 320},  # BLAS with weights larger than the cache
    {"T": 1},
    {"T": 0},
    {"B": 0},
)


def tolerance(p):
    return DTYPES[p.x.dtype.type]


def as_type(p, dtype):
    """The problem in another dtype; counters stay integers."""

    def cast(a):
        return a if a.dtype.kind in "iu" else a.astype(dtype)

    return p._replace(
        params={n: cast(v) for n, v in p.params.items()}, x=cast(p.x), dy=cast(p.dy),
        state0=tuple(map(cast, p.state0)), dlast=tuple(map(cast, p.dlast)),
        inputs={n: cast(v) for n, v in p.inputs.items()},
    )  # fmt: skip


def run(p, **options):
    """Everything that comes out, by name, of generated code."""
    y, last, tape = fast.unroll(p.key, p.params, p.x, p.state0, **options, **p.inputs)
    dx, dstate0, grads = fast.unroll_backward(tape, p.dy, p.dlast)
    return named(p.key, y, last, dx, dstate0, grads)


def readable(p, **marks):
    """The same of the readable cell, in float64."""
    p = as_type(p, np.float64)
    y, last, tape = numpy_nn.unroll(p.key, p.params, p.x, p.state0, **marks, **p.inputs)
    return named(p.key, y, last, *numpy_nn.unroll_backward(tape, p.dy, p.dlast))


def named(key, y, last, dx, dstate0, grads):
    states = SPECS[key].states
    found = {"y": y, "dx": dx} | {f"grads[{n}]": g for n, g in grads.items()}
    found |= {f"last.{s}": v for s, v in zip(states, last, strict=True)}
    counts = [s for s in states if isinstance(SPECS[key].initial.get(s, 0.0), int)]
    return found | {
        f"dstate0.{s}": v for s, v in zip(states, dstate0, strict=True) if s not in counts
    }


def same(found, expected, tolerance):
    """Equal names, shapes and values; what differs is named."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        try:
            close(found[name], value, tolerance)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


def as_readable(p, **marks):
    """The readable cell's numbers, in the dtype of the problem."""
    found = run(p, **marks)
    same(found, readable(p, **marks), tolerance(p))
    wrong = {n: v.dtype for n, v in found.items() if v.dtype != p.x.dtype and v.dtype.kind == "f"}
    assert not wrong, f"of another dtype than {p.x.dtype}: {wrong}"


# -- laws ------------------------------------------------------------------------------------------


def equals_the_readable_cell(p):
    """Outputs, last states and all gradients, for random cotangents, dlast among them."""
    as_readable(p)


def equals_it_with_ends_and_new_beginnings(p):
    """What lies beyond an end is never read."""
    T, B, _ = p.x.shape
    lengths, resets = np.arange(T, T - B, -1), np.zeros((T, B), bool)
    lengths[-1] = 0
    resets[[2, 4, 1, 3], [0, 0, 1, 1]] = True
    beyond = (np.arange(T)[:, None] >= lengths)[..., None]
    p = p._replace(
        x=np.where(beyond, np.nan, p.x), dy=np.where(beyond, np.nan, p.dy),
        inputs={n: np.where(beyond, np.nan, v) for n, v in p.inputs.items()},
    )  # fmt: skip
    as_readable(p, lengths=lengths, resets=resets)


def may_be_split(p, k=2):
    """Two calls, the first k steps and the others, give what one call gives."""
    whole = run(p)
    head = {n: v[:k] for n, v in p.inputs.items()}
    tail = {n: v[k:] for n, v in p.inputs.items()}
    y1, middle, first = fast.unroll(p.key, p.params, p.x[:k], p.state0, **head)
    y2, last, second = fast.unroll(p.key, p.params, p.x[k:], middle, **tail)
    dx2, dmiddle, g2 = fast.unroll_backward(second, p.dy[k:], p.dlast)
    dx1, dstate0, g1 = fast.unroll_backward(first, p.dy[:k], tuple(dmiddle))
    grads = {n: g1[n] + g2[n] for n in p.params}
    grads |= {n: np.concatenate([g1[n], g2[n]]) for n in p.inputs}
    both = named(p.key, np.concatenate([y1, y2]), last, np.concatenate([dx1, dx2]), dstate0, grads)
    same(both, whole, tolerance(p))


def tamed(p):
    """The problem with weights as small as its layer is wide, or rounding errors would grow."""
    gain = np.sqrt(min(1.0, H / p.state0[0].shape[1]))
    return p._replace(params={n: gain * v for n, v in p.params.items()})


def takes_any_size(p):
    for sizes in SIZES:
        try:
            as_readable(as_type(tamed(make(p.key, **sizes)), p.x.dtype))
        except AssertionError as error:
            raise AssertionError(f"{sizes}: {error}") from None


def shows_what_is_not_finite(p):
    """In its own row, from its step on, forwards; in every weight that met it, backwards."""
    for bad in (np.nan, np.inf):
        try:
            _shows(p, bad)
        except AssertionError as error:
            raise AssertionError(f"{bad}: {error}") from None


def _shows(p, bad):
    spec = SPECS[p.key]
    state0 = tuple(s.copy() for s in p.state0)
    read = {source for source, _ in spec.edges()}  # the output of some cells is carried unread
    moving = next(
        k for k, (name, s) in enumerate(zip(spec.states, state0, strict=True))
        if s.dtype.kind == "f" and f"{name}_prev" in read
    )  # fmt: skip
    state0[moving][1] = bad
    y, last, tape = fast.unroll(p.key, p.params, p.x, state0, **p.inputs)
    _, _, grads = fast.unroll_backward(tape, p.dy, p.dlast)
    assert np.isfinite(y[:, [0, 2]]).all(), "another row is not finite"
    if np.isnan(bad):
        assert np.isnan(y[0, 1]).any(), f"{spec.states[moving]} = NaN is lost"
        assert any(np.isnan(g).any() for g in grads.values()), "no gradient is NaN"
    x = p.x.copy()
    x[2, 1] = np.nan
    y, last, _ = fast.unroll(p.key, p.params, x, p.state0, **p.inputs)
    assert np.isfinite(y[:2]).all(), "an earlier step is not finite"
    assert np.isfinite(y[:, [0, 2]]).all(), "another row is not finite"
    assert np.isnan(y[2, 1]).any(), "x = NaN is lost"
    assert any(np.isnan(s[1]).any() for s in last if s.dtype.kind == "f"), "no last state is NaN"


def runs_nets_side_by_side(p):
    """Each net has the numbers of its own run, whether all read one x or each its own."""
    nets = [as_type(make(p.key, seed=k), p.x.dtype) for k in range(NETS)]
    params = many.stack([q.params for q in nets])
    inputs = {n: np.stack([q.inputs[n] for q in nets]) for n in p.inputs}
    state0, dlast = (
        tuple(map(np.stack, zip(*(getattr(q, name) for q in nets), strict=True)))
        for name in ("state0", "dlast")
    )
    for shared in (False, True):
        x = nets[0].x if shared else np.stack([q.x for q in nets])
        y, last, tape = many.unroll(p.key, params, x, state0, **inputs)
        back = many.unroll_backward(tape, np.stack([q.dy for q in nets]), dlast)
        for k, q in enumerate(nets):
            expected = readable(q._replace(x=nets[0].x if shared else q.x))
            dx, dstate0, grads = back
            found = named(
                p.key, y[k], [s[k] for s in last], dx[k], [d[k] for d in dstate0],
                many.pick(grads, k),
            )  # fmt: skip
            try:
                same(found, expected, tolerance(p))
            except AssertionError as error:
                where = "x of all" if shared else "x of its own"
                raise AssertionError(f"net {k}, {where}: {error}") from None


LAWS = (
    equals_the_readable_cell,
    equals_it_with_ends_and_new_beginnings,
    may_be_split,
    takes_any_size,
    shows_what_is_not_finite,
    runs_nets_side_by_side,
)
