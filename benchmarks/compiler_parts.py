"""What each part of a compiled training step takes: how much sooner it ends where that is left out.

    python benchmarks/compiler_parts.py indrnn
    python benchmarks/compiler_parts.py lstm --size 22 16 8 8 --nets 32

A profiler sees one function of machine code.  Here the calls of one kind at a time, such as the
loops over the units or what turns rows to columns, are taken out of the generated text, and the
rest is timed beside the whole.  What it computes is wrong then, and takes as long: no instruction
of it depends on a number.  Parts that leave numbers in a cache for the next one save more or less
together than one by one; ``the rest`` tells by how much.
"""

import argparse
import ast
from types import SimpleNamespace

import numpy as np

from course_utils import numpy_nn, timing
from course_utils.compiled import cache, layer
from course_utils.compiled.code import Code, code
from course_utils.compiled.print_numba import functions
from course_utils.lab.timed_cases import Case
from course_utils.numpy_nn import many
from course_utils.specs import get_spec

PARTS = {
    "products": ("multiply", "multiply_all", "multiply_back", "multiply_all_back"),
    "gradients of weights": ("add_weights",),
    "gradients of inputs": ("send_back",),
    "gradients of biases": ("add_biases",),
    "loops forward": ("forward_",),
    "loops backward": ("backward_",),
    "rows and columns": ("turn", "turn_steps"),
}
"""part -> the functions that are its; one that ends with _ stands for all that begin so."""


class Without(ast.NodeTransformer):
    """Takes calls of some functions out of a module, wherever they stand as statements."""

    def __init__(self, names):
        self.whole = {name for name in names if not name.endswith("_")}
        self.beginnings = tuple(name for name in names if name.endswith("_"))

    def visit_Expr(self, node):
        name = getattr(getattr(node.value, "func", None), "id", "")
        begins = name.startswith(self.beginnings) if self.beginnings else False
        return ast.Pass() if name in self.whole or begins else node


def without(key, names, dtype="float32"):
    """The code of a cell without the calls of ``names``; a ``compiled.code.Code``."""
    spec = get_spec(key)
    made = Code(spec, dtype, plain=False)
    text = ast.unparse(Without(names).visit(ast.parse(functions(spec))))
    module = cache.module(lambda kept: text, f"{spec.key}_parts", made.shared)
    made.call = {name: getattr(module, name) for name in made.call}
    return made


def with_code(step, made):
    """A training step that runs the given code in place of the cell's."""

    def run():
        given, layer.code = layer.code, lambda spec, dtype: made
        try:
            return step()
        finally:
            layer.code = given

    return run


class Nets:
    """Many nets of one cell with the same input, size (T, B, D, H), and training steps of them."""

    def __init__(self, key, size, count):
        T, B, D, H = size
        rng = np.random.default_rng(0)
        seeds = map(np.random.default_rng, range(count))
        self.key = key
        self.nets = [numpy_nn.init_params(key, D, H, seed, np.float32) for seed in seeds]
        self.x = rng.standard_normal((T, B, D), np.float32)
        self.dy = rng.standard_normal((count, T, B, H), np.float32)

    def one_by_one(self):
        """The cells that the course reads, one net after the other."""

        def step():
            for net, dy in zip(self.nets, self.dy, strict=True):
                numpy_nn.unroll_backward(numpy_nn.unroll(self.key, net, self.x)[2], dy)

        return step

    def at_once(self):
        """All nets by ``numpy_nn.many``, its arrays kept from call to call."""
        params, workspace = many.stack(self.nets), many.Workspace()

        def step():
            _, _, tape = many.unroll(self.key, params, self.x, workspace=workspace)
            return many.unroll_backward(tape, self.dy)

        return step


def seconds_of(key, size, nets=None, seconds=4.0):
    """What a training step takes and what it saves to leave a part out: seconds by name.

    size (T, B, D, H); nets, of how many at once, or None for one as ``numpy_nn.fast`` runs it.
    whole: all of it, among the others; calls: nothing but the calls from Python.
    """
    names = PARTS | {"calls": tuple(name for of in PARTS.values() for name in of)}
    made = {"whole": code(key, np.float32)}
    text = functions(get_spec(key))
    for part, of in names.items():
        if any(f" {name}" in text for name in of):
            made[part] = without(key, of)
    work = {}
    for part, of in made.items():
        step = Nets(key, size, nets).at_once() if nets else Case(key, size).fast()
        work[part] = with_code(step, of)
    found = timing.medians(timing.interleave(work, seconds=seconds, least=10))
    whole, calls = found.pop("whole"), found.pop("calls")
    saved = {part: max(0.0, whole - left) for part, left in found.items()}
    rest = whole - calls - sum(saved.values())
    return {"whole": whole, **saved, "calls from Python": calls, "the rest": rest}


def text(key, found):
    """What ``seconds_of`` found, as one line."""
    whole = found["whole"]
    shares = (f"{part} {of / whole:.0%}" for part, of in found.items() if part != "whole")
    return f"  {key}: {1e3 * whole:.2f} ms: {', '.join(shares)}"


def main(arguments=None):
    """Measure one cell at one size and print its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("key", help="a cell, as `course list` names it")
    parser.add_argument("--size", type=int, nargs=4, default=(50, 32, 128, 128),
                        metavar=("T", "B", "D", "H"))  # fmt: skip
    parser.add_argument("--nets", type=int, help="of so many nets at once, as numpy_nn.many")
    parser.add_argument("--seconds", type=float, default=4.0)
    given = SimpleNamespace(**vars(parser.parse_args(arguments)))
    with timing.one_thread():
        print(f"BLAS: {timing.blas()}")
        print(text(given.key, seconds_of(given.key, given.size, given.nets, given.seconds)))


if __name__ == "__main__":
    main()
