"""Weights small enough to travel in a page: matrices in 8 bits a number, as text.

A matrix keeps one scale a row (symmetric, the largest magnitude is 127); a vector stays float32.
"""

import base64

import numpy as np

LARGEST = 127


def pack(weights):
    """{name: array of one or two axes} -> {name: {"shape", "scales", "values"}}, plain data.

    "values": base64 of int8 in row order, "scales": base64 of float32, one a row, little-endian; a
    vector has its float32 in "values" and no scales.  ValueError for another number of axes.
    """
    return {name: _packed(name, np.asarray(array)) for name, array in weights.items()}


def unpack(packed):
    """What `pack` made -> {name: float64 array}; in a matrix off by at most half a scale."""
    return {name: _unpacked(entry) for name, entry in packed.items()}


def _packed(name, array):
    if array.ndim not in (1, 2):
        raise ValueError(f"{name}: expected one or two axes, got {array.ndim}")
    if array.ndim == 1:
        return {"shape": list(array.shape), "values": _text(array, "<f4")}
    scales = (np.abs(array).max(axis=1) / LARGEST).astype("<f4")
    scales[scales == 0] = 1  # a row of zeros
    rounded = np.rint(array / scales[:, None].astype(float))
    return {"shape": list(array.shape), "scales": _text(scales, "<f4"),
            "values": _text(rounded.clip(-LARGEST, LARGEST), "i1")}  # fmt: skip


def _unpacked(entry):
    if "scales" not in entry:
        return _numbers(entry["values"], "<f4")
    values = _numbers(entry["values"], "i1").reshape(entry["shape"])
    return values * _numbers(entry["scales"], "<f4")[:, None]


def _text(array, dtype):
    return base64.b64encode(array.astype(dtype).tobytes()).decode()


def _numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype).astype(float)
