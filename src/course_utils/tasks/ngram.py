"""The baseline of every language model: count what followed the last few characters."""

from collections import Counter, defaultdict

import numpy as np


class NGram:
    """Characters given the ``order - 1`` before them; shorter contexts fill in what is unseen.

    Witten-Bell interpolation: with c(context) occurrences followed by u different characters,
    p(x | context) = (c(context x) + u p(x | shorter context)) / (c(context) + u); below the
    shortest stands the uniform distribution.
    """

    def __init__(self, ids, order, size):
        """ids (N,) of training tokens below ``size``."""
        if order < 1:
            raise ValueError(f"order: expected at least 1, got {order}")
        self.order, self.size = order, size
        self.counts = [defaultdict(Counter) for _ in range(order)]
        ids = [int(i) for i in ids]
        for k, table in enumerate(self.counts):
            for i in range(k, len(ids)):
                table[tuple(ids[i - k : i])][ids[i]] += 1

    def probabilities(self, ids, start):
        """p of each token of ids (N,) from ``start`` on, given those before it -> (N - start,)."""
        ids = [int(i) for i in ids]
        p = np.full(len(ids) - start, 1 / self.size)
        for k, table in enumerate(self.counts):
            for j in range(max(start, k), len(ids)):
                seen = table.get(tuple(ids[j - k : j]))
                if seen:
                    total, kinds = seen.total(), len(seen)
                    p[j - start] = (seen[ids[j]] + kinds * p[j - start]) / (total + kinds)
        return p

    @property
    def entries(self):
        """How many counts the model holds, over all context lengths."""
        return sum(len(seen) for table in self.counts for seen in table.values())

    def bits(self, ids, start=0):
        """Mean bits per character of ids from ``start`` on."""
        return float(-np.log2(self.probabilities(ids, start)).mean())
