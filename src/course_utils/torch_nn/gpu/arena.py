"""The arrays of one run of a cell, which stay where they are: a captured graph knows addresses."""

from functools import lru_cache, partial
from typing import NamedTuple

import torch

from course_utils.compiled.parameters import clocks


class Shape(NamedTuple):
    """All that decides which arrays a run has and which kernels are launched: a key to both.

    begins: whether rows may start anew before any step; ends: whether they may end before the
    last; inputs, weights: whether gradients of x and of parameters are wanted; grad: of anything.
    given: names of the parameters that there are, biases or not; constants: the config, as a tuple
    of pairs; products: PyTorch's settings for them.
    """

    schedule: object
    T: int
    B: int
    D: int
    H: int
    dtype: torch.dtype
    device: torch.device
    begins: bool
    ends: bool
    grad: bool
    inputs: bool
    weights: bool
    given: tuple
    constants: tuple
    products: tuple


class Arena:
    """Arrays by the names that kernels have for them, zero where nobody has written yet.

    ``low`` is the layer's dtype, that of products and of what the caller passes and gets; ``real``
    that of the arithmetic, float32 or float64.  ``states_h`` holds the states before every step,
    ``states_h_next`` those after, which are the next step's unless rows may start anew.
    """

    def __init__(self, shape):
        self.shape, self.schedule = shape, shape.schedule
        self.low, self.device = shape.dtype, shape.device
        self.real = torch.float64 if shape.dtype == torch.float64 else torch.float32
        self.sizes = {axis: getattr(shape, axis) for axis in "TBDH"}
        self.arrays, self.carried_over, self._steps = {}, [], {}
        self.options = dict(shape.constants)
        self.periods = _periods(self.schedule.spec, shape.constants, shape.H, shape.device)
        self.arrays |= {f"clock_{name}": p for name, p in self.periods.items()}
        for name, p in self.schedule.spec.shapes(shape.D, shape.H).items():
            self.new(f"param_{name}", p, self.low)
        for state in self.schedule.spec.states:
            self._state(state)
        if shape.begins:
            self.new("begins", (shape.T, shape.B), torch.bool)
        if shape.ends:
            self.new("ends", (shape.T, shape.B), torch.bool)

    def mask(self, name):
        """What ``slower`` leaves of a weight, (H, H): which units a unit of the clock reads."""
        period = self.periods[name]
        return self.new_of(f"mask_{name}", lambda: (period >= period[:, None]).to(self.low))

    def new(self, name, shape, dtype):
        """An array of this name, made at its first use."""
        make = partial(torch.zeros, shape, dtype=dtype, device=self.device)
        return self.new_of(name, make)

    def new_of(self, name, make):
        """An array of this name, make() at its first use."""
        if name not in self.arrays:
            self.arrays[name] = make()
        return self.arrays[name]

    def _state(self, state):
        """A state before and after each step, and the copies that products read."""
        of = self.schedule.arrays[f"states_{state}"]
        kinds = [(f"states_{state}", torch.int64 if of.integer else self.real)]
        if self.low != self.real and state in self.schedule.copied:
            kinds.append((f"low_states_{state}", self.low))
        self.carried_over += [name for name, _ in kinds]
        for name, dtype in kinds:
            T, size = self.shape.T, of.shape(self.sizes)[1:]
            if self.shape.begins:
                self.new(name, (T, *size), dtype), self.new(f"{name}_next", (T, *size), dtype)
                self.new(f"first_{name}", size, dtype)
                continue
            whole = torch.zeros(T + 1, *size, dtype=dtype, device=self.device)
            self.arrays[name], self.arrays[f"{name}_next"] = whole[:-1], whole[1:]

    def starts(self, state):
        """Where a state lies before the first step, and the copies of it: [(B, H), …]."""
        names = [n for n in (f"states_{state}", f"low_states_{state}") if n in self.arrays]
        if self.shape.begins:
            return [self.arrays[f"first_{n}"] for n in names]
        return [self.arrays[n][0] for n in names]

    def __getitem__(self, name):
        """The array of a pointer or a place, whole."""
        if name not in self.arrays:
            if name == "all_y" and self.schedule.output:
                return self[self.read("states", self.schedule.output, 1)]
            of = self.schedule.arrays[name]
            low = name in self.schedule.low
            dtype = torch.int64 if of.integer else self.low if low else self.real
            size = of.shape(self.sizes)
            if name in self.schedule.passing and not self.shape.grad:
                self.arrays[name] = self.new(f"step_of_{name}", size[1:], dtype).expand(size)
            else:
                self.new(name, size, dtype)
        return self.arrays[name]

    def read(self, kind, name, later):
        """The name of the array in which a product reads a place."""
        name = f"{kind}_{name}" if name else f"all_{kind}"
        if kind != "states":
            return name
        low = "low_" if self.low != self.real else ""
        return low + name + "_next" * bool(later)

    def operand(self, product):
        """The name of the array of a product's operand, (T, B, ·)."""
        place = self.schedule.operands[product.name]
        return self.read(place.kind, place.name, place.block)

    def pointer(self, name):
        """What a kernel is passed under this name, whole; None for a copy that nobody needs."""
        copy = name.startswith("low_") or (name == "all_y" and self.schedule.output)
        if copy and self.low == self.real:
            return None
        return self[name]

    def steps(self, name):
        """The array of a pointer at each step."""
        if name not in self._steps:
            whole = self.pointer(name)
            along = whole is not None and self.timed(name)
            self._steps[name] = whole.unbind() if along else (whole,) * self.shape.T
        return self._steps[name]

    def flat(self, name):
        """The array of a product or an operand at each step, (B, ·)."""
        if ("flat", name) not in self._steps:
            rows = [v.view(self.shape.B, -1) for v in self.steps(name)]
            self._steps["flat", name] = rows
        return self._steps["flat", name]

    def timed(self, name):
        """Whether the array of a pointer runs along time."""
        of = self.schedule.arrays.get(name)
        if of is None:
            return name.startswith(("states_", "low_states_"))
        return of.axes[0].startswith("T")

    def rows(self, name):
        """All steps of an array as rows of a matrix, (T·B, ·)."""
        whole = self[name]
        return whole.reshape(self.shape.T * self.shape.B, -1)

    def forget_steps(self):
        """Give up the views of single steps, which only launching needs."""
        self._steps = {}

    @property
    def nbytes(self):
        """Bytes held."""
        kept = {t.untyped_storage().data_ptr(): t.untyped_storage() for t in self.arrays.values()}
        return sum(storage.nbytes() for storage in kept.values())


@lru_cache(maxsize=64)
def _periods(spec, constants, H, device):
    """{name: (H,) integers}: made once, for a graph cannot capture the way to the device."""
    by_unit = clocks(spec, dict(constants), H)
    return {name: torch.from_numpy(values).to(device) for name, values in by_unit.items()}
