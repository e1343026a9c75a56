"""Attention alone: look one key up among several, by learned embeddings, many nets at once.

Every weight has a leading axis S, one entry a seed; no recurrence, so that what is measured is the
attention's own.
"""

import math
from typing import NamedTuple

import numpy as np
import torch


class Questions(NamedTuple):
    """keys (S, B, N), no two alike; query (S, B), one of them; values (S, B, N); answer (S, B)."""

    keys: torch.Tensor
    query: torch.Tensor
    values: torch.Tensor
    answer: torch.Tensor


def questions(rngs, batch, *, positions, symbols, classes):
    """A batch for each generator."""
    parts = []
    for rng in rngs:
        keys = rng.random((batch, symbols)).argsort(axis=1)[:, :positions]
        place = rng.integers(positions, size=batch)
        values = rng.integers(classes, size=(batch, positions))
        rows = np.arange(batch)
        parts.append((keys, keys[rows, place], values, values[rows, place]))
    return Questions(*(torch.tensor(np.stack(part)) for part in zip(*parts, strict=True)))


class LookupNets:
    """S nets: embeddings of queries and keys (S, symbols, size), and a readout (S, K, K).

    scale divides the scores.  Entries of the embeddings start at unit variance.
    """

    def __init__(self, seeds, *, symbols, classes, size, scale=None):
        draws = [torch.Generator().manual_seed(seed) for seed in seeds]
        shapes = {"query": (symbols, size), "key": (symbols, size), "readout": (classes, classes)}
        self.weights = {
            name: torch.stack([torch.randn(shape, generator=g) for g in draws])
            for name, shape in shapes.items()
        }
        self.scale, self.classes = scale or math.sqrt(size), classes
        for value in self.weights.values():
            value.requires_grad_()

    def attend(self, asked):
        """Scores (S, B, N) and the query's vectors (S, B, size)."""
        rows = torch.arange(len(asked.keys))[:, None]
        query = self.weights["query"][rows, asked.query]
        keys = self.weights["key"][rows[..., None], asked.keys]  # (S, B, N, size)
        return (keys @ query[..., None])[..., 0] / self.scale, query

    def read(self, weights, asked):
        """Logits (S, B, K) from weights (S, B, N) over the positions."""
        said = torch.nn.functional.one_hot(asked.values, self.classes).to(weights.dtype)
        context = (weights[..., None, :] @ said)[..., 0, :]
        return context @ self.weights["readout"]

    @torch.no_grad()
    def accuracy(self, asked, hard=False):
        """Share of right answers of each net, a list of S; hard: by the largest weight alone."""
        weights = self.attend(asked)[0].softmax(dim=-1)
        if hard:
            weights = torch.nn.functional.one_hot(weights.argmax(-1), weights.shape[-1]).float()
        right = self.read(weights, asked).argmax(-1) == asked.answer
        return right.float().mean(dim=1).tolist()


def charged(logits, answer):
    """Cross-entropy of each answer: logits (…, K), answer (…) -> (…)."""
    picked = logits.log_softmax(dim=-1).gather(-1, answer[..., None])
    return -picked[..., 0]
