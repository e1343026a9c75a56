"""Calls of what has a memory, ponders or runs a program."""

import numpy as np

from course_utils import numpy_nn
from course_utils.numpy_nn import memory, ops, ponder, programmer
from numpy_calls.given import D, H


def cotangent(g, value):
    """Random gradients of a function's result, in its own structure."""
    if isinstance(value, tuple):
        parts = [cotangent(g, v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return g.normal(*value.shape)


NET, SLOTS, WIDTH = 2, 5, 3  # heads, slots and their width


def softly(g, *shape):
    return ops.softmax(g.normal(*shape))


MACHINE = {  # function of numpy_nn.memory -> its arguments
    "head": lambda g: (g.normal(g.B, NET, WIDTH + 6), WIDTH),
    "cosine": lambda g: (g.normal(g.B, SLOTS, WIDTH), g.normal(g.B, NET, WIDTH)),
    "content": lambda g: (g.normal(g.B, NET, SLOTS), g.normal(g.B, NET)),
    "interpolate": lambda g: (
        softly(g, g.B, NET, SLOTS), softly(g, g.B, NET, SLOTS), g.normal(g.B, NET),
    ),
    "shift": lambda g: (softly(g, g.B, NET, SLOTS), softly(g, g.B, NET, 3)),
    "sharpen": lambda g: (softly(g, g.B, NET, SLOTS), 1 + abs(g.normal(g.B, NET))),
    "address": lambda g: (
        g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS),
        memory.head(g.normal(g.B, NET, WIDTH + 6), WIDTH)[0],
    ),
    "read": lambda g: (g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS)),
    "write": lambda g: (
        g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS),
        ops.sigmoid(g.normal(g.B, NET, WIDTH)), g.normal(g.B, NET, WIDTH),
    ),
    "blend": lambda g: (
        g.normal(g.B, SLOTS, WIDTH), softly(g, g.B, NET, SLOTS), g.normal(g.B, NET, WIDTH),
    ),
}  # fmt: skip


def remembered(name, backward=False):
    """A call of a function of numpy_nn.memory, or of its backward pass."""

    def call(g):
        value, cache = getattr(memory, name)(*MACHINE[name](g))
        if not backward:
            return value
        return getattr(memory, f"{name}_backward")(cache, cotangent(g, value))

    return call


def where(name):
    return "access" if name in ("read", "write", "blend") else "addressing"


def halted(g, backward=False):
    h = ops.sigmoid(g.normal(4, g.B))
    p, R, _, cache = ponder.halting(h)
    return ponder.halting_backward(cache, cotangent(g, p), cotangent(g, R)) if backward else (p, R)


def pondered(g, backward=False):
    params = numpy_nn.init_params("lstm", D + 1, H, g.rng, g.dtype)
    halt = {"weight": g.normal(H), "bias": g.normal()}
    x, prev = g.normal(g.B, D), g.state("lstm")
    y, state, R, _, cache = ponder.step("lstm", params, halt, x, prev, max_steps=4)
    if not backward:
        return y, state, R
    dy, dstate, dR = cotangent(g, (y, state, R))
    return ponder.step_backward(params, halt, cache, dy, dstate, dR)


def ran(g, backward=False):
    """A program of three steps on tables of four rows and two columns."""
    B = g.B
    answer, caches = programmer.execute(
        g.normal(B, 4, 2), g.normal(B, 2), softly(g, 3, B, len(programmer.OPERATIONS)),
        softly(g, 3, B, 2), softly(g, B, 2, 2),
    )  # fmt: skip
    if not backward:
        return answer
    return programmer.execute_backward(
        caches, cotangent(g, answer.scalar), cotangent(g, answer.lookup)
    )


MEMORY_CALLS = {
    **{f"memory.{where(name)}.{name}": remembered(name) for name in MACHINE},
    **{f"memory.{where(name)}.{name}_backward": remembered(name, True) for name in MACHINE},
    "memory.addressing.softplus": lambda g: memory.addressing.softplus(g.y),
    "ponder.halting": halted,
    "ponder.halting_backward": lambda g: halted(g, backward=True),
    "ponder.mean_field": lambda g: ponder.mean_field(g.normal(g.T, g.B), g.y)[0],
    "ponder.mean_field_backward": lambda g: ponder.mean_field_backward(
        (g.normal(g.T, g.B), g.y), g.normal(g.B, H)
    ),
    "ponder.ponder_cost": lambda g: ponder.ponder_cost(g.ids(g.T, g.B), g.normal(g.T, g.B))[0],
    "ponder.ponder_cost_backward": lambda g: ponder.ponder_cost_backward(
        np.ones((g.T, g.B), bool), g.normal(g.B)
    ),
    "ponder.step": pondered,
    "ponder.step_backward": lambda g: pondered(g, backward=True),
    "programmer.execute": ran,
    "programmer.execute_backward": lambda g: ran(g, backward=True),
    "programmer.harden": lambda g: programmer.harden(g.y),
}
