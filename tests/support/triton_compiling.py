"""Compile the kernels of cells for a GPU that need not be there: python triton_compiling.py KEY …

In a process of its own: the Triton of the tests interprets.  Prints one line for each cell and
dtype; sm_75 is the T4 that Colab gives.
"""

import sys

import torch
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from course_utils.specs import get_spec
from course_utils.torch_nn import function, gpu

NAMES = {torch.float64: "fp64", torch.float32: "fp32", torch.bfloat16: "bf16", torch.int64: "i64"}
H = 4


def arena_of(key, dtype):
    """Arrays as a call of the layer would have them."""
    spec = get_spec(key)
    run = function.Run(key, spec.inputs, spec.shapes(H, H), None, None, None)
    x = torch.zeros(3, 2, H, dtype=dtype)
    return gpu.layer.Arena(gpu.layer._shape(run, x, [x[0]], [True] * 99))


def compiled(arena, kernel):
    """The compiled kernel."""
    function = getattr(arena.schedule.module, kernel.name)
    arrays = {name: arena.pointer(name) for name in kernel.pointers}
    known = {"REAL": getattr(tl, str(arena.real).removeprefix("torch.")), "BLOCK": 128}
    known |= {name: arena.options[name] for name in kernel.scalars}
    known |= {name: None for name, a in arrays.items() if a is None}
    signature = {
        name: "constexpr" if name in known else f"*{NAMES[a.dtype]}" for name, a in arrays.items()
    }
    signature |= {"rows": "i32", "units": "i32"} | dict.fromkeys(known, "constexpr")
    places = {(function.arg_names.index(name),): value for name, value in known.items()}
    source = ASTSource(function, {n: signature[n] for n in function.arg_names}, places)
    return triton.compile(source, GPUTarget("cuda", 75, 32), {"enable_fp_fusion": True})


for key in sys.argv[1:]:
    for dtype in (torch.float32, torch.bfloat16):
        arena = arena_of(key, dtype)
        gpu.steps.parameters.prepare(arena)
        made = [compiled(arena, k) for of in arena.schedule.kernels.values() for k in of]
        assert all(".entry" in m.asm["ptx"] for m in made)
        print(key, dtype, len(made))
