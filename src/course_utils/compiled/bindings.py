"""What a pass over time is bound to in an arena, found once: views of arrays, and arguments."""

import numpy as np


class Arguments:
    """The arrays that a generated function takes; those of the names in ``own`` come with a call.

    S: steps between two large products; R: of how many steps resets are known, T or 0.
    """

    def __init__(self, made, function, arena, S, R, own):
        sizes, arrays = arena.sizes | {"S": S, "R": R}, made.arguments[function]
        for a in arrays:
            if a.kind not in ("x", "rows_x", "config") and a.name not in own:
                arena.get(a.name, a.shape(sizes), np.int64 if a.integer else made.dtype)
        self.arrays = [arena.arrays.get(a.name) for a in arrays]
        self.places = {a.name: k for k, a in enumerate(arrays) if a.name in own}

    def with_own(self, *own):
        """The arrays in order; own: dicts of arrays by name, of which it may take some."""
        arrays = self.arrays.copy()
        for named in own:
            for name, array in named.items():
                if name in self.places:
                    arrays[self.places[name]] = array
        return arrays


class State:
    """A state of the caller, (K, B, H) or (K, B, H, H), and where an arena has it in columns.

    Views of the shape that ``turned`` gives to the caller's array: forward ``begin``, where the
    initial state goes, and ``end``, the last one; backward ``gradient``, that of the state that a
    stretch of steps ends with, ``first``, what resets add to it, and ``last``, where it comes from
    if sequences end early.  along: the states of all steps; carried: ``gradient``, not turned.
    """

    def __init__(self, name, made, arena):
        K, _, B, _, H = arena.sizes.values()
        matrix = name in made.spec.matrices
        self.axes = (0, 2, 3, 1) if matrix else (0, 2, 1)
        self.shape = (K, H, H, B) if matrix else (K, H, B)
        self.size = H * H * B if matrix else H * B

    def turned(self, rows):
        """A view of the caller's array with the sequences last."""
        return rows.transpose(self.axes)

    def view(self, columns):
        """Columns (K, ·B) of the arena, as ``turned`` has them."""
        return columns.reshape(self.shape)


class Forward:
    """A pass forward: where x, inputs and states go, and where the last states are."""

    def __init__(self, made, arena, nets_of_x, R):
        K, T, B, D, H = arena.sizes.values()
        self.rows = {n: arena.get(f"rows_input_{n}", (K, T, B, H), made.dtype)
                     for n in made.spec.inputs}  # fmt: skip
        self.rows["x"] = arena.get("rows_x", (nets_of_x, T, B, D), made.dtype)
        arena.get("all_x", (nets_of_x, T, D * B), made.dtype)
        self.states = []
        for name, value in made.plan.program.states.items():
            state, kind = State(name, made, arena), np.int64 if value.integer else made.dtype
            state.along = arena.get(f"states_{name}", (K, T + 1, state.size), kind)
            state.begin, state.end = [state.view(state.along[:, 0])], state.view(state.along[:, -1])
            if R:
                first = arena.get(f"first_{name}", (K, state.size), kind)
                state.begin.append(state.view(first))
            self.states.append(state)
        S = arena.stretches(made)[0]
        self.spans = spans(T, S)
        own = {"rows_y", *arena.bound.brought}
        self.arguments = Arguments(made, "forward", arena, S, R, own)


class Backward:
    """A pass backward: where gradients of states are, and what is cleared before.

    unit_by_unit: (input by name, None for x; whether no product gives its gradient; the columns
    that it receives from the loops, or None), for those where there is something to do.
    """

    def __init__(self, made, arena, R):
        K, T, B, _, H = arena.sizes.values()
        program, inputs = made.plan.program, made.spec.inputs
        self.dstates = {n: arena.get(f"dstates_{n}", (K, T, H * B), made.dtype)
                        for n in program.states if inputs}  # fmt: skip
        self.flowing = []
        for name in made.plan.flowing:
            state = State(name, made, arena)
            state.carried, last = (
                arena.get(f"{kind}_{name}", (K, state.size), made.dtype)
                for kind in ("carried", "dlast")
            )
            state.gradient, state.last = state.view(state.carried), state.view(last)
            self.flowing.append(state)
        S = arena.stretches(made)[1]
        self.spans = spans(T, S)[::-1]
        own = {"all_dy", "rows_dx", *(f"rows_dinput_{name}" for name in inputs)}
        own |= {*arena.bound.whole, *arena.bound.brought}
        self.arguments = Arguments(made, "backward", arena, S, R, own)
        for name, state in zip(made.plan.flowing, self.flowing, strict=True):
            state.first = state.view(arena.arrays[f"dfirst_{name}"])
        self.unit_by_unit = []
        for name in (None, *inputs):
            columns = "all_dx" if name is None else f"dinput_{name}"
            rows = "rows_dx" if name is None else f"rows_dinput_{name}"
            alone = rows not in made.known
            received = arena.arrays[columns] if columns in made.known else None
            if alone or received is not None:
                self.unit_by_unit.append((name, alone, received))
        begin = ("dvector_", "dfirst_", "back_")
        self.cleared = [a for n, a in arena.arrays.items() if n.startswith(begin)]
        self.turned, self.backs = [], []
        for product in program.products:
            turned = arena.arrays.get(f"turned_{product.name}")
            back = arena.arrays.get(f"back_{product.name}")
            if turned is not None and B > 1:
                self.turned.append((f"weights_{product.name}", turned))
            if back is not None and product.operand.op == "before":
                self.backs.append((arena.arrays[f"carried_{product.operand.what}"], back[:, 0]))


def spans(T, S):
    """(start, stop) of the stretches of S steps."""
    return [(start, min(start + S, T)) for start in range(0, T, S)]
