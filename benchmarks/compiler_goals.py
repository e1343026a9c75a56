"""The compiler's goals beside what this machine reaches and what bounds it: `make bench-goals`.

The bound of a goal is what the machine would reach if a layer spent its time on nothing but what it
cannot leave out.  For a ratio to another program that is the bare matrix products, as fast as the
BLAS of NumPy does them here, and the functions of the cell, as fast as compiled code evaluates them
one after the other; each is measured (``compiler_bounds``).  Where our products in registers beat
BLAS, a layer may pass it.  The slowest cell has what memory takes and turning rows to columns
besides.  What is paid once a call counts too: the calls from Python at one sequence and for many
nets, autograd's besides for a layer of PyTorch, each measured among the other candidates, which
leave the caches full of their own; the bound of many nets has its products in registers, one after
the other and from the nearest cache, and the bound of compiling LLVM alone.
"""

import os
import statistics
import subprocess
import sys
import tempfile

import compiler_bounds as limits
import compiler_parts as parts
import numpy as np

from course_utils import timing
from course_utils.compiled.code import code
from course_utils.compiled.columns import aligned
from course_utils.experiments.practice.speed import speed_cells
from course_utils.lab.timed_cases import Case
from course_utils.specs import SPECS

BEFORE = {
    "Haswell": {"lstm": 12.9, "rnn": 15.2, "gru": 17.7},
    "SkylakeX": {"lstm": 15.3, "rnn": 17.8, "gru": 15.4},
}
"""What ``side_by_side`` was for the layers written by hand, in a checkout of commit 73552a7.

On the second processor a script timed its loop and its ``many`` the same way: medians of three.

By the routines of OpenBLAS, on AMD EPYC processors without AVX-512 and with it, where tanh in NumPy
costs a seventh and the readable cells stand nearer.
"""
AS_MANY_PRODUCTS = {"lstm_peephole": "lstm", "lstm_cifg": "gru", "gru_2014": "gru"}
AT_MOST = 1.25
"""Of the LSTM's time per product."""
NETS, SMALL = 32, (22, 16, 8, 8)
WIDE = (50, 32, 128, 128)
ONE, TINY = (25, 1, 64, 100), (1, 1, 1, 1)


def all_of(quick=False):
    """What ``goals`` reads, and no more."""
    seconds, keys = (0.05, ("gru",)) if quick else (1.0, tuple(SPECS))
    config = speed_cells.Config(variants=("lstm_peephole",), seconds=seconds, least=3)
    cells = speed_cells.run(speed_cells.QUICK if quick else config)
    return {"speed_cells": cells} | rest(seconds, keys)


def rest(seconds, keys):
    """All cells by their products, many nets, functions, calls from Python, and first calls."""
    with timing.one_thread():
        over = over_lstm(keys, seconds)
        slow = [key for key, found in over.items() if found > AT_MOST]
        wide = {key: of_one(key, seconds) for key in dict.fromkeys(["lstm", *slow])}
        nets = {key: side_by_side(key, seconds) for key in BEFORE["Haswell"]}
        alone = {key: one_sequence(key, seconds) for key in BEFORE["Haswell"]}
        calls = {key: found["tiny"] for key, found in alone.items()}
        calls["layer"] = layer_call(seconds)
        known = bounds(seconds / 4)
    return {
        "over_lstm": over, "wide": wide, "many": nets, "one": alone, "calls": calls, **known,
        "first_calls": first_calls(),
    }  # fmt: skip


def bounds(seconds):
    """What ``compiler_bounds`` reads: the functions of all cells, products, and memory."""
    T, B, _, H = WIDE
    names = {name for key in SPECS for name in limits.functions(key)}
    return {
        "functions": limits.function_seconds(seconds, names),
        "rate": limits.product_rate(seconds),
        "moving": limits.moving_seconds(seconds, T * B * H * limits.moved("lstm")),
        "passing": limits.passing_seconds(seconds, B * H * limits.passed("lstm") / 2),
        "turning": limits.turning_seconds(seconds, WIDE),
    }


# -- measurements ----------------------------------------------------------------------------------


def over_lstm(keys, seconds, size=WIDE):
    """{cell: its training step over the LSTM's, both for each number multiplied}, side by side."""
    lstm, found = Case("lstm", size), {}
    for key in keys:
        work = {"lstm": lstm.fast(), "cell": Case(key, size).fast()}
        times = timing.interleave(work, seconds=seconds / 2, least=5)
        found[key] = round(timing.ratio(times, "cell", "lstm") * products_of_lstm(key), 3)
        print(f"{key:14} {found[key]:.2f} of the LSTM's time per product", flush=True)
    return found


def products_of_lstm(key, size=WIDE):
    """How many times as many numbers as a cell the LSTM multiplies with."""
    return limits.weights("lstm", size) / limits.weights(key, size)


def of_one(key, seconds, size=WIDE):
    """Parts of a cell's training step, and its seconds: again and again, and after other work."""
    warm, cold = limits.warm_and_cold(Case(key, size).fast(), seconds)
    return {"parts": parts.seconds_of(key, size, None, 4 * seconds), "warm": warm, "cold": cold}


