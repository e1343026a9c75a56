"""The stand-in for Triton: what its kernels give, what they refuse, what is counted.

Where Triton is installed, its own interpreter runs the same texts and gives the same numbers.
"""

import importlib.util
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
import triton_runs

import course_utils.kernels as kernels
import course_utils.kernels.language as tl
from course_utils.grading.exercise import load
from course_utils.kernels import words

ROOT = Path(__file__).parents[2]

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


def answers():
    """{question: source} of the exercise's solution, and the kernel that all may call."""
    exercise = load(ROOT / "solutions" / "practice" / "kernels.ipynb")
    first = next(c.source for c in exercise.cells if c.cell_id == "setup")
    tanh = re.search(r"@triton.jit\ndef tanh.*?\n\n", first, re.DOTALL).group()
    return {c.question: c.source for c in exercise.cells if c.role == "answer"}, tanh


def launched_in_the_exercise(rng, dtype="float32"):
    """(question, kernel, grid, arrays and numbers, constants): each of the exercise's kernels."""
    B, H, K, N, block = 5, 7, 37, 6, {"BLOCK": 16}
    units, gates, pair = (B, H), (B, 4 * H), rng.uniform(0.1, 0.9, size=(2, B, H))
    broken = np.array([1, np.nan, -2, 0] * 8 + [3, np.nan, -1])
    cases = [
        ("q1", "relu", (3,), [broken, 0 * broken, 35], block),
        ("q2", "step", (3,), [rng.normal(size=gates), pair[0], *np.zeros((2, *units)),
                              np.zeros(gates), B, H], block),
        ("q3", "step_backward", (3,), [rng.uniform(0.1, 0.9, size=gates), *pair,
                                       *rng.normal(size=(2, *units)), np.zeros(gates),
                                       np.zeros(units), B, H], block),
        ("q5", "sum_rows", (3,), [rng.normal(size=(N, K)), np.zeros(K), K], block | {"N": N}),
    ]  # fmt: skip
    for key, name, grid, args, constants in cases:
        cast = [np.array(a, dtype) if isinstance(a, np.ndarray) else a for a in args]
        yield key, name, grid, cast, constants


@pytest.mark.parametrize("which", ["the solution", "another_way"])
def test_the_exercises_kernels_give_the_same_on_triton(which, real):
    given, tanh = answers()
    if which != "the solution":
        pytest.importorskip("nbval", reason="the grader")
        from course_utils.grading.mutate import load_mutants

        variants = load_mutants("kernels", ROOT / "tests" / "mutants")
        given |= next(m for m in variants if m.name == which).change(dict(given))
    for key, name, grid, args, constants in launched_in_the_exercise(np.random.default_rng(3)):
        ours, theirs = ([a.copy() if isinstance(a, np.ndarray) else a for a in args]
                        for _ in range(2))  # fmt: skip
        source = f"{tanh}\n{given[key]}"
        written(source)[name][grid](*ours, **constants)
        real(source, name, grid, *theirs, **constants)
        for found, wanted, before in zip(ours, theirs, args, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=1e-7, err_msg=name)
            assert not isinstance(found, np.ndarray) or found.dtype == before.dtype
        assert any(not np.array_equal(a, b) for a, b in zip(ours, args, strict=True)), name


BODY = """
@triton.jit
def kernel(x_ptr, k_ptr, out_ptr, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = index < n
    {}
"""


STORE = "tl.store(out_ptr + index, {}, mask=inside)"


def launch(body, n=12, programs=4, **names):
    """Launch a body with x = 1, ..., n; returns out, which is 7 where nothing was stored."""
    kernel = written(BODY.format(textwrap.indent(body, "    ").strip()), **names)["kernel"]
    out = np.full(n, 7.0)
    kernel[(programs,)](np.arange(1.0, n + 1), np.arange(n), out, n, BLOCK=4)
    return out


def test_what_a_mask_leaves_out_is_seen_unless_other_is_given():
    body = "x = tl.load(x_ptr + index, mask=index < 6{})\n" + STORE.format("tl.sum(x)")
    out = launch(body.format(""))
    assert np.isnan(out[4:]).all()
    assert not np.isnan(out[:4]).any()
    np.testing.assert_array_equal(launch(body.format(", other=0"))[4:], [11] * 4 + [0] * 4)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_of_a_nan_and_a_number_a_gpu_takes_the_number(name):
    out = launch(f"tl.store(out_ptr + index, tl.{name}(0.0 / (index - index), 3.0), mask=inside)")
    np.testing.assert_array_equal(out, 3)


