"""Memory of the compiled layers: made once for a size, used again and again."""

import numpy as np

from course_utils.compiled.columns import aligned, stretches
from course_utils.specs import get_spec


class Arena:
    """The arrays of one cell at one size, by name; calls: how many runs forward it has seen."""

    def __init__(self, sizes, fresh):
        self.sizes, self.fresh, self.calls = sizes, fresh, 0
        self.arrays, self.prelude, self.found, self.lent = {}, {}, {}, {}
        self.bound = None
        # found once for the arrays that there are
        self.names, self.cleared = {}, ()

    def get(self, name, shape, dtype):
        """An array kept from call to call, zero where nobody has written yet."""
        found = self.arrays.get(name)
        if found is None or found.shape != shape or found.dtype != dtype:
            found = self.arrays[name] = aligned(shape, dtype)
            self.names, self.cleared = {}, ()
        return found

    def result(self, name, shape, dtype):
        """An array for the caller: its own, or one that the next call overwrites."""
        if self.fresh:
            return np.empty(shape, dtype)
        found = self.lent[name] = self.get(name, shape, dtype)
        return found

    def given(self, name, array, dtype):
        """A caller's array that is read before the call returns: itself, or a copy kept here.

        A copy where generated code cannot read it as it lies, or might write to its memory.
        """
        if type(array) is np.ndarray and array.dtype == dtype and array.flags.carray:
            owner = array if array.base is None else array.base
            apart = getattr(owner, "dtype", None) == dtype  # memory lent by us is of bytes
            if apart or not any(np.may_share_memory(array, own) for own in self.lent.values()):
                return array
        copy = self.get(name, array.shape, dtype)
        np.copyto(copy, array, casting="same_kind")
        return copy

    def stretches(self, made):
        """Steps between two large products, on the way there and on the way back."""
        if "stretches" not in self.found:
            self.found["stretches"] = stretches(made.widest, self.sizes)
        return self.found["stretches"]

    def arguments(self, made, function, sizes, own):
        """What a generated function takes: own, arrays by name, the rest made where not there."""
        place = function, sizes["S"], sizes["R"]
        if place not in self.names:
            for a in made.arguments[function]:
                if a.kind not in ("x", "rows_x", "config") and a.name not in own:
                    dtype = np.int64 if a.integer else made.dtype
                    self.get(a.name, a.shape(sizes), dtype)
            self.names[place] = [a.name for a in made.arguments[function]]
        return [own[n] if n in own else self.arrays[n] for n in self.names[place]]

    def __getstate__(self):  # what was found for these arrays is found again for their copies
        return {**vars(self), "names": {}, "cleared": (), "bound": None, "lent": {}}


class Workspace:
    """Arrays that successive calls share: with one, a repeated step takes no new memory.

    What a call with a workspace returns lives in it, and is overwritten by the next call of the
    same cell and sizes: copy what must outlast it.
    """

    def __init__(self):
        self._arenas, self._known = {}, {}

    def arena(self, key, dtype, sizes):
        """The arrays of this cell at these sizes (K, T, B, D, H), made at first use."""
        place = key, np.dtype(dtype), tuple(sizes.values())
        if place not in self._arenas:
            self._arenas[place] = Arena(sizes, fresh=False)
        return self._arenas[place]

    def known(self, prepare, key, params, x):
        """``prepare(key, params, x)``, without these, checked once for arrays of these types."""
        place = prepare, get_spec(key).key, _looks(x), *params, *map(_looks, params.values())
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = prepare(key, params, x)._replace(x=None, params=None)
        return found

    def holds(self, tape):
        """Whether a tape was made in this workspace."""
        return any(tape.arena is arena for arena in self._arenas.values())

    @property
    def nbytes(self):
        """Bytes held."""
        arenas = self._arenas.values()
        return sum(a.nbytes for arena in arenas for a in arena.arrays.values())


def _looks(array):
    """What a check of an array depends on."""
    if type(array) is np.ndarray:
        return array.shape, array.dtype
    return type(array), np.shape(array), getattr(array, "dtype", None)