def side_by_side(key, seconds, size=SMALL):
    """How many times longer 32 nets take one by one, readable, than with ``many``; and seconds.

    five: calls of ``many``, of which all but the first find the caches warm; products: of the same
    nets and nothing else, in registers.
    """
    nets = parts.Nets(key, size, NETS)
    at_once = nets.at_once()
    work = {
        "loop": nets.one_by_one(), "many": at_once, "five": lambda: [at_once() for _ in range(5)],
        "products": bare_products(key, size),
    }  # fmt: skip
    times = timing.interleave(work, seconds=seconds, least=5)
    found = {"ratio": timing.ratio(times, "loop", "many"), **timing.medians(times)}
    return found | {"parts": parts.seconds_of(key, size, NETS, 2 * seconds)}


def one_sequence(key, seconds, size=ONE):
    """Seconds at one sequence, each among the others.

    fast; tiny: of one number and one step, the calls from Python; readable and torch, which come
    between.  warm and cold: of fast, as ``limits.warm_and_cold`` tells them apart.
    """
    case = Case(key, size)
    work = {
        "readable": case.readable(), "fast": case.fast(), "torch": case.torch(),
        "tiny": Case(key, TINY).fast(),
    }  # fmt: skip
    found = timing.medians(timing.interleave(work, seconds=seconds, least=20))
    warm, cold = limits.warm_and_cold(work["fast"], seconds)
    return {**found, "warm": warm, "cold": cold}


def layer_call(seconds, size=ONE):
    """Seconds of a compiled layer of PyTorch for one number and one step, the loop in between."""
    variant = Case("lstm_peephole", size)
    work = {
        "eager": variant.torch("eager"), "layer": Case("lstm_peephole", TINY).torch("compiled"),
        "nn.LSTM": Case("lstm", size).torch(),
    }  # fmt: skip
    return timing.medians(timing.interleave(work, seconds=seconds, least=20))["layer"]


def bare_products(key, size=SMALL):
    """The products of a training step of all nets: forward, and for the gradients of both factors.

    They are those of the compiled layers, one after the other, with operands in the nearest cache.
    """
    from numba import njit

    (T, B, D, H), shared = size, code(key, np.float32).shared
    at, tiles = shared.at, shared.tiles
    shapes = []
    for n, k in (s for s in SPECS[key].shapes(D, H).values() if len(s) == 2):
        shapes += [(n, k, B), (k, n, B), (n, B, k)]
    numbers = aligned((max(max(n * k, k * m, n * m) for n, k, m in shapes),), np.float32)

    @njit(**shared.OPTIONS)
    def multiply(times, n, k, m, weights, operand, out):
        for _ in range(times):
            tiles(at(weights), at(operand), at(out), n, k, m, 0)

    def run():
        for n, k, m in shapes:
            multiply(NETS * T, n, k, m, numbers, numbers.copy(), numbers.copy())

    return run


def first_calls():
    """Processor seconds of a cell's first training step: compiled, and found on the disk.

    Another cell of the same dtype came before, in the same process, so that what all cells stand on
    is there; first: what that one took.  llvm: what LLVM alone took of ``compiled``.
    """
    program = (
        "import time\n"
        "from course_utils.lab.timed_cases import Case\n"
        "import numba\n"
        "step, start = Case('rnn', (3, 2, 4, 5)).fast(), time.process_time()\n"
        "step(); first = time.process_time() - start\n"
        "from numba.core.codegen import CPUCodeLibrary as library\n"
        "spent = []\n"
        "def timed(of):\n"
        "    def call(*given):\n"
        "        start = time.process_time()\n"
        "        of(*given)\n"
        "        spent.append(time.process_time() - start)\n"
        "    return call\n"
        "library.finalize = timed(library.finalize)\n"
        "library.add_llvm_module = timed(library.add_llvm_module)\n"
        "step, start = Case('lstm', (3, 2, 4, 5)).fast(), time.process_time()\n"
        "step(); print(time.process_time() - start, sum(spent), first)"
    )
    with tempfile.TemporaryDirectory() as folder:
        given = {**os.environ, "COURSE_CACHE": folder}
        asked = {"capture_output": True, "text": True, "check": True, "env": given}
        lines = [subprocess.run([sys.executable, "-c", program], **asked).stdout for _ in range(2)]
    (compiled, llvm, first), (cached, *_) = (map(float, line.split()) for line in lines)
    return {"compiled": compiled, "llvm": llvm, "cached": cached, "first": first}


# -- beside what bounds it -------------------------------------------------------------------------


