"""One clear error for each mistake: it names the argument, the axis and what to do."""

import numpy as np
import pytest
from problems import B, D, H, T, make

from course_utils import numpy_nn
from course_utils.shapes import ShapeError

P = make("lstm")
Z = np.zeros


def run(x=P.x, params=P.params, state0=None, key="lstm", **others):
    return numpy_nn.unroll(key, params, x, state0, **others)


def back(dy, dlast=None):
    return numpy_nn.unroll_backward(run()[2], dy, dlast)


def without(name):
    return {n: p for n, p in P.params.items() if n != name}


MISTAKES = {
    "rank of x": (lambda: run(Z((T, D))), ShapeError, r"x: expected 3 axes \(T, B, D\)"),
    "width of x": (lambda: run(Z((T, B, D + 1))), ShapeError, "x: axis D should be 2"),
    "a list": (lambda: run(P.x.tolist()), ShapeError, "x: expected an array, got list"),
    "integers": (lambda: run(Z((T, B, D), int)), TypeError, "x: expected floating numbers"),
    "a weight missing": (lambda: run(params=without("bias_hh")), KeyError, "missing bias_hh"),
    "a weight too many": (lambda: run(params=P.params | {"w": Z(1)}), KeyError, "unknown w"),
    "a weight of the wrong size": (
        lambda: run(params=P.params | {"bias_ih": Z(3)}),
        ShapeError,
        "bias_ih: axis 4H should be 16",
    ),
    "one state of two": (lambda: run(state0=Z((B, H))), ShapeError, "carries 2 states"),
    "size of a state": (
        lambda: run(state0=(Z((B, H)), Z((B, H + 1)))),
        ShapeError,
        r"state0.c: expected shape \(3, 4\)",
    ),
    "key": (lambda: run(key="ltsm"), KeyError, "no cell 'ltsm'; choose from"),
    "float lengths": (lambda: run(lengths=Z(B)), ShapeError, "lengths: expected 3 integers"),
    "length of another batch": (lambda: run(lengths=Z(2, int)), ShapeError, r"shape \(3,\)"),
    "too long": (lambda: run(lengths=np.array([1, 2, 9])), ValueError, "expected 0 to T=5"),
    "config": (lambda: run(config={"alpha": 1}), KeyError, "lstm has no alpha; it knows: none"),
    "an input that is not read": (lambda: run(below=P.x), TypeError, "lstm reads no below"),
    "dy": (lambda: back(Z((T, B, H))[1:]), ShapeError, "axis T should be"),
    "dlast": (lambda: back(P.dy, (Z((B, 1)), None)), ShapeError, "dlast.h: expected shape"),
    "no dy": (lambda: back(None), ShapeError, "dy: expected an array, got NoneType"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call()
