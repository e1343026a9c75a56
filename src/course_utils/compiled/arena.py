"""Memory of the compiled layers: made once for a size, used again and again."""

import numpy as np

from course_utils.compiled.columns import aligned, stretches
from course_utils.specs import get_spec


class Arena:
    """The arrays of one cell at one size, by name; calls: how many runs forward it has seen."""

    def __init__(self, sizes, fresh):
        self.sizes, self.fresh, self.calls = sizes, fresh, 0
        self.arrays, self.prelude, self.cleared, self.found = {}, {}, (), {}
        # found once for the arrays that there are
        self.names, self.views = {}, {}

    def get(self, name, shape, dtype):
        """An array kept from call to call, zero where nobody has written yet."""
        found = self.arrays.get(name)
        if found is None or found.shape != shape or found.dtype != dtype:
            found = self.arrays[name] = aligned(shape, dtype)
            self.names, self.views = {}, {}
        return found

    def view(self, name, shape, seen, dtype):
        """An array of ``get``, seen in another shape."""
        found = self.views.get((name, seen))
        if found is None:
            found = self.views[name, seen] = self.get(name, shape, dtype).reshape(seen)
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
                if a.kind not in ("x", "rows_x", "config"):
                    dtype = np.int64 if a.integer else made.dtype
                    self.get(a.name, a.shape(sizes), dtype)
            self.names[place] = [a.name for a in made.arguments[function]]
        return [self.arrays[name] for name in self.names[place]]

    def __getstate__(self):  # what was found for these arrays is found again for their copies
        return {**vars(self), "names": {}, "views": {}, "cleared": ()}


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
        place = get_spec(key).key, _looks(x), *params, *map(_looks, params.values())
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
