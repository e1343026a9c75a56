"""What a compiled training step cannot leave out, and how long that takes here: for the bounds.

That is the products of matrices; the functions of the cell, each as compiled code evaluates it for
one number after the other, on the way there and where the way back evaluates one again; and, where
one of the two takes longer than they do, to move what is kept for the way back to memory and from
it, or to pass what the loops over the units read and write through the caches; and to turn rows,
which the caller has, to columns and back.
"""

import time
from collections import Counter

import numpy as np

from course_utils import timing
from course_utils.compiled.code import code
from course_utils.compiled.functions import SLOPES
from course_utils.compiled.plan import plan
from course_utils.specs import SPECS

COUNTED = {*SLOPES, "/"}
KEPT = {"states", "kept", "operand", "products"}
"""Arrays of all steps, from the way there to the way back."""


def bodies(key):
    """The loops over units of every step: those of the way there, and those of the way back."""
    made = plan(key)
    return tuple([b for b in of if b.stage != "prelude"] for of in (made.forward, made.backward))


def functions(key):
    """{function or division: how often a training step evaluates it for each unit}."""
    there, back = bodies(key)
    return Counter(v.op for body in there + back for v in body.lines if v.op in COUNTED)


def moved(key):
    """Numbers that go to memory or come from it, for each unit and sequence at a step."""
    there, back = bodies(key)
    written = {place.array for body in there for place, *_ in body.stores if place.kind in KEPT}
    read = {place.array for body in back for _, place in body.loads if place.kind in KEPT}
    return len(written) + len(read)


def passed(key):
    """Numbers that the loops read and write, for each unit and sequence at a step."""
    there, back = bodies(key)
    stored = ({id(value) for _, value, *_ in body.stores} for body in there + back)  # y is a state
    return sum(len(b.loads) + len(s) for b, s in zip(there + back, stored, strict=True))


def weights(key, size):
    """Numbers that a cell multiplies with."""
    _, _, D, H = size
    shapes = SPECS[key].shapes(D, H).values()
    return max(1, sum(int(np.prod(shape)) for shape in shapes if len(shape) > 1))


# -- measured --------------------------------------------------------------------------------------


def loop(name):
    """A compiled loop over a function of one number: times, numbers, results; "copy" has none."""
    from numba import njit  # here, since whoever only counts needs none

    shared = code("lstm", np.float32).shared
    one = shared.ONE
    if name == "copy":
        function = shared.jit(lambda a: a)
    elif name == "/":
        function = shared.jit(lambda a: one / a)
    else:
        function = getattr(shared, name)

    @njit(**shared.OPTIONS)
    def apply(times, numbers, out):
        for _ in range(times):
            for place in range(len(numbers)):
                out[place] = function(numbers[place])

    return apply


def function_seconds(seconds, names, n=2048, times=20):
    """{function: seconds of one among many in compiled code}, all from the nearest cache.

    seconds: for all together.  What it takes to read and write the numbers does not count.
    """
    numbers, out = np.linspace(0.1, 3, n, dtype=np.float32), np.empty(n, np.float32)
    loops = {name: loop(name) for name in ("copy", *sorted(names))}
    work = {name: lambda run=run: run(times, numbers, out) for name, run in loops.items()}
    spent = timing.medians(timing.interleave(work, seconds=seconds))
    copy = spent.pop("copy")
    return {name: max(0.0, of - copy) / (n * times) for name, of in spent.items()}


def moving_seconds(seconds, numbers):
    """Seconds for each of so many float32 numbers, half of them read and half written."""
    given, out = np.ones((2, max(1, int(numbers) // 2)), np.float32)
    copy = loop("copy")
    times = timing.interleave({"copy": lambda: copy(1, given, out)}, seconds=seconds, least=5)
    return timing.medians(times)["copy"] / (2 * len(out))


def passing_seconds(seconds, numbers, times=20):
    """The same of numbers that stay in the caches, between one reading and the next."""
    given, out = np.ones((2, max(1, int(numbers) // 2)), np.float32)
    copy = loop("copy")
    found = timing.interleave({"copy": lambda: copy(times, given, out)}, seconds=seconds, least=5)
    return timing.medians(found)["copy"] / (2 * len(out) * times)


def turning_seconds(seconds, size):
    """Seconds of turning inputs, outputs and the gradients of both, for all steps."""
    (T, B, D, H), shared = size, code("lstm", np.float32).shared
    work = {}
    for name, units in (("inputs", D), ("outputs", H)):
        given, out = np.ones((T, units, B), np.float32), np.empty((T, B, units), np.float32)
        work[name] = lambda given=given, out=out: shared.turn_all(given, out)
    return 2 * sum(timing.medians(timing.interleave(work, seconds=seconds)).values())


def warm_and_cold(call, seconds, megabytes=64):
    """Median seconds of a call right after another, and of the first after a walk through memory.

    The walk, through more megabytes than the caches hold, drives out what a call has left there.
    """
    far, spent = np.ones(megabytes << 17), {"cold": [], "warm": []}
    call()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(spent["warm"]) < 20:
        far.sum()
        for samples in spent.values():
            start = time.perf_counter()
            call()
            samples.append(time.perf_counter() - start)
    return float(np.median(spent["warm"])), float(np.median(spent["cold"]))


def product_rate(seconds, n=512):
    """Operations a second of a large square product in NumPy."""
    a, b = np.random.default_rng(0).standard_normal((2, n, n), np.float32)
    times = timing.interleave({"product": lambda: np.dot(a, b)}, seconds=seconds)
    return 2 * n**3 / timing.medians(times)["product"]


# -- as seconds of a training step -----------------------------------------------------------------


def evaluating(key, size, measured):
    """Seconds of a training step's functions."""
    T, B, _, H = size
    each = measured["functions"]
    return T * B * H * sum(n * each[name] for name, n in functions(key).items())


def moving(key, size, measured):
    """Seconds of moving what a training step keeps, at the rate of ``measured``."""
    T, B, _, H = size
    return T * B * H * moved(key) * measured["moving"]


def passing(key, size, measured):
    """Seconds of reading and writing the numbers of the loops, from near caches."""
    T, B, _, H = size
    return T * B * H * passed(key) * measured["passing"]


def arithmetic(key, size, measured, products=None):
    """Seconds of a training step's products, at the rate of a large one if not given, and of its
    functions."""
    T, B, _, _ = size
    if products is None:
        products = 6 * T * B * weights(key, size) / measured["rate"]
    return products + evaluating(key, size, measured)


def least(key, size, measured):
    """``arithmetic`` where caches are small: memory is read while functions are evaluated.

    size: the one that ``moving``, ``passing`` and ``turning`` were measured for.
    """
    evaluated = evaluating(key, size, measured)
    loops = max(evaluated, moving(key, size, measured), passing(key, size, measured))
    return arithmetic(key, size, measured) - evaluated + loops + measured["turning"]
