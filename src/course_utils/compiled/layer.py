"""A cell along time on the CPU, from its equations: ``numpy_nn.unroll`` by generated code."""

from collections import namedtuple
from functools import cache
from typing import NamedTuple

import numpy as np

from course_utils.compiled import parameters
from course_utils.compiled.arrays import operand_place
from course_utils.compiled.code import Code, code
from course_utils.compiled.columns import (
    aligned,
    from_columns,
    into_columns,
    stretches,
)
from course_utils.compiled.print_numba import gradient_of
from course_utils.shapes import ShapeError
from course_utils.specs import get_spec

NOWHERE = np.zeros(0, np.int64)


@cache
def state_type(names):
    """The NamedTuple of a cell's states."""
    return namedtuple("State", names)


class Arena:
    """The arrays of one cell at one size, by name; calls: how many runs forward it has seen."""

    def __init__(self, sizes, fresh):
        self.sizes, self.fresh, self.calls = sizes, fresh, 0
        self.arrays, self.prelude, self.cleared, self.found = {}, {}, (), {}
        # found once for the arrays that there are
        self.names, self.entering, self.gathered = {}, None, None

    def get(self, name, shape, dtype):
        """An array kept from call to call, zero where nobody has written yet."""
        found = self.arrays.get(name)
        if found is None or found.shape != shape or found.dtype != dtype:
            found = self.arrays[name] = aligned(shape, dtype)
            self.names, self.entering, self.gathered = {}, None, None
        return found

    def result(self, name, shape, dtype):
        """An array for the caller: its own, or one that the next call overwrites."""
        return np.empty(shape, dtype) if self.fresh else self.get(name, shape, dtype)

    def stretches(self, made):
        """Steps between two large products, on the way there and on the way back."""
        if "stretches" not in self.found:
            self.found["stretches"] = stretches(made.widest, self.sizes)
        return self.found["stretches"]

    def arguments(self, made, function, sizes):
        """What a generated function takes, made where it is not there."""
        place = function, sizes["S"], sizes["R"]
        if place not in self.names:
            for a in made.arguments[function]:
                if a.kind not in ("x", "config"):
                    dtype = np.int64 if a.integer else made.dtype
                    self.get(a.name, a.shape(sizes), dtype)
            self.names[place] = [a.name for a in made.arguments[function]]
        return [self.arrays[name] for name in self.names[place]]

    def __getstate__(self):  # what was found for these arrays is found again for their copies
        return {**vars(self), "names": {}, "entering": None, "gathered": None, "cleared": ()}


class Workspace:
    """Arrays that successive calls share: with one, a repeated step takes no new memory.

    What a call with a workspace returns lives in it, and is overwritten by the next call of the
    same cell and sizes: copy what must outlast it.
    """

    def __init__(self):
        self._arenas, self._known = {}, {}

    def arena(self, key, dtype, sizes):
        """The arrays of this cell at these sizes (K, T, B, D, H), made at first use."""
        place = key, str(dtype), tuple(sizes.values())
        if place not in self._arenas:
            self._arenas[place] = Arena(sizes, fresh=False)
        return self._arenas[place]

    def known(self, prepare, key, params, x):
        """``prepare(key, params, x)``, checked once for arrays of these types and shapes."""
        arrays = {"x": x, **params}
        place = get_spec(key).key, *((n, type(a), np.shape(a), getattr(a, "dtype", None))
                       for n, a in arrays.items())  # fmt: skip
        if place not in self._known:
            self._known[place] = prepare(key, params, x)._replace(x=None, params=None)
        return self._known[place]._replace(x=x, params=params)

    def holds(self, tape):
        """Whether a tape was made in this workspace."""
        return any(tape.arena is arena for arena in self._arenas.values())

    @property
    def nbytes(self):
        """Bytes held."""
        arenas = self._arenas.values()
        return sum(a.nbytes for arena in arenas for a in arena.arrays.values())


class Tape(NamedTuple):
    """What ``unroll_backward`` needs: made by ``unroll``, opaque to everybody else."""

    code: Code
    params: dict  # each (K, ...)
    options: dict
    arena: Arena
    call: int  # of the runs forward in this arena, which one this is
    lengths: np.ndarray | None  # (B,)
    begins: np.ndarray  # (T, B), or (0, B) where every step starts from the one before


