"""Vectors that lie one after the other, as parameters do: one sum for all of them."""

import numpy as np

from course_utils.compiled.columns import LINE


class Joined:
    """Vectors that follow one another in every parameter that they are sums of.

    They lie one after the other in the arena, and so do their gradients, so that one sum serves
    all.  names: theirs; parts: (parameter, rows).
    """

    def __init__(self, made, names, params, arena):
        K, B, H = (arena.sizes[axis] for axis in "KBH")
        self.names, self.parts, places = names, [], made.places
        for first, last in zip(places.vectors[names[0]], places.vectors[names[-1]], strict=True):
            name, rows = places.rows(params, first)
            self.parts.append((name, slice(rows.start, places.rows(params, last)[1].stop)))
        self.shape = (len(names), K, H)
        self.values = self._in_a_row(made, "vector", B, arena)
        kinds = {a.kind for a in made.arguments["backward"] if a.name in self._called("dvector")}
        self.gradients = None  # where some of them have none, or have it in another form
        if all(name in made.known for name in self._called("dvector")) and len(kinds) == 1:
            columns = B if kinds == {"dvector"} else 1  # summed over sequences already
            self.gradients = self._in_a_row(made, "dvector", columns, arena)

    def _called(self, kind):
        """Their arrays' names in an arena."""
        return [f"{kind}_{name}" for name in self.names]

    def _in_a_row(self, made, kind, columns, arena):
        """Arrays (K, H·columns), one for each name, in one; its view (names, K, H, columns)."""
        n, K, H = self.shape
        size, line = K * H * columns, LINE // np.dtype(made.dtype).itemsize
        shape = n, -(-size // line) * line
        whole = arena.get(f"joined_{kind}_{self.names[0]}", shape, made.dtype)
        for name, numbers in zip(self._called(kind), whole, strict=True):
            arena.put(name, numbers[:size].reshape(K, H * columns))
        return whole[:, :size].reshape(n, K, H, columns)

    def of(self, arrays, part):
        """The part of arrays (K, ...) by parameter, as (names, K, H)."""
        n, K, H = self.shape
        name, rows = part
        return arrays[name][:, rows].reshape(K, n, H).transpose(1, 0, 2)

    def sum_up(self, params):
        """Write the vectors: the sums of their parts, for every sequence."""
        first, *other = (self.of(params, part)[..., None] for part in self.parts)
        if other:
            np.add(first, other[0], out=self.values, dtype=self.values.dtype)
        else:
            self.values[...] = first


def neighbours(places):
    """The names of the vectors, in lists of those that follow one another in their parameters."""
    lists, at = [], None
    for name, symbols in places.vectors.items():
        now = [places.symbols[symbol] for symbol in symbols]
        if at is not None and now == [(parameter, k + 1, of) for parameter, k, of in at]:
            lists[-1].append(name)
        else:
            lists.append([name])
        at = now
    return lists