REFUSED = {
    "a load beyond the end": ("tl.load(x_ptr + index)", IndexError,
                              r"x_ptr: program 3 reads number 12 \(and 3 more\) of .*mask=index"),
    "a store before the start": ("tl.store(out_ptr + index - 2, 1.0, mask=inside)", IndexError,
                                 "out_ptr: program 0 writes number -2 .*look at the index"),
    "a mask of another shape": ("tl.load(x_ptr + index, mask=tl.arange(0, 8) < n)", ValueError,
                                r"x_ptr.*mask of shape \(8,\).*\(4,\)"),
    "a block of another shape": ("tl.store(out_ptr + index, tl.zeros((8,), tl.float32), inside)",
                                 ValueError, r"block of shape \(8,\)"),
    "blocks that do not fit": ("tl.arange(0, 8) + index", ValueError, r"\(8,\) and \(4,\)"),
    "a size that is no power of two": ("tl.arange(0, 12)", ValueError, "power of two"),
    "a size known at run time": ("tl.arange(0, n)", TypeError, "BLOCK: tl.constexpr"),
    "an address as a number": (STORE.format("2 * x_ptr"), TypeError, "x_ptr is an address"),
    "a number as an address": ("tl.load(index)", TypeError, "wants an address"),
    "a pointer that is indexed": ("x_ptr[index]", TypeError, r"tl.load\(x_ptr \+ index"),
    "a float as an index": ("tl.load(x_ptr + index / 2)", TypeError, "// divides whole numbers"),
    "a function of NumPy": (STORE.format("np.exp(1.0 * index)"), TypeError, "say tl.exp"),
    "a function of math": (STORE.format("math.exp(index)"), TypeError, "says tl.exp"),
    "a tanh of NumPy": (STORE.format("np.tanh(1.0 * index)"), TypeError, "first cell"),
    "a sum with an array": ("np.zeros(BLOCK) + index", TypeError, r"tl.zeros\(\(BLOCK,\)"),
    "an array alone": (STORE.format("np.zeros(BLOCK)"), TypeError, r"tl.zeros\(\(BLOCK,\)"),
    "a mask of integers": ("tl.load(x_ptr + index, mask=index * 0)", TypeError, "bools.*int32"),
    "a number that a loop makes a block": (
        "s = 0.0\nfor k in range(2):\n    s = s + 1.0 * index", TypeError,
        r"s is one float before the loop and a block of \(4,\) floats after .* tl.zeros"),
    "integers that a loop makes floats": (
        "s = tl.zeros((BLOCK,), tl.int32)\nfor k in tl.range(0, 2):\n    s += tl.exp(1.0 * index)",
        TypeError, r"\(4,\) integers before the loop and a block of \(4,\) floats"),
    "a function without @triton.jit": (STORE.format("helper(index)"), TypeError, "helper is a fun"),
    "a number from outside": (STORE.format("ONE * index"), TypeError,
                              r"ONE = tl.constexpr\(1\)"),
    "an array from outside": (STORE.format("np.ones(4) * index"), TypeError, "blocks|tl alone"),
    "the whole of an array from outside": ("WHOLE[:] = 0.0", TypeError, "sees its arguments alone"),
    "an import": ("import numpy as n\nindex", TypeError, r"no import \(numpy\)"),
    "the names around it": ("globals()", TypeError, "no globals"),
    "a condition on a block": ("if inside:\n    index", TypeError, "tl.where"),
    "a power": (STORE.format("index ** 2"), TypeError, r"x \* x"),
    "a tanh": ("tl.tanh(1.0 * index)", AttributeError, "sigmoid"),
    "a name of Triton": ("tl.PropagateNan.ALL", AttributeError, "stand-in lacks it, even if"),
    "what is not there": ("tl.nowhere", AttributeError, "tl.nowhere: this stand-in lacks it"),
    "an integer for exp": ("tl.exp(index)", TypeError, "floats"),
    "a mask of floats": (STORE.format("inside & (1.0 * index)"), TypeError, "not floats"),
    "a lambda": (STORE.format("(lambda v: v)(index)"), TypeError, "no lambda"),
    "an enumerate": ("for k, v in enumerate((1, 2)):\n    index", TypeError, "no enumerate"),
    "a walk over a block": ("for v in index:\n    v", TypeError, "walk over a block"),
    "a value that is None": (STORE.format("index + tl.store(out_ptr + index, 1.0, inside)"),
                             TypeError, "None"),
    "two programs that write": ("tl.store(out_ptr + tl.arange(0, BLOCK), 1.0)", ValueError,
                                "program 1 writes number 0, what program 0 writes"),
    "one reads what another wrote": (
        "tl.store(out_ptr + index, 1., inside)\ntl.load(out_ptr + index - 1, (index > 0) & inside)",
        ValueError, "program 1 reads number 3, what program 0 writes"),
    "one writes what another read": (
        "tl.load(out_ptr + index + 1, index < n - 1)\ntl.store(out_ptr + index, 1.0, inside)",
        ValueError, "program 1 writes number 4, what program 0 reads"),
    "a plain load of a sum": ("tl.atomic_add(out_ptr, 1.0)\ntl.load(out_ptr)", ValueError,
                              "an atomic addition writes"),
    "two values for one place": ("tl.store(out_ptr + index // 2, 1.0 * index, inside)", ValueError,
                                 "two values there"),
}  # fmt: skip