def unroll(
    key, params, x, state0=None, workspace=None, *, lengths=None, resets=None, config=None, **inputs
):  # fmt: skip
    """Run a cell along a sequence by code made from its equations; the caller has checked all.

    As ``numpy_nn.fast.unroll``, which checks: params, each parameter of the spec; x (T, B, D);
    state0, each (B, H), the cell's own if None; workspace, a ``Workspace`` to compute in, or None
    for fresh arrays; lengths (B,) and resets (T, B), NumPy arrays or None; config overrides the
    spec's constants; inputs, what else a step reads, each (T, B, H), zero where it is not given.

    Returns y (T, B, H), the last states (a NamedTuple, each (B, H)) and the tape for
    ``unroll_backward``.  ImportError where Numba or SciPy is missing.
    """
    spec = get_spec(key)
    T, B, D = x.shape
    H = next(iter(parameters.blocks(spec, one(params)).values())).shape[1]
    state0 = spec.initial_state(x, H) if state0 is None else state0
    dtype = np.result_type(x, *params.values(), *(s for s in state0 if s.dtype.kind == "f"))
    state0 = [(s if s.dtype.kind in "iu" else s.astype(dtype))[None] for s in state0]
    inputs = {n: inputs.get(n, np.zeros((T, B, H), dtype)) for n in spec.inputs}
    mask = None if lengths is None else np.arange(T)[:, None] < lengths
    y, last, tape = forward(
        spec, one(params), x[None], state0, {"K": 1, "T": T, "B": B, "D": D, "H": H}, dtype,
        workspace, mask, resets, spec.options(config), one(inputs),
    )  # fmt: skip
    return y[0], state_type(spec.states)(*(s[0] for s in last)), tape


def one(arrays):
    """Views with an axis of nets, of which there is one."""
    return {name: a[None] for name, a in arrays.items()}


def forward(
    spec, params, x, state0, sizes, dtype, workspace, mask, resets, options, inputs
):  # fmt: skip
    """``unroll`` of K nets with checked arguments: x (1 or K, T, B, D), all else (K, ...).

    mask (T, B), true where a step counts, and resets (T, B), or None.  Returns y (K, T, B, H), last
    states and the tape.
    """
    made = code(spec, dtype)
    K, T, B, D, H = (sizes[axis] for axis in "KTBDH")
    _needs_equal_widths(made, D, H)
    options = options | parameters.clocks(spec, options, H)
    if workspace is None:
        arena = Arena({axis: sizes[axis] for axis in "KTBDH"}, fresh=True)
    else:
        arena = workspace.arena(spec.key, dtype, {axis: sizes[axis] for axis in "KTBDH"})
    arena.calls += 1
    begins = np.zeros((0, B), bool) if resets is None else resets
    lengths = None if mask is None else mask.sum(axis=0)
    if mask is not None:
        beyond = ~mask
        begins = beyond if resets is None else beyond | resets
        x = np.where(beyond[..., None], x.dtype.type(0), x)
        inputs = {n: np.where(beyond[..., None], v.dtype.type(0), v) for n, v in inputs.items()}
    y = arena.result("result_y", (K, T, B, H), dtype)
    last = [arena.result(f"result_{n}", s.shape, s.dtype)
            for n, s in zip(spec.states, state0, strict=True)]  # fmt: skip
    tape = Tape(made, params, options, arena, arena.calls, lengths, begins)
    if not T * B * K:
        y[...] = 0
        for out, s in zip(last, state0, strict=True):
            out[...] = s
        return y, last, tape
    with np.errstate(all="ignore"):  # what is not finite shows in the results
        parameters.prepare(made, params, options, arena)
        _load("x", x, arena, dtype)
        for name, value in inputs.items():
            _load(f"input_{name}", value, arena, dtype)
        states = []
        for name, value in zip(spec.states, state0, strict=True):
            size, matrix = value[0].size, name in spec.matrices
            along = arena.get(f"states_{name}", (K, T + 1, size), value.dtype)
            into_columns(value, along[:, 0], matrix)
            if len(begins):
                into_columns(value, arena.get(f"first_{name}", (K, size), value.dtype), matrix)
            states.append(along)
        sizes = arena.sizes | {"S": arena.stretches(made)[0], "R": len(begins)}
        arguments = arena.arguments(made, "forward", sizes)
        if arena.entering is None:
            entering = _products_of_inputs(made, arena, sizes)
            arena.entering = entering
        for start in range(0, T, sizes["S"]):
            stop = min(start + sizes["S"], T)
            for weights, operand, result, whole in arena.entering:
                at = start if whole else 0
                made.shared.products(weights, operand, result, start, stop, at, B)
            made.call["forward"](K, start, stop, B, H, begins, NOWHERE, *arguments)
    output = next((s for s, v in zip(states, made.plan.program.states.values(), strict=True)
                   if v is made.plan.program.output), None)  # fmt: skip
    from_columns(arena.arrays["all_y"] if output is None else output[:, 1:], y)
    if lengths is not None:
        y[:, beyond] = 0
    for name, out, along in zip(spec.states, last, states, strict=True):
        if lengths is None:
            from_columns(along[:, -1], out, name in spec.matrices)
        else:
            ends = along.reshape(K, T + 1, -1, B)[:, lengths, :, np.arange(B)]  # (B, K, ·)
            out[...] = ends.swapaxes(0, 1).reshape(out.shape)
    return y, last, tape


