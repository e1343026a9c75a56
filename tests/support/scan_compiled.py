"""The scan's kernels as a GPU would get them: compiled without one.  Run in a process of its own.

``python scan_compiled.py`` prints a line for each variant: its name, the widest load, and whatever
goes past registers.  Triton's interpreter must be off, and the interface is Triton's own, which
moves: 3.6 and 3.9 have it as it is here.
"""

import re
import sys

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from course_utils.torch_nn import scan_triton

INTEGERS = {"steps": "i32", "width": "i32", "a_stride": "i32", "length": "i32"}
VARIANTS = {  # kernel, numbers, complex, compute capability, constants
    "float32 on an H200": ("forward", "fp32", False, 90, {"FLIPPED": False, "FIRST": 1}),
    "float32 on an H200, back": ("backward", "fp32", False, 90, {"FLIPPED": True, "start": None}),
    "float32 chunks on an H200": ("totals", "fp32", False, 90, {"FLIPPED": False, "BACK": False}),
    "bfloat16 on an A100": ("forward", "bf16", False, 80, {"FLIPPED": True, "start": None}),
    "bfloat16 on an A100, back": ("backward", "bf16", False, 80, {"FLIPPED": False, "h0": None}),
    "float16 on a T4": ("backward", "fp16", False, 75, {"FLIPPED": True}),
    "complex64 on a T4": ("forward", "fp32", True, 75, {"FLIPPED": False}),
    "complex64 on an H200, back": ("backward", "fp32", True, 90, {"FLIPPED": False}),
    "complex64 chunks": ("totals", "fp32", True, 90, {"FLIPPED": True, "BACK": True}),
    "float64, one channel": ("forward", "fp64", False, 80, {"FLIPPED": True, "width": 1}),
}


def compiled(kernel, numbers, complex_numbers, capability, constants, steps=4):
    """The kernel's text for the GPU."""
    bytes_of = {"fp64": 8, "fp32": 8 if complex_numbers else 4}.get(numbers, 2)
    fixed = {"FIRST": 0, "COMPLEX": complex_numbers, "WIDE": numbers == "fp64", "STEPS": steps}
    fixed |= {"BLOCK": 64 if complex_numbers or bytes_of == 2 else 32, **constants}
    jit = getattr(scan_triton, kernel)
    state = "*fp64" if numbers == "fp64" else "*fp32"
    pointers = dict.fromkeys(("start", "product", "last"), state)
    kinds = {
        name: "constexpr" if name in fixed else (INTEGERS | pointers).get(name, f"*{numbers}")
        for name in jit.arg_names
    }
    aligned = [n for n, kind in kinds.items() if kind[0] == "*" or n in ("width", "a_stride")]
    source = ASTSource(
        fn=jit,
        signature=kinds,
        constexprs={(jit.arg_names.index(n),): value for n, value in fixed.items()
                    if n in jit.arg_names},
        attrs={(jit.arg_names.index(n),): [["tt.divisibility", 16]]
               for n in aligned if kinds[n] != "constexpr"},
    )  # fmt: skip
    target = GPUTarget("cuda", capability, 32)
    return triton.compile(source, target=target, options={"num_warps": 1}).asm["ptx"]


if __name__ == "__main__":
    for name, variant in VARIANTS.items():
        ptx = compiled(*variant)
        loads = sorted(set(re.findall(r"ld\.global\S*", ptx)))
        beyond = sorted(set(re.findall(r"\.local|\.shared|shfl|bar\.", ptx)))
        sys.stdout.write(f"{name}: {' '.join(loads)}; beyond registers: {beyond}\n")
