"""Persistent kernels as a GPU would get them: compiled without one.  Run in a process of its own.

``python persistent_compiled.py`` prints a line of JSON for each variant.  Triton's interpreter must
be off, and the interface is Triton's own, which moves: 3.6 and 3.9 have it as it is here.
"""

import json

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from course_utils.torch_nn import gpu
from course_utils.torch_nn.gpu import modules, persistent
from course_utils.torch_nn.gpu.arena import Arena, Shape

H200, A100 = persistent.Device((9, 0), 132, 232448), persistent.Device((8, 0), 108, 166912)
VARIANTS = (  # cell, direction, rows, units, dtype, device
    ("lstm", "forward", 64, 512, torch.float16, H200),
    ("gru_2014", "backward", 32, 300, torch.float32, A100),
)
KINDS = {torch.float16: "*fp16", torch.bfloat16: "*bf16", torch.float32: "*fp32"}


def compiled(key, name, rows, units, dtype, facts):
    """What Triton makes of one function: bytes of shared memory, products, and who waits how."""
    schedule = gpu.schedule(key)
    facts_of_shape = {"T": 9, "B": rows, "D": 8, "H": units, "dtype": dtype, "grad": True}
    shape = Shape(**dict.fromkeys(Shape._fields, False) | facts_of_shape | {
        "schedule": schedule, "device": torch.device("cpu"), "constants": (), "products": ("high",),
    })  # fmt: skip
    chosen = persistent.split(schedule, rows, units, dtype.itemsize, facts)
    kernel, arena = persistent._printed(schedule, chosen.chunks)[name], Arena(shape)
    function = getattr(persistent._module(schedule, chosen.chunks), name)
    for product in persistent.products(schedule):
        size = len(product.values) * units, len(product.parts) * units
        arena.new(f"weights_{product.name}", size, dtype)
    kinds = {p: KINDS[persistent._array(arena, p, kernel).dtype] for p in kernel.pointers}
    kinds |= dict.fromkeys(("steps", "rows", "units", "patience"), "i32")
    kinds |= dict.fromkeys(("counters", "failed"), "*i32")
    fixed = {
        "TRAINED": True, "REAL": modules.real(dtype), "PRECISION": "tf32",
        "ROWS": chosen.rows, "UNITS": chosen.units, "INNER": chosen.inner,
    }  # fmt: skip
    names = function.arg_names
    source = ASTSource(
        fn=function,
        signature={n: "constexpr" if n in fixed else kinds[n] for n in names},
        constexprs={(names.index(n),): value for n, value in fixed.items() if n in names},
        attrs={(k,): [["tt.divisibility", 16]] for k, n in enumerate(names)
               if n in kinds and kinds[n][0] == "*"},
    )  # fmt: skip
    options = {"num_warps": chosen.warps, "num_stages": 1}
    target = GPUTarget("cuda", facts.capability[0] * 10 + facts.capability[1], 32)
    made = triton.compile(source, target=target, options=options)
    each = sum(len(p.values) * len(p.parts) for p in persistent.products(schedule))
    return {
        "kernel": f"{key} {name}", "split": chosen, "shared": made.metadata.shared,
        "weights": each * max(chosen.chunks, 1) * chosen.inner * chosen.units * dtype.itemsize,
        "room": facts.shared, "products": made.asm["ptx"].count("mma"),
        "acquires": made.asm["ptx"].count("acquire"), "releases": made.asm["ptx"].count("release"),
    }  # fmt: skip


if __name__ == "__main__":
    for variant in VARIANTS:
        print(json.dumps(compiled(*variant)))
