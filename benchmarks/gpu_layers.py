"""Candidates of a comparison: a layer, a number format, a pass; built, checked, then timed."""

import contextlib
import copy
from typing import NamedTuple

import gpu_clock
import torch
from gpu_record import Missing, explain
from torch import nn

from course_utils import torch_nn
from course_utils.torch_nn import gpu

FORMATS = {  # name -> numbers in memory, whether products may round to tf32
    "fp32": (torch.float32, False),
    "tf32": (torch.float32, True),
    "bf16": (torch.bfloat16, False),
    "fp16": (torch.float16, False),
}
CUDNN = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
PASSES = ("training", "forward")
CHECKED = 16  # steps that are held against float64 before anything is timed
MOST_WRONG = {"fp32": 1e-3, "tf32": 1e-2, "bf16": 1e-1, "fp16": 3e-2}


class Candidate(NamedTuple):
    """way: "cudnn", "eager", or a backend of ``Recurrent``; size (T, B, D, H)."""

    cell: str
    way: str
    format: str
    pass_: str
    size: tuple

    @property
    def facts(self):
        """Its fields of a row."""
        return self._asdict() | {"size": list(self.size)}


@contextlib.contextmanager
def precision(name):
    """Products in float32 may round to tf32, or not, while the block runs."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = FORMATS[name][1]
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def layer_of(c, device):
    """The layer with weights that depend on the cell and the size alone."""
    D, H = c.size[2:]
    torch.manual_seed(0)
    if c.way == "cudnn":
        return CUDNN[c.cell](D, H, device=device, dtype=FORMATS[c.format][0])
    backend = "graph" if c.way == "persistent" else c.way
    layer = torch_nn.Recurrent(c.cell, D, H, device=device, backend=backend)
    return layer.to(FORMATS[c.format][0])


def build(c, clock):
    """(call, facts): the pass as a function, after a first call that is timed and checked."""
    (T, B, D, H), dtype = c.size, FORMATS[c.format][0]
    layer = layer_of(c, clock.device)
    rng = torch.Generator().manual_seed(1)
    x, dy = (torch.randn(T, B, n, generator=rng).to(clock.device, dtype) for n in (D, H))
    if c.way not in ("cudnn", "eager") and not layer.why(x).startswith(layer.backend):
        raise Missing(layer.why(x))
    if c.pass_ == "training":
        leaves = [x.requires_grad_(), *layer.parameters()]
    before = clock.held()

    def forward():
        with precision(c.format), torch.no_grad():
            return layer(x)[0]

    def training():
        with precision(c.format):
            y, _ = layer(x)
            torch.autograd.grad(y, leaves, dy, allow_unused=True)

    call = {"forward": forward, "training": training}[c.pass_]
    with choices() as whys:  # the first call of a shape compiles, the second captures
        facts = {name: gpu_clock.first(clock, call) for name in ("first_s", "second_s")}
    facts["one_launch"] = bool(whys) and whys[-1] is None
    if c.way == "persistent" and not facts["one_launch"]:
        raise Missing(whys[-1] if whys else "no kernel was launched")
    held = [(now - then) / 1e6 for now, then in zip(clock.held(), before, strict=True)]
    facts |= {"held_mb": held[0], "reserved_mb": held[1]}
    if c.way not in ("cudnn", "eager") and c.pass_ == "forward":
        facts["wrong"] = wrong(layer, x, forward()[:CHECKED])
        if not facts["wrong"] <= MOST_WRONG[c.format]:
            raise ValueError(f"{facts['wrong']:.1e} away from the loop in float64")
    return call, facts


@contextlib.contextmanager
def choices():
    """What the persistent kernel says to each call in the block: None, or why it does not run."""
    obstacle, whys = gpu.persistent.obstacle, []
    gpu.persistent.obstacle = lambda *given: whys.append(obstacle(*given)) or whys[-1]
    try:
        yield whys
    finally:
        gpu.persistent.obstacle = obstacle


def wrong(layer, x, y):
    """‖y - reference‖ / ‖reference‖: the first steps by the loop, in float64."""
    reference = copy.deepcopy(layer).double()
    reference.backend = "eager"
    with torch.no_grad():
        expected, _ = reference(x[: len(y)].double())
    return float((y - expected).norm() / expected.norm())


def compare(candidates, clock, seconds, least=5):
    """Rows: all candidates take turns; one that cannot be built is a row that says why."""
    work, facts, rows = {}, {}, []
    for c in candidates:
        try:
            work[c], facts[c] = build(c, clock)
        except Exception as error:
            rows.append(c.facts | explain(error))
            if not clock.healthy():
                raise
    times = gpu_clock.interleave(clock, work, seconds=seconds, least=least)
    for c, samples in times.items():
        found = gpu_clock.spread(samples)
        rows.append(c.facts | found | {"us_per_step": 1e3 * found["ms"] / c.size[0]} | facts[c])
    release()
    return rows


def release():
    """Give captured graphs back."""
    gpu.release()
