"""Triton's kernels compile as Python everywhere; where Triton is, its interpreter runs them."""

import ast
import runpy

import numpy as np
import pytest
from problems import KEYS, close, make

from course_utils import compiled, numpy_nn
from course_utils.compiled import layer, print_triton
from course_utils.compiled.arrays import array_of, operand_place, signatures
from course_utils.compiled.code import code


@pytest.mark.parametrize("key", KEYS)
def test_the_source_is_python_and_every_name_is_known(key):
    tree = ast.parse(print_triton.source(key))
    known = {"triton", "tl"}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert any("forward" in f.name for f in functions)
    assert any("backward" in f.name for f in functions)
    for function in functions:
        names = known | {a.arg for a in function.args.args}
        for statement in function.body:
            read = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
            loaded = {n.id for n in read if isinstance(n.ctx, ast.Load)}
            assert loaded <= names, f"{function.name} reads {sorted(loaded - names)}"
            names |= {n.id for n in read if isinstance(n.ctx, ast.Store)}


def in_rows(array, a, sizes):
    """An array of the compiled layer, one column a sequence, as Triton's kernels have it."""
    columns = [sizes[x] if x in sizes else a.blocks for x in a.axes if x != "B"]
    if "B" not in a.axes:
        return array.reshape(*columns, -1)[..., 0].copy()
    return np.ascontiguousarray(np.moveaxis(array.reshape(*columns, -1), -1, a.axes.index("B")))


def driver(module, key, direction, made, arena):
    """The generated function of a direction, by Triton's kernels and NumPy's products."""
    import torch

    bodies = {name: rest for name, *rest in print_triton.kernels(key)}
    found, signature = made.plan, signatures(made.plan)[direction]
    as_given = {"all_x": "rows_x", "all_dy": "all_dy"}

    def run(*_):
        arrays, held = {}, arena[0].arrays
        T, B, H = (arena[0].sizes[axis] for axis in "TBH")
        sizes = arena[0].sizes | {"T+1": T + 1}
        for a in signature:
            if a.kind == "config":
                arrays[a.name] = held[a.name]
            elif a.kind == "input" or a.name in as_given:
                arrays[a.name] = held[as_given.get(a.name, f"rows_{a.name}")][0].copy()
            elif a.kind == "weights":
                arrays[a.name] = held[a.name][0]
            elif a.name in held and a.kind != "dx":
                one = held[a.name]
                arrays[a.name] = in_rows(one, a, sizes)
            else:
                arrays[a.name] = np.zeros(a.shape(sizes), np.int64 if a.integer else float)
        calculate(arrays, T, B, H)
        for a in signature:
            if a.name in held and a.kind not in ("config", "weights", "x", "input", "dy", "vector"):
                value = arrays[a.name]
                if "B" in a.axes:
                    value = np.moveaxis(value, a.axes.index("B"), -1)
                    held[a.name][...] = value.reshape(held[a.name].shape)
                else:
                    held[a.name].reshape(len(value), -1)[:, 0] = value

    def calculate(arrays, T, B, H):
        def at(name, step):
            later = name.endswith("_next")
            array = arrays[name.removesuffix("_next")]
            axes = next(a.axes for a in signature if a.name == name.removesuffix("_next"))
            return array[step + later] if axes[0].startswith("T") else array

        def launch(name, step):
            if name not in bodies:
                return
            _, pointers, scalars = bodies[name]
            tensors = [torch.from_numpy(at(p, step)) for p in pointers]
            grid = ((B * H + 15) // 16,)
            module[name][grid](*tensors, *(float(arrays[s]) for s in scalars), B, H, BLOCK=16)

        def product(p, step):
            place = operand_place(found, p)
            operand = arrays[array_of(found, place).name][step + place.block].reshape(B, -1)
            name = ("products_" if p.whole else "product_") + p.name
            at(name, step)[:] = (operand @ arrays[f"weights_{p.name}"].T).reshape(B, -1, H)

        def back(p, step):
            name = "dproduct_" + found.derivative.shared.get(p.name, p.name)
            into = ("backs_" if p.whole else "back_") + p.name
            dresult = at(name, step).reshape(B, -1)
            at(into, step)[:] = (dresult @ arrays[f"weights_{p.name}"]).reshape(B, -1, H)

        products = found.program.products
        outer = [p for p in products if p.operand.op in ("x", "input")]
        stage_of = found.program.stage_of
        if direction == "forward":
            for step in range(T):
                for p in outer:
                    product(p, step)
        names = ["loop", "readout"] if direction == "forward" else ["readout", "loop"]
        for stage in names:
            steps = range(T) if direction == "forward" else reversed(range(T))
            levels = list(range(getattr(found.program, stage).levels))
            for step in steps:
                for level in levels if direction == "forward" else levels[::-1]:
                    here = [p for p in products if p not in outer and p.level == level
                            and stage_of[p.values[0]].name == stage]  # fmt: skip
                    if direction == "forward":
                        for p in here:
                            product(p, step)
                    launch(f"{stage}_{direction}_{level}", step)
                    if direction == "backward":
                        for p in here:
                            back(p, step)
                if stage == "loop" and direction == "backward":
                    for s in found.untouched:
                        arrays[f"carried_{s}"][:] = 0
                    for s in found.apart:
                        arrays[f"carried_{s}"][:] = arrays[f"carry_{s}"]

    return run


@pytest.mark.parametrize("key", KEYS)
def test_the_interpreter_gives_the_numbers_of_numpy(key, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "1")  # before the first import of Triton
    pytest.importorskip("triton")
    path = tmp_path / f"{key}.py"  # Triton wants its source in a file
    path.write_text(print_triton.source(key), "utf-8")
    module = runpy.run_path(str(path))
    p = make(key, T=3)
    with compiled.uncompiled():
        made, arena = code(key, "float64"), []
        for direction in ("forward", "backward"):
            monkeypatch.setitem(made.call, direction, driver(module, key, direction, made, arena))
        asked = layer.Arena.arguments
        monkeypatch.setattr(
            layer.Arena, "arguments",
            lambda self, *rest: (arena.__setitem__(slice(None), [self]), asked(self, *rest))[1],
        )  # fmt: skip
        y, _, tape = compiled.unroll(key, p.params, p.x, p.state0, **p.inputs)
        dx, dstate0, grads = compiled.unroll_backward(tape, p.dy, p.dlast)
    expected, _, tape = numpy_nn.unroll(key, p.params, p.x, p.state0, **p.inputs)
    wanted = numpy_nn.unroll_backward(tape, p.dy, p.dlast)
    close(y, expected, 1e-12)
    close(dx, wanted[0], 1e-12)
    for d, other in zip(dstate0, wanted[1], strict=True):
        if d.dtype.kind == "f":
            close(d, other, 1e-12)
    for name, g in grads.items():
        close(g, wanted[2][name], 1e-12)
