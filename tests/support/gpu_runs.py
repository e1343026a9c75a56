"""A layer on the GPU beside the same layer in float64 on the CPU, by the loop.

UNROLLED_REHEARSAL=1 puts the CPU and Triton's interpreter in the GPU's place: what a test asks for
can be tried without one.  Tests of streams, captures and memory are left out then.
"""

import contextlib
import copy
import os
import warnings
from typing import NamedTuple

import torch

from course_utils import torch_nn

REHEARSAL = os.environ.get("UNROLLED_REHEARSAL") == "1"
DEVICE = "cpu" if REHEARSAL else "cuda"
ROUNDS = 1 if REHEARSAL else 3
"""The first call of a shape launches, the second captures, the third replays alone."""
FAR = {torch.float64: 1e-9, torch.float32: 2e-5, torch.float16: 2e-2, torch.bfloat16: 1e-1}
"""‖ours - reference‖ / ‖reference‖ at most: some steps' worth of the format's own rounding."""
SMALLEST = 1e-4  # float16 has fewer digits below


class Result(NamedTuple):
    """What a call gives, on the CPU in float64: outputs, and the gradients of a random sum."""

    outputs: dict
    gradients: dict


class Problem(NamedTuple):
    """x (T, B, D), hx (tuple or None) and a cotangent for y and for each last state."""

    x: torch.Tensor
    hx: tuple | None
    dy: torch.Tensor
    dlast: tuple


def pair(key, D, H, dtype=torch.float32, backend="graph", **options):
    """(layer on the GPU, layer of the same, rounded weights in float64 on the CPU)."""
    layer = torch_nn.Recurrent(key, D, H, device=DEVICE, backend=backend, **options).to(dtype)
    with torch.no_grad():
        for p in layer.parameters():
            p += 0.1 * torch.randn_like(p)  # nothing is zero, nothing is symmetric
    return layer, twin(layer)


def twin(layer):
    """The layer by the loop, in float64, on the CPU."""
    other = copy.deepcopy(layer).to("cpu", torch.float64)
    other.backend = "eager"
    return other


def draw(layer, T, B, states=True):
    """A random problem in the layer's numbers, on its device."""
    like = layer.example()

    def normal(*shape):
        return torch.randn(shape, device=like.device, dtype=like.dtype)

    blank = tuple_of(layer.initial_state(B))
    hx = tuple(
        s + 0.3 * torch.randn_like(s) if s.is_floating_point() else s + 3 for s in blank
    )
    dlast = tuple(torch.randn_like(s) if s.is_floating_point() else None for s in blank)
    width = layer.hidden_size * layer.directions
    return Problem(
        normal(T, B, layer.input_size), hx if states else None, normal(T, B, width), dlast
    )


def run(layer, problem, **call):
    """y, last states, and gradients of x, of the states and of every weight."""
    x = problem.x.detach().requires_grad_()
    hx = problem.hx and tuple(
        s.detach().requires_grad_(s.is_floating_point()) for s in problem.hx
    )
    y, last = layer(x, hx if hx is None or len(hx) > 1 else hx[0], **call)
    last = tuple_of(last)
    pairs = [(y, problem.dy)]
    pairs += [(s, d) for s, d in zip(last, problem.dlast, strict=True) if d is not None]
    named = {"x": x} | dict(layer.named_parameters())
    named |= {f"h{n}": s for n, s in enumerate(hx or ()) if s.is_floating_point()}
    wanted = {name: leaf for name, leaf in named.items() if leaf.requires_grad}
    outputs, cotangents = zip(*[(a, d) for a, d in pairs if a.requires_grad], strict=True)
    found = torch.autograd.grad(outputs, [*wanted.values()], cotangents, allow_unused=True)
    return Result(
        {"y": wide(y)} | {f"last{n}": wide(s) for n, s in enumerate(last)},
        {n: wide(g) for n, g in zip(wanted, found, strict=True) if g is not None},
    )


def to_cpu(problem):
    """The same problem, in float64, on the CPU."""
    return Problem(*(moved(part) for part in problem))


def moved(part):
    """A tensor, a tuple of them, or None, with its numbers in float64, on the CPU."""
    if isinstance(part, tuple):
        return tuple(moved(p) for p in part)
    return part if part is None else wide(part)


def wide(tensor):
    """A copy on the CPU, floats in float64, complex numbers in complex128."""
    tensor = tensor.detach().cpu()
    if tensor.is_complex():
        return tensor.to(torch.complex128)
    return tensor.double() if tensor.is_floating_point() else tensor.clone()


def assert_near(ours, reference, far):
    """Every output and gradient has the reference's shape and is near it, by norms."""
    for a, b in zip(ours, reference, strict=True):
        assert a.keys() == b.keys()
        for name in b:
            assert a[name].shape == b[name].shape, name
            off = distance(a[name], b[name], SMALLEST if far == FAR[torch.float16] else 0.0)
            assert off <= far, f"{name}: {off:.1e} away, {far:.0e} allowed"


def distance(a, b, smallest=0.0):
    """‖a - b‖ / ‖b‖; NaN is never near.  b counts as ``smallest`` for each number at least."""
    a, b = wide(a), wide(b)
    if not b.is_floating_point() and not b.is_complex():
        return 0.0 if torch.equal(a, b) else float("inf")
    scale = max(b.norm(), smallest * b.numel() ** 0.5)
    return float((a - b).norm() / scale) if scale > 0 else float(a.norm())


def against_float64(layer, reference, T, B, states=True, far=None, **call):
    """Draw, run both, compare, ``ROUNDS`` times; on the GPU new arrays hold NaN at first."""
    for _ in range(ROUNDS):
        problem = draw(layer, T, B, states)
        with poisoned(layer):
            ours = run(layer, problem, **call)
        theirs = run(reference, to_cpu(problem), **call)
        assert_near(ours, theirs, far or FAR[layer.example().dtype])


@contextlib.contextmanager
def poisoned(layer=None):
    """New memory holds NaN: what is free now, and all that ``empty`` makes while the block runs.

    The second is PyTorch's deterministic mode, which also holds where a graph is captured, at each
    replay; a layer that has no deterministic form is run without it.
    """
    for n in (2**12, 2**16, 2**20, 2**24):
        torch.full((n,), float("nan"), device=DEVICE)
    with deterministic(layer is None or has_deterministic_form(layer)):
        yield


@contextlib.contextmanager
def deterministic(on=True):
    """PyTorch's deterministic mode while the block runs; what has no such form runs all the same.

    Its warnings are not shown: they are about cuBLAS's workspace.
    """
    before = torch.are_deterministic_algorithms_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.use_deterministic_algorithms(on, warn_only=True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before)


def has_deterministic_form(layer):
    """Whether the layer's backend serves it in deterministic mode."""
    x = layer.example().new_zeros(2, 1, layer.input_size)
    with deterministic():
        try:
            return layer.why(x).startswith(layer.backend)
        except ValueError:
            return False


def tuple_of(state):
    """One state or several as a tuple."""
    return state if isinstance(state, tuple) else (state,)
