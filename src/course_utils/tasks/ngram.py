"""The baseline of every language model: count what followed the last few characters."""

from collections import Counter, defaultdict

import numpy as np

from course_utils.shapes import expect_ids, positive_integer


class NGram:
    """Characters given the ``order - 1`` before them; shorter contexts fill in what is unseen.

    Witten-Bell interpolation: with c(context) occurrences followed by u different characters,
    p(x | context) = (c(context x) + u p(x | shorter context)) / (c(context) + u); below the
    shortest stands the uniform distribution.
    """

    def __init__(self, ids, order, size):
        """ids (N,) of training tokens below ``size``."""
        positive_integer(order=order, size=size)
        ids = expect_ids("ids", ids, size).tolist()
        self.order, self.size = order, size
        self.counts = [defaultdict(Counter) for _ in range(order)]
        for k, table in enumerate(self.counts):
            for i in range(k, len(ids)):
                table[tuple(ids[i - k : i])][ids[i]] += 1

    def probabilities(self, ids, start):
        """p of each token of ids (N,) from ``start`` on, given those before it -> (N - start,)."""
        ids = expect_ids("ids", ids, self.size).tolist()
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


class KneserNey:
    """Interpolated Kneser-Ney smoothing, which counting is hardest to beat with.

    The longest context subtracts a discount d from every count and gives what it saves to the next
    shorter one, p(x | context) = (max(c(context x) - d, 0) + d u p(x | shorter)) / c(context), with
    u as in NGram.  A shorter context does not count how often x followed it, but how many different
    characters stood before the two.  d = n1 / (n1 + 2 n2) for each length, n1 and n2 the numbers of
    counts that are one and two; below the shortest stands the uniform distribution.
    """

    def __init__(self, ids, order, size):
        """ids (N,) of training tokens below ``size``."""
        positive_integer(order=order, size=size)
        ids = expect_ids("ids", ids, size).tolist()
        self.order, self.size = order, size
        self.tables = [defaultdict(Counter) for _ in range(order)]
        for j in range(order - 1, len(ids)):
            self.count(ids, j)
        self.discounts = [discount(table) for table in self.tables]

    def count(self, ids, j):
        """Count character j with the contexts before it, longest first.

        A shorter context counts only what the longer one saw for the first time: then a character
        stands before the two that did not stand there yet.
        """
        for k in reversed(range(self.order)):
            seen = self.tables[k][tuple(ids[j - k : j])]
            seen[ids[j]] += 1
            if seen[ids[j]] > 1:
                break

    def surprises(self, ids, start, learn=False):
        """Bits of each character of ids (N,) from ``start`` on, given those before it.

        learn: go on counting, each character after it was predicted; this changes the model.
        """
        ids, bits = expect_ids("ids", ids, self.size).tolist(), []
        for j in range(start, len(ids)):
            p = 1 / self.size
            for k, (table, d) in enumerate(zip(self.tables, self.discounts, strict=True)):
                seen = table.get(tuple(ids[j - k : j])) if k <= j else None
                if not seen:
                    break  # what was never seen is the end of no longer context that was
                p = (max(seen[ids[j]] - d, 0) + d * len(seen) * p) / seen.total()
            bits.append(-np.log2(p))
            if learn and j >= self.order - 1:
                self.count(ids, j)
        return np.array(bits)

    def distribution(self, context):
        """p of every character after the characters ``context`` (a sequence of ids) -> (size,)."""
        p = np.full(self.size, 1 / self.size)
        context = tuple(expect_ids("context", context, self.size).tolist())
        for k, (table, d) in enumerate(zip(self.tables, self.discounts, strict=True)):
            seen = table.get(context[len(context) - k :]) if k <= len(context) else None
            if not seen:
                break
            p *= d * len(seen) / seen.total()
            p[list(seen)] += (np.array(list(seen.values())) - d).clip(0) / seen.total()
        return p

    @property
    def entries(self):
        """How many counts the model holds, over all context lengths."""
        return sum(len(seen) for table in self.tables for seen in table.values())


def discount(table):
    """n1 / (n1 + 2 n2), kept inside (0, 1) for tables with few counts."""
    kinds = Counter(c for seen in table.values() for c in seen.values())
    ones, twos = kinds[1] or 1, kinds[2] or 1
    return ones / (ones + 2 * twos)
