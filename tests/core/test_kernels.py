"""The stand-in for Triton: what its kernels give, what they refuse, what is counted.

Where Triton is installed, its own interpreter runs the same texts and gives the same numbers.
"""

import importlib.util
import textwrap

import numpy as np
import pytest
import triton_runs

import course_utils.kernels as kernels
import course_utils.kernels.language as tl

HEAD = "import triton\nimport triton.language as tl\n\n\n"
POINTWISE = """
@triton.jit
def kernel_{k}(x_ptr, y_ptr, k_ptr, out_ptr, n, s, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    x = tl.load(x_ptr + index, mask=mask, other=0.0)
    y = tl.load(y_ptr + index, mask=mask, other=0.5)
    k = tl.load(k_ptr + index, mask=mask, other=1)
    tl.store(out_ptr + index, {expression}, mask=mask)
"""
LEAVES = ("x", "y", "k", "s", "n", "index", "2", "0.7", "-3")
FORMS = (
    "({a} + {b})", "({a} - {b})", "({a} * {b})", "(-{a})", "tl.where({a} > {b}, {a}, {b})",
    "tl.where(({a} < {b}) & ({a} != 1), {b}, 0.0)", "tl.maximum({a}, {b})", "tl.minimum({a}, {b})",
    "tl.abs({a})", "({a} / ({b} * {b} + 1))", "((k + index) // 3)", "((k - 5) % 4)", "(k // n)",
    "tl.exp(-tl.abs({a} + 0.0 * x))", "tl.sigmoid({a} + x)", "tl.sqrt(tl.abs({a} + y))",
    "tl.cos({a} + x)", "tl.log(1.0 + tl.abs({a} * x))", "({a} + x).to(tl.float32)",
    "(1 - {a} * y)", "(2.5 / (y + 9))",
)  # fmt: skip


def expression(rng, depth):
    """A random expression of Triton that has blocks in it."""
    if depth == 0:
        return str(rng.choice(LEAVES))
    a, b = (expression(rng, depth - 1) for _ in range(2))
    return str(rng.choice(FORMS)).format(a=a, b=b)


def written(source, **names):
    """The kernels of a text on the stand-in."""
    names |= {"triton": kernels, "tl": tl}
    exec(compile(textwrap.dedent(source), "<kernels>", "exec"), names)
    return names


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Triton's interpreter: real(source, name, grid, *arrays_and_numbers, **constants)."""
    triton_runs.needed()
    import torch

    def run(source, name, grid, *args, **constants):
        path = tmp_path_factory.mktemp("triton") / "texts.py"
        path.write_text(HEAD + textwrap.dedent(source), "utf-8")
        spec = importlib.util.spec_from_file_location("texts", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        on = [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in args]
        getattr(module, name)[grid](*on, **constants)

    return run


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_pointwise_kernels_give_what_tritons_interpreter_gives(dtype, real):
    """Types as well: what one computes in float32 and the other in float64 differs in digit 8."""
    rng = np.random.default_rng(5)
    count, n, block = 24, 21, 8  # and a number that float32 has: the interpreter rounds none
    texts = [POINTWISE.format(k=k, expression=f"0.0 * x + {expression(rng, 2)}")
             for k in range(count)]  # fmt: skip
    source = "\n".join(texts)
    ours = written(source)
    x, y = rng.normal(size=(2, n)).astype(dtype)
    k = rng.integers(-9, 10, n).astype("int32")
    for index in range(count):
        found, wanted = np.full((2, n), 7.0).astype(dtype)
        ours[f"kernel_{index}"][(3,)](x, y, k, found, n, 0.375, BLOCK=block)
        real(texts[index], f"kernel_{index}", (3,), x, y, k, wanted, n, 0.375, BLOCK=block)
        np.testing.assert_allclose(found, wanted, rtol=2e-7 if dtype == "float32" else 1e-14,
                                   err_msg=texts[index])  # fmt: skip