def _needs_equal_widths(made, D, H):
    """An equation that reads x unit by unit needs as many inputs as units."""
    bodies = (*made.plan.forward, *made.plan.backward)
    loaded = any(place.kind == "x" for body in bodies for _, place in body.loads)
    if loaded and D != H:
        raise ShapeError(
            f"x: {made.spec.key} reads x unit by unit, so axis D should be H={H}, got {D}"
        )


def _load(name, rows, arena, dtype):
    """What a step reads, as it was given and in columns."""
    nets, T, B, N = rows.shape
    np.copyto(arena.get(f"rows_{name}", rows.shape, dtype), rows, casting="same_kind")
    into_columns(rows, arena.get("all_x" if name == "x" else name, (nets, T, N * B), dtype))


def _operand(product):
    """(array in columns, as it was given, the gradient of that) of an input that is multiplied."""
    op, what = product.operand.op, product.operand.what
    if op == "x":
        return "all_x", "rows_x", "rows_dx"
    return f"input_{what}", f"rows_input_{what}", f"rows_dinput_{what}"


def _products_of_inputs(made, arena, sizes):
    """[(weights, operand, result, whether result holds all steps)], which need not wait."""
    found = []
    whole = {a.name for a in made.arguments["forward"] if a.kind == "products"}
    for product in made.plan.program.products:
        if product.operand.op in ("x", "input"):
            name, n = f"products_{product.name}", len(product.values)
            steps = sizes["T" if name in whole else "S"]
            shape = sizes["K"], steps, n, sizes["H"] * sizes["B"]
            arrays = (f"weights_{product.name}", _operand(product)[0])
            found.append((*(arena.arrays[a] for a in arrays),
                          arena.get(name, shape, made.dtype), name in whole))  # fmt: skip
    return found


class Sums:
    """What a product's weights, its biases and its input receive, stretch by stretch."""

    def __init__(self, made, product, arena, sizes, columns):
        self.sizes, self.columns = sizes, columns
        K, B = sizes["K"], sizes["B"]
        self.weights = arena.arrays[f"weights_{product.name}"]
        self.total = arena.get(f"dweights_{product.name}", self.weights.shape, made.dtype)
        self.part = arena.get(f"part_{product.name}", self.weights.shape, made.dtype)
        k, self.dx, self.others = self.weights.shape[2], None, None
        if product.operand.op in ("x", "input"):
            _, given, result = _operand(product)
            self.operand = arena.arrays[given]
            self.dx = arena.get(result, (K, *self.operand.shape[1:]), made.dtype)
        else:
            place = operand_place(made.plan, product)
            array, later = place.array, place.kind == "states" and place.block
            if place.kind == "states" and not later and sizes["R"]:
                array = f"before_{place.name}"
            operand = arena.arrays[array][:, 1 if later else 0 :][:, : sizes["T"]]
            self.operand = operand.reshape(K, sizes["T"], k, B) if B != 1 else operand
            self.others = arena.get(f"others_{product.name}", (K * k * sizes["S"] * B,), made.dtype)

    def add(self, start, stop):
        """The steps from start to stop, whose gradients ``columns`` holds."""
        K, B, steps = self.sizes["K"], self.sizes["B"], stop - start
        n, k = self.total.shape[1:]
        left = self.columns[: K * n * steps * B]
        operand = self.operand[:, start:stop]
        left = left.reshape(K, steps, n).swapaxes(1, 2) if B == 1 else left.reshape(K, n, -1)
        if B == 1 or self.others is None:
            right = operand.reshape(len(operand), steps * B, k)
        else:
            right = self.others[: K * k * steps * B].reshape(K, k, steps, B)
            np.copyto(right, operand.swapaxes(1, 2))
            right = right.reshape(K, k, steps * B).swapaxes(1, 2)
        self.total += np.matmul(left, right, out=self.part)
        if self.dx is not None:
            out = self.dx[:, start:stop].reshape(K, steps * B, k)
            if K > 1 and steps < self.sizes["T"]:  # a copy: a part of each of several nets
                self.dx[:, start:stop] = np.matmul(left.swapaxes(1, 2), self.weights).reshape(
                    K, steps, B, k
                )
            else:
                np.matmul(left.swapaxes(1, 2), self.weights, out=out)


