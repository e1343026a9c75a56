"""What `figures.reading_glass` shows of a character model: its weights, a text, and their price."""

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.packing import pack, unpack

LSTM = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def reading(weights, vocabulary, before, text, cells=None):
    """Pack a model of embedding, one LSTM layer and readout together with a text that it reads.

    weights: {name: array or tensor} as in a ``state_dict``: ``embedding.weight``; the LSTM's under
    any prefix, ``lstm.weight_ih_l0`` or ``weight_ih``; ``readout.weight``, ``readout.bias``.
    vocabulary: str, a character for each row of the embedding.  before, text: str, what is read
    first and what is shown.  cells: {name: {"cell", "sign"}}, to offer by name.
    -> plain data: these, the weights in 8 bits, "surprises", bits by character of ``text`` by the
    rounded weights, and "bits", their mean with the weights as given and rounded.  ValueError names
    a weight that is missing or too many, an unknown character, and an empty ``before``: the first
    character of all has no price.
    """
    if not before:
        raise ValueError("before: expected at least one character, which the network reads first")
    if unknown := sorted(set(before + text) - set(vocabulary)):
        raise ValueError(f"before, text: {unknown} are not in the vocabulary")
    named = _named(weights)
    packed = pack(named)
    exact, costs = (prices(w, vocabulary, before + text)[-len(text) :]
                    for w in (named, unpack(packed)))  # fmt: skip
    return {"vocabulary": vocabulary, "before": before, "text": text,
            "bits": {"given": float(exact.mean()), "rounded": float(costs.mean())},
            "surprises": costs.round(2).tolist(), "weights": packed,
            "cells": cells or {}}  # fmt: skip


def following(weights, vocabulary, characters, labels):
    """The cell that follows each label best: {name: {"cell", "sign", "correlation"}}.

    weights, vocabulary: as `reading` takes them; characters: str, N of them, read from an empty
    memory; labels: {name: (N,)}, what a reader knows after each character, NaN where nothing.
    The correlation, made positive by the sign, is Pearson's between label and c.  Of many cells one
    always follows somehow: measure it again on other text before you believe it.  ValueError names
    a label of another length.
    """
    named = _named(weights)
    ids = np.array([vocabulary.index(c) for c in characters])
    lstm = {name: named[name] for name in LSTM}
    _, last, tape = numpy_nn.unroll("lstm", lstm, named["embedding"][ids, None])
    c = np.concatenate([*(cache.c_prev for cache in tape.caches[1:]), last.c])  # (N, H)
    found = {}
    for name, label in labels.items():
        label = np.asarray(label, float)
        if label.shape != ids.shape:
            raise ValueError(f"labels[{name!r}]: expected {ids.shape}, got {label.shape}")
        known = ~np.isnan(label)
        apart = c[known] - c[known].mean(axis=0)
        values = label[known] - label[known].mean()
        sizes = np.linalg.norm(apart, axis=0) * np.linalg.norm(values)
        fits = values @ apart / np.maximum(sizes, 1e-12)
        cell = int(np.abs(fits).argmax())
        found[name] = {"cell": cell, "sign": float(np.sign(fits[cell])),
                       "correlation": float(abs(fits[cell]))}  # fmt: skip
    return found


def prices(weights, vocabulary, characters):
    """Bits of each of characters (str, N) but the first, from an empty memory -> (N - 1,)."""
    ids = np.array([vocabulary.index(c) for c in characters])
    x = weights["embedding"][ids[:-1], None]
    y, _, _ = numpy_nn.unroll("lstm", {name: weights[name] for name in LSTM}, x)
    scores = y[:, 0] @ weights["readout"].T + weights["readout_bias"]
    scores -= scores.max(axis=1, keepdims=True)
    nats = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(scores)), ids[1:]]
    return nats / np.log(2)


def _named(weights):
    """The seven arrays under short names."""
    ends = {"embedding": "embedding.weight", "readout": "readout.weight"}
    ends |= {"readout_bias": "readout.bias"} | {name: (f"{name}_l0", name) for name in LSTM}
    if deeper := [key for key in weights if key.endswith(("_l1", "_reverse"))]:
        raise ValueError(
            f"weights: expected one LSTM layer in one direction, got {deeper[0]!r} too"
        )
    found = {}
    for name, end in ends.items():
        key = next((k for k in weights if k.endswith(end)), None)
        if key is None:
            raise ValueError(f"weights: nothing ends in {end!r}; got {', '.join(weights)}")
        found[name] = np.asarray(weights[key], float)
    return found
