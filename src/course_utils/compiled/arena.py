"""Memory of the compiled layers: made once for a size, used again and again."""

import numpy as np

from course_utils.compiled.columns import aligned, stretches
from course_utils.specs import get_spec


class Arena:
    """The arrays of one cell at one size, by name.

    calls: how many runs forward it has seen; nbytes: what it holds.
    """

    def __init__(self, sizes, fresh):
        self.sizes, self.fresh, self.calls = sizes, fresh, 0
        self.arrays, self.prelude, self.found, self.lent = {}, {}, {}, {}
        self.bound, self.bindings, self.nbytes = None, {}, 0

    def get(self, name, shape, dtype):
        """An array kept from call to call, zero where nobody has written yet."""
        found = self.arrays.get(name)
        if found is None or found.shape != shape or found.dtype != dtype:
            found = aligned(shape, dtype)
            self.nbytes += found.nbytes - (self.arrays[name].nbytes if name in self.arrays else 0)
            self.put(name, found)
        return found

    def put(self, name, array):
        """Make an array, such as a part of another one, that of this name."""
        self.arrays[name] = array
        self.bindings = {}  # they know the arrays that there were

    def result(self, name, shape, dtype):
        """An array for the caller: its own, or one that the next call overwrites."""
        if self.fresh:
            return np.empty(shape, dtype)
        found = self.lent.get(name)
        if found is None:
            found = self.lent[name] = self.get(name, shape, dtype)
        return found

    def readable(self, array, dtype):
        """Whether generated code can read a caller's array as it lies, and never writes to it."""
        if type(array) is not np.ndarray or array.dtype != dtype or not array.flags.carray:
            return False
        owner = array if array.base is None else array.base
        apart = getattr(owner, "dtype", None) == dtype  # memory lent by us is of bytes
        return apart or not any(np.may_share_memory(array, own) for own in self.lent.values())

    def given(self, name, array, dtype):
        """A caller's array that is read before the call returns: itself, or a copy kept here."""
        if self.readable(array, dtype):
            return array
        copy = self.get(name, array.shape, dtype)
        np.copyto(copy, array, casting="same_kind")
        return copy

    def stretches(self, made):
        """Steps between two large products, on the way there and on the way back."""
        if "stretches" not in self.found:
            self.found["stretches"] = stretches(made.widest, self.sizes)
        return self.found["stretches"]

    def known(self, of, made, *facts):
        """``of(made, self, *facts)``, made once for the arrays that there are; see ``bindings``."""
        place = of, made, facts
        found = self.bindings.get(place)
        if found is None:
            found = of(made, self, *facts)  # may ask for new arrays, which forgets the others
            self.bindings[place] = found
        return found

    def __getstate__(self):  # what was found for these arrays is found again for their copies
        return {**vars(self), "bindings": {}, "bound": None, "lent": {}}


class Workspace:
    """Arrays that successive calls share: with one, a repeated step takes no new memory.

    What a call with a workspace returns lives in it, and is overwritten by the next call of the
    same cell and sizes: copy what must outlast it.
    """

    def __init__(self):
        self._arenas, self._known = {}, {}

    def arena(self, spec, dtype, sizes):
        """The arrays of this cell at these sizes (K, T, B, D, H), made at first use."""
        place = spec, np.dtype(dtype), tuple(sizes.values())
        if place not in self._arenas:
            self._arenas[place] = Arena(sizes, fresh=False)
        return self._arenas[place]

    def known(self, prepare, key, params, x):
        """``prepare(key, params, x)``, without these, checked once for arrays of these types."""
        place = prepare, get_spec(key), _looks(x), *params, *map(_looks, params.values())
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = prepare(key, params, x)._replace(x=None, params=None)
        return found

    @classmethod
    def checked(cls, workspace):
        """What a caller gave: a Workspace or None; TypeError by name for any other thing."""
        if workspace is not None and not isinstance(workspace, cls):
            raise TypeError(
                f"workspace: expected a Workspace or None, got {type(workspace).__name__}; "
                "make one by numpy_nn.fast.Workspace()"
            )
        return workspace

    def holds(self, tape):
        """Whether a tape was made in this workspace."""
        return tape.arena in self._arenas.values()

    @property
    def nbytes(self):
        """Bytes held."""
        return sum(arena.nbytes for arena in self._arenas.values())


def _looks(array):
    """What a check of an array depends on."""
    if type(array) is np.ndarray:
        return array.shape, array.dtype
    return type(array), np.shape(array), getattr(array, "dtype", None)