class Gathered:
    """The gradients of a product in a stretch, turned to (n·H, steps·B), and their sums."""

    def __init__(self, made, name, products, arena, sizes):
        self.sizes, n = sizes, len(products[0].values) * sizes["H"]
        self.dproduct = arena.arrays[name]
        size = sizes["K"] * n * sizes["S"] * sizes["B"]
        self.columns = arena.get(f"columns_{name}", (size,), made.dtype)
        self.products = [Sums(made, p, arena, sizes, self.columns) for p in products]
        names = [p.name for p in products]
        self.biases = [
            (block, arena.get(f"dvector_{vector}", (sizes["K"], sizes["H"]), made.dtype))
            for vector, (of, block) in made.plan.derivative.sums.items() if of in names
        ]  # fmt: skip

    def add(self, start, stop):
        """The steps from start to stop, which the generated code has just gone back."""
        K, B, H, steps = (*(self.sizes[axis] for axis in "KBH"), stop - start)
        n = self.dproduct.shape[2]
        given = self.dproduct[:, :steps]
        left = self.columns[: K * n * H * steps * B]
        if B == 1:
            left = left.reshape(K, steps, n, H)
            np.copyto(left, given)
            sums = left.sum(axis=1)
        else:
            left = left.reshape(K, n * H, steps, B)
            np.copyto(left, given.reshape(K, steps, n * H, B).swapaxes(1, 2))
            sums = left.reshape(K, n, H, steps * B).sum(axis=3)
        for block, vector in self.biases:
            vector += sums[:, block]
        for product in self.products:
            product.add(start, stop)


def _gathered(made, arena, sizes):
    """What adds up the gradients of all products, by the array that holds their results'."""
    by_name = {}
    for product in made.plan.program.products:
        name = gradient_of(made.plan, product)
        if name:
            by_name.setdefault(name, []).append(product)
    return [Gathered(made, name, products, arena, sizes) for name, products in by_name.items()]


def history(tape, name):
    """A state after every step, (T, B, H), zero beyond an end; name as in the spec's states."""
    _, T, B, _, H = tape.arena.sizes.values()
    along = np.zeros((1, T, B, H), tape.code.dtype)
    if along.size:
        from_columns(tape.arena.arrays[f"states_{name}"][:, 1:], along)
    if tape.lengths is not None:
        along[:, np.arange(T)[:, None] >= tape.lengths] = 0
    return along[0]


def unroll_backward(tape, dy, dlast=None, dhistory=None):
    """Back-propagation through time by generated code.

    dy (T, B, H), the gradient of every output; dlast, that of the last states (a tuple in the order
    of the spec's states, each (B, H) or None), zero if None; dhistory {state: (T, B, H)}, that of
    ``history``, for cells with further inputs.  What they hold beyond an end is not read.

    Returns dx (T, B, D), dstate0 (NamedTuple, each (B, H); every reset adds to it) and grads with
    the keys of params, and with each further input by its name, (T, B, H).
    """
    spec, (_, _, B, _, H) = tape.code.spec, tape.arena.sizes.values()
    dlast = (None,) * len(spec.states) if dlast is None else dlast
    shapes = [(B, H, H) if name in spec.matrices else (B, H) for name in spec.states]
    dlast = [np.zeros(shape, tape.code.dtype) if d is None else d
             for d, shape in zip(dlast, shapes, strict=True)]  # fmt: skip
    dx, dstate0, grads = backward(tape, dy[None], [d[None] for d in dlast], one(dhistory or {}))
    grads = {name: g[0] for name, g in grads.items()}
    return dx[0], state_type(spec.states)(*(d[0] for d in dstate0)), grads


