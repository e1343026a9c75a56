"""A kernel's arguments that are arrays: addresses into them, checked, counted, and raced for.

Programs of a launch run in no fixed order, and at the same time.  So each number remembers which
program read it and which wrote it; two programs of which one writes are a race, and an error.
"""

import numpy as np

from course_utils.kernels.blocks import Block, new_axes, operand

NOBODY, SEVERAL, ATOMIC = -1, -2, -3


class Memory:
    """The numbers of one array during a launch.

    loads, stores: how many numbers were read and written; reader, writer (size,): by whom.
    """

    def __init__(self, name, array):
        self.name, self.numbers, self.shape = name, array.reshape(-1), array.shape
        self.loads = self.stores = 0
        self.reader = np.full(array.size, NOBODY)
        self.writer = np.full(array.size, NOBODY)

    def read(self, places, program):
        """The numbers at places (k,)."""
        writer = self.writer[places]
        bad = (writer != NOBODY) & (writer != program)
        if bad.any():
            self.race(places[bad][0], f"{who(writer[bad][0])} writes", program, "reads")
        reader = self.reader[places]
        alone = (reader == NOBODY) | (reader == program)
        self.reader[places] = np.where(alone, program, SEVERAL)
        self.loads += len(places)
        return self.numbers[places]

    def write(self, places, values, program, atomic=False):
        """Store values (k,) at places (k,), or add them as one."""
        if not self.numbers.flags.writeable:
            raise ValueError(f"{self.name}: this array is read-only")
        mine = ATOMIC if atomic else program
        for other, does in ((self.writer[places], "writes"), (self.reader[places], "reads")):
            bad = (other != NOBODY) & (other != (mine if does == "writes" else program))
            if bad.any():
                self.race(places[bad][0], f"{who(other[bad][0])} {does}", program, "writes")
        if atomic:
            np.add.at(self.numbers, places, values)
        else:
            self.write_once(places, values, program)
        self.writer[places] = mine
        self.stores += len(places)

    def write_once(self, places, values, program):
        """A plain store: no place may get two values."""
        self.numbers[places] = values
        kept = self.numbers[places]
        twice = (kept != values) & ~((kept != kept) & (values != values))
        if twice.any():
            self.race(places[twice][0], "it writes", program, "writes")

    def race(self, place, first, program, second):
        """Two accesses whose order is left to chance."""
        what = "two values there" if first == "it writes" else f"what {first} in the same launch"
        row = f" (a row here is {self.shape[-1]} long)" if len(self.shape) > 1 else ""
        raise ValueError(
            f"{self.name}: program {program} {second} number {place}, {what}: which comes first is "
            "left to chance. Let one program do all that a number needs. Does the index depend on "
            f"tl.program_id, and do two numbers share one address{row}?"
        )


def who(program):
    """The program that was there first, in words."""
    return {SEVERAL: "another program", ATOMIC: "an atomic addition"}.get(
        int(program), f"program {program}"
    )


class Pointer:
    """Addresses of numbers of a `Memory`, one or a block: offsets from its first, int64."""

    __slots__ = ("memory", "offsets")

    def __init__(self, memory, offsets=0):
        self.memory, self.offsets = memory, np.asarray(offsets, np.int64)

    @property
    def name(self):
        """The argument that it came by."""
        return self.memory.name

    def __add__(self, other):
        return Pointer(self.memory, self.offsets + self.whole(other))

    __radd__ = __add__

    def __sub__(self, other):
        return Pointer(self.memory, self.offsets - self.whole(other))

    def __getitem__(self, place):
        return Pointer(self.memory, self.offsets[new_axes(place)])

    def no_number(self, *_):
        """An address in the place of a number."""
        raise TypeError(f"{self.name} is an address: tl.load({self.name} + index) gives numbers")

    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __mod__ = no_number
    __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __bool__ = __array_ufunc__ = no_number

    def whole(self, other):
        """What is added to an address: whole numbers."""
        found = np.asarray(operand(other))
        if found.dtype.kind not in "iub":
            raise TypeError(f"{self.name} + …: an index is a whole number, this is {found.dtype} "
                            "(// divides whole numbers)")  # fmt: skip
        return found.astype(np.int64)

    def as_wide(self, values, what, doing):
        """Values broadcast to the shape of the addresses."""
        if values.shape == self.offsets.shape:
            return values
        try:
            return np.broadcast_to(values, self.offsets.shape)
        except ValueError:
            raise ValueError(
                f"tl.{doing}({self.name}): {what} of shape {values.shape} for addresses of shape "
                f"{self.offsets.shape}"
            ) from None

    def places(self, mask, doing, program):
        """(flat offsets that the mask lets through, the mask); IndexError beyond the array."""
        keep = np.asarray(True if mask is None else operand(mask))
        if keep.dtype.kind != "b":
            raise TypeError(f"tl.{doing}({self.name}): a mask holds bools, such as index < n, this "
                            f"one holds {keep.dtype}")  # fmt: skip
        keep = self.as_wide(keep, "a mask", doing)
        places, size = self.offsets[keep], self.memory.numbers.size
        outside = places[(places < 0) | (places >= size)]
        if len(outside):
            raise IndexError(self.beyond(outside, size, mask is not None, doing, program))
        return places, keep

    def beyond(self, outside, size, masked, doing, program):
        """Which numbers are not there, and the likely remedy."""
        more = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
        verb = "reads" if doing == "load" else "writes"
        remedy = "the mask lets it through, so look at the index" if masked else (
            f"leave out what lies beyond the end, tl.{doing}(…, mask=index < n)"
        )  # fmt: skip
        return (
            f"{self.name}: program {program} {verb} number {outside[0]}{more} of an array of "
            f"{size} numbers, 0 to {size - 1}: {remedy}"
        )

    def load(self, mask, other, program):
        """The numbers there; where the mask is False ``other``, else NaN or the lowest integer."""
        places, keep = self.places(mask, "load", program)
        dtype = self.memory.numbers.dtype
        values = np.empty(self.offsets.shape, dtype)
        values[...] = nothing(dtype) if other is None else operand(other)
        values[keep] = self.memory.read(places, program)
        return Block(values)

    def store(self, value, mask, program, doing="store"):
        """Write a block, or add it as one where ``doing`` is "atomic_add"."""
        places, keep = self.places(mask, doing, program)
        found = self.as_wide(np.asarray(operand(value)), "a block", doing)
        values = found[keep].astype(self.memory.numbers.dtype)
        self.memory.write(places, values, program, atomic=doing == "atomic_add")


def nothing(dtype):
    """What stands where nothing was loaded: a value that is seen in every result."""
    return np.nan if dtype.kind == "f" else 0 if dtype.kind == "b" else np.iinfo(dtype).min