@pytest.mark.parametrize("title", REFUSED)
def test_a_slip_is_one_line_that_names_it(title):
    import math

    body, kind, words = REFUSED[title]
    with pytest.raises(kind, match=words) as caught:
        launch(body, np=np, math=math, helper=lambda v: v, ONE=1, WHOLE=np.ones(4))
    assert "\n" not in str(caught.value)
    assert launch(STORE.format(1.0)).sum() == 12  # nothing is left of it


def test_what_a_loop_may_carry_and_what_is_marked_is_taken():
    """A float of another width, scalars that stay scalars, an address that walks, a constexpr."""
    body = """
s, k, p = tl.zeros((BLOCK,), tl.float32), 0, x_ptr + index
for step in range(2):
    s += tl.load(p, mask=inside, other=0.0)
    k += 2 * HALF
    p = p + 0
for late in tl.static_range(2):
    s = s + 0.0
""" + STORE.format("s + k * ONE")
    out = launch(body, ONE=tl.constexpr(1), HALF=tl.constexpr(1))
    np.testing.assert_array_equal(out, 2 * np.arange(1.0, 13) + 4)


def test_a_function_of_numpy_is_answered_by_what_is_there():
    """No message names a function of tl that tl lacks."""
    for name in ("add", "tanh", "exp", "square", "arctan", "where", "concatenate", "logical_and"):
        for said in re.findall(r"tl\.(\w+)", words.instead(name)):
            assert hasattr(tl, said), (name, said)
    assert all(hasattr(tl, name) for name in words.THERE)


def test_the_launches_of_a_kernel_are_counted():
    before = kernels.launched("kernel")
    launch(STORE.format("1.0"))
    launch(STORE.format("1.0"))
    assert kernels.launched("kernel") == before + 2
    assert kernels.launched("another") == 0


def test_what_is_no_kernel_has_no_launches():
    """A plain function, or an object that is launched like a kernel and computes in NumPy."""

    class Disguised:
        def __getitem__(self, grid):
            return np.copyto

    for what, said in ((np.copyto, "copyto"), (Disguised(), "Disguised")):
        with pytest.raises(TypeError, match=f"{said} is no kernel: write @triton.jit"):
            kernels.launched(what)


def test_atomic_additions_of_all_programs_arrive():
    out = launch("tl.atomic_add(out_ptr + index % 2, tl.load(x_ptr + index, inside), mask=inside)")
    np.testing.assert_array_equal(out[:3], [7 + 36, 7 + 42, 7])