def backward(tape, dy, dlast, dhistory=None):
    """``unroll_backward`` of K nets with checked arguments: all (K, ...)."""
    made, arena = tape.code, tape.arena
    if tape.call != arena.calls:
        raise RuntimeError(
            "tape: a later unroll has overwritten its workspace; "
            "go backward before the next unroll, or use one workspace for each"
        )
    spec, dtype = made.spec, np.dtype(made.dtype)
    K, T, B, D, H = (arena.sizes[axis] for axis in "KTBDH")
    dx = arena.result("result_dx", (K, T, B, D), dtype)
    dinputs = {n: arena.result(f"result_d{n}", (K, T, B, H), dtype) for n in spec.inputs}

    def new(name, shape):
        array = arena.result(name, shape, dtype)
        array[...] = 0
        return array

    dstate0 = [new(f"result_d{n}", d.shape) if d.dtype.kind == "f" else d
               for n, d in zip(spec.states, dlast, strict=True)]  # fmt: skip
    flowing = [(n, d, out) for n, d, out in zip(spec.states, dlast, dstate0, strict=True)
               if n in made.plan.flowing]  # fmt: skip
    if not T * B * K:
        for array in (dx, *dinputs.values()):
            array[...] = 0
        for _, d, out in flowing:
            out[...] = d
        grads = {n: new(f"grads_{n}", p.shape) for n, p in tape.params.items()}
        return dx, dstate0, grads | dinputs
    lengths, dhistory = tape.lengths, dhistory or {}
    ends = NOWHERE
    if lengths is not None:
        beyond, ends = np.arange(T)[:, None] >= lengths, lengths.astype(np.int64)
        dy = np.where(beyond[..., None], dtype.type(0), dy)
        dhistory = {n: np.where(beyond[..., None], dtype.type(0), d) for n, d in dhistory.items()}
    S = arena.stretches(made)[1]
    sizes = arena.sizes | {"S": S, "R": len(tape.begins)}
    np.copyto(arena.get("all_dy", dy.shape, dtype), dy, casting="same_kind")
    for name in made.plan.program.states:
        given = arena.get(f"dstates_{name}", (K, T, H * B), dtype) if spec.inputs else None
        if name in dhistory:
            into_columns(dhistory[name], given)
        elif given is not None:
            given[...] = 0
    for name, d, _ in flowing:
        matrix, shape = name in spec.matrices, (K, d[0].size)
        full = d if lengths is None else d * np.expand_dims(lengths == T, (1, 2)[: 1 + matrix])
        into_columns(full, arena.get(f"carried_{name}", shape, dtype), matrix)
        into_columns(d, arena.get(f"dlast_{name}", shape, dtype), matrix)
    arguments = arena.arguments(made, "backward", sizes)
    if arena.gathered is None:
        gathered = _gathered(made, arena, sizes)
        begin = [a for n, a in arena.arrays.items()
                 if n.startswith(("dvector_", "dfirst_", "back_", "dweights_"))]  # fmt: skip
        arena.gathered, arena.cleared = gathered, begin
    for array in arena.cleared:
        array[...] = 0
    with np.errstate(all="ignore"):
        for product in made.plan.program.products:
            turned = arena.arrays.get(f"turned_{product.name}")
            if turned is not None:
                made.shared.turn_all(arena.arrays[f"weights_{product.name}"], turned)
        for start in reversed(range(0, T, S)):
            stop = min(start + S, T)
            made.call["backward"](K, start, stop, B, H, tape.begins, ends, *arguments)
            for sums in arena.gathered:
                sums.add(start, stop)
        for product in made.plan.program.products:
            back = arena.arrays.get(f"back_{product.name}")
            if product.operand.op == "before" and back is not None:
                arena.arrays[f"carried_{product.operand.what}"] += back[:, 0]
        for name, d, out in flowing:
            total = arena.arrays[f"carried_{name}"] + arena.arrays[f"dfirst_{name}"]
            from_columns(total, out, name in spec.matrices)
            if lengths is not None:  # a sequence without steps
                out[:, lengths == 0] += d[:, lengths == 0]
        _input_gradient(arena, "dx", dx)
        for name, out in dinputs.items():
            _input_gradient(arena, f"dinput_{name}", out)
        grads = parameters.gradients(
            made, tape.params, tape.options, arena, lambda n, shape: arena.result(n, shape, dtype)
        )
    return dx, dstate0, grads | dinputs


def _input_gradient(arena, name, out):
    """Sum of what an input receives from its product, in rows, and unit by unit, in columns."""
    rows = arena.arrays.get(f"rows_{name}")
    columns = arena.arrays.get("all_dx" if name == "dx" else name)
    if columns is None:
        np.copyto(out, 0 if rows is None else rows)
        return
    from_columns(columns, out)
    if rows is not None:
        out += rows