def goals(measured):
    """What the compiled layers should reach, reach here, and would reach at most: plain values."""
    cells, calls = measured["speed_cells"], measured["first_calls"]
    calls_of = measured["calls"]
    rows = []

    def row(goal, here, at_least, at_most):
        rows.append(
            {"goal": goal, "here": round(here, 3), "at_least": at_least,
             "at_most": at_most and round(at_most, 3), "met": bool(here >= at_least)}
        )  # fmt: skip

    floors = {(key, *r["size"]): r["floor"] for key, rs in cells["cells"].items() for r in rs}
    for key, bound in (("lstm", 1.2), ("gru", 2), ("rnn", 2)):
        if key in cells["cells"]:
            most = [
                r["seconds"]["torch"] / limits.arithmetic(key, r["size"], measured, r["floor"])
                for r in cells["cells"][key]
            ]
            here = cells["summary"][key]["torch_over_fast"]
            row(f"nn.{key.upper()} / fast, geometric mean", here, bound, _mean(most))
    for key, by_size in cells["cells"].items():
        for r in by_size:
            if r["size"][1] == 1:
                share = r["floor"] / (r["floor"] + measured["calls"][key])
                row(f"{key} at B = 1, share of floor", r["share_of_floor"], 0.5, share)
    over = measured["over_lstm"]
    slow, size = max(over, key=over.get), WIDE
    each = [limits.least(k, size, measured) / limits.weights(k, size) for k in ("lstm", slow)]
    name = f"LSTM / the slowest cell ({slow}), time per product"
    row(name, 1 / over[slow], 1 / AT_MOST, each[0] / each[1])
    before = BEFORE.get(cells["blas"]["architecture"], BEFORE["Haswell"])
    for key, nets in measured["many"].items():
        bare = NETS * limits.arithmetic(key, SMALL, measured, nets["products"] / NETS)
        most = nets["loop"] / (bare + measured["calls"][key]) / before[key]
        row(f"{key}, many / many before, 32 nets of 8", nets["ratio"] / before[key], 3, most)
    means = [spread["mean"] for spread in cells["layers_summary"].values()]
    worst = min(spread["least"] for spread in cells["layers_summary"].values())
    most = [
        r["seconds"]["eager"]
        / (limits.arithmetic(key, r["size"], measured, floors[kin, *r["size"]]) + calls_of["layer"])
        for key, rs in cells["layers"].items() for r in rs
        if (kin := AS_MANY_PRODUCTS.get(key), *r["size"]) in floors
    ]  # fmt: skip
    mean = _mean(most) if most else None
    row("Recurrent, loop / compiled, geometric mean", _mean(means), 3, mean)
    row("Recurrent, loop / compiled, least", worst, 1, min(most, default=None))
    row("3 s / compiling one more cell", 3 / calls["compiled"], 1, 3 / calls["llvm"])
    row("3 s / compiling the first cell", 3 / calls["first"], 1, None)
    row("0.3 s / its first call from the cache", 0.3 / calls["cached"], 1, None)
    return rows


def _mean(ratios):
    return statistics.geometric_mean(ratios)


def apart(measured):
    """Where training steps of slow cells, and of many nets, spend their time, as lines of text."""
    yield f"Parts of a training step of {WIDE}, then of {NETS} nets of {SMALL}"
    lstm = measured["wide"]["lstm"]
    for key, found in measured["wide"].items():
        yield parts.text(key, found["parts"])
        again, first = (
            found[when] / lstm[when] * products_of_lstm(key) for when in ("warm", "cold")
        )
        beside = measured["over_lstm"].get(key, 1.0)  # a quick look has not every cell
        yield (
            f"    per product {beside:.2f} of the LSTM's time beside it, "
            f"{again:.2f} again and again, {first:.2f} after other work"
        )
    for key, nets in measured["many"].items():
        yield parts.text(f"{NETS} nets, {key}", nets["parts"])
        warm = (nets["five"] - nets["many"]) / 4
        yield f"    {1e3 * nets['many']:.2f} ms among the others, {1e3 * warm:.2f} again and again"


def alone(measured):
    """What a training step of one sequence takes of which caches, as lines of text."""
    cells = measured["speed_cells"]["cells"]
    for key, found in measured["one"].items():
        floor = next((r["floor"] for r in cells.get(key, ()) if tuple(r["size"]) == ONE), None)
        if floor:
            when = {"among the others": "fast", "again and again": "warm",
                    "the first after other work": "cold"}  # fmt: skip
            shares = (
                f"{what} {1e6 * found[of]:.0f} µs, of which the floor {floor / found[of]:.0%}"
                for what, of in when.items()
            )
            yield f"  {key} at one sequence: {'; '.join(shares)}"


def text(measured):
    """The goals, and where one sequence and many nets spend their time, as lines of text."""
    yield from table(measured["goals"])
    yield from alone(measured)
    yield from apart(measured)


def table(rows):
    """The goals as lines of text."""
    yield "\nGoals; at most: with nothing but the arithmetic (compiling: but LLVM)"
    for row in rows:
        most = f"{row['at_most']:7.2f}" if row["at_most"] else "      -"
        verdict = "met" if row["met"] else "missed"
        yield (
            f"  {row['goal']:60}{row['here']:7.2f}   at least {row['at_least']:.2f}"
            f"   at most {most}   {verdict}"
        )