def test_a_grid_has_up_to_three_axes_and_knows_its_size():
    kernel = written("""
        @triton.jit
        def kernel(out_ptr):
            a, b, c = tl.program_id(0), tl.program_id(1), tl.program_id(2)
            place = (c * tl.num_programs(1) + b) * tl.num_programs(0) + a
            tl.store(out_ptr + place, 100 * a + 10 * b + c)
    """)["kernel"]
    out = np.full(24, -1)
    kernel[(2, 3, 4)](out)
    np.testing.assert_array_equal(
        out, [100 * a + 10 * b + c for c in range(4) for b in range(3) for a in range(2)]
    )
    kernel[lambda given: (given["out_ptr"].size // 24,)](out[:24])
    bad = (((1, 1, 1, 1), TypeError), ((2.5,), TypeError), (3, TypeError), ((-1,), ValueError))
    for grid, kind in bad:
        with pytest.raises(kind, match="grid"):
            kernel[grid](out)


ARGUMENTS = {
    "too few": (lambda x: (x,), TypeError, "missing a required argument"),
    "a list": (lambda x: (x.tolist(), x, x, 12), TypeError, "x_ptr is a list"),
    "transposed": (
        lambda x: (np.ones((3, 4)).T, x, x, 12),
        ValueError,
        "that the kernel writes must .* only reads, pass np.ascontiguousarray",
    ),
    "texts": (lambda x: (np.array(["a"]), x, x, 12), TypeError, "no numbers"),
}


@pytest.mark.parametrize("title", ARGUMENTS)
def test_an_argument_that_is_none_is_named(title):
    given, kind, words = ARGUMENTS[title]
    kernel = written(BODY.format("tl.store(out_ptr + index, 1.0, mask=inside)"))["kernel"]
    with pytest.raises(kind, match=f"kernel: .*{words}"):
        kernel[(3,)](*given(np.zeros(12)), BLOCK=4)
    with pytest.raises(TypeError, match="launch it"):
        kernel(np.zeros(12))
    with pytest.raises(TypeError, match="tl is for kernels"):
        tl.program_id(0)


def test_an_array_that_may_not_be_written_is_not():
    kernel = written(BODY.format("tl.store(out_ptr + index, 1.0, mask=inside)"))["kernel"]
    kept = np.zeros(12)
    kept.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        kernel[(3,)](np.ones(12), np.ones(12), kept, 12, BLOCK=4)
    assert not kept.any()


def test_the_report_counts_and_says_what_could_be_less(capsys):
    launch("x = tl.load(x_ptr + index, inside)\nx = tl.load(x_ptr + index, inside)\n"
           "tl.store(out_ptr + index, x, inside)")  # fmt: skip
    kernels.report("kernel", "another")
    said = capsys.readouterr().out
    assert "4 programs" in said
    assert "24 read, of 12" in said
    assert "12 written, of 12" in said
    assert "36 numbers, 288 bytes" in said
    assert "x_ptr: 24 loads for 12 numbers" in said
    assert "another: not launched yet" in said
    assert "never stored" not in said
    launch(STORE.format("1.0"), programs=2)
    kernels.report("kernel")
    assert "out_ptr: 4 of 12 numbers were never stored" in capsys.readouterr().out


def test_where_triton_is_missing_it_says_so(monkeypatch):
    monkeypatch.setattr("course_utils.kernels.real.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="triton and torch: not installed here"):
        kernels.on_triton(None, (1,))


@pytest.mark.slow
def test_a_kernel_and_those_that_it_calls_run_on_triton_from_a_notebook(tmp_path):
    triton_runs.needed()
    path = tmp_path / "cell.py"
    path.write_text(
        "import course_utils.kernels as triton\nimport course_utils.kernels.language as tl\n"
        "TWO, ONE = tl.constexpr(2), tl.constexpr(1.0)\n"
        "@triton.jit\ndef tanh(a):\n    return tl.sigmoid(a * TWO) * TWO - ONE\n"
        "@triton.jit\ndef squash(x_ptr, y_ptr, n, BLOCK: tl.constexpr):\n"
        "    index = tl.arange(0, BLOCK)\n"
        "    x = tl.load(x_ptr + index, mask=index < n)\n"
        "    tl.store(y_ptr + index, tanh(x), mask=index < n)\n"
    )
    spec = importlib.util.spec_from_file_location("cell", path)
    cell = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cell)
    x, y = np.linspace(-2, 2, 5), np.zeros(5)
    device, found = kernels.on_triton(cell.squash, (1,), x, y, 5, BLOCK=8)
    assert device in ("cpu", "cuda")
    assert not y.any()
    np.testing.assert_allclose(found["y_ptr"], np.tanh(x), rtol=1e-6)
