"""The wrong variants of a task, those with equal results as one class, without the right ones."""

from typing import NamedTuple

import numpy as np

from course_utils import equations
from course_utils.grading.diagnosis import backward, forward

DIGITS = 9


class Wrong(NamedTuple):
    """words complete "your h is that of ..."; parts: what it computes; names: all its names."""

    words: str
    parts: dict
    names: tuple


def wrong_variants(task):
    """[`Wrong`]: what each single edit gives, told apart by results alone."""
    room, kind = (backward, "a backward pass") if task.above else (forward, "a cell")
    known = room.prepare(task)
    right = room.compute(task, known)
    results, names = {}, {}
    for variant in room.variants(task):
        parts = tried(room, task, known, variant)
        if parts is None:
            continue
        if not same(parts, right):
            key = key_of(parts)
            results.setdefault(key, parts)
            names.setdefault(key, []).append(f"{kind} {variant.words}")
    return [Wrong(names[k][0], parts, tuple(names[k])) for k, parts in results.items()]


def tried(room, task, known, variant):
    """The results of a variant, or None where it cannot run: such an answer shows an error."""
    try:
        with np.errstate(all="ignore"):
            parts = room.compute(task, known, variant)
    except (equations.EquationError, ValueError, IndexError, KeyError):
        return None
    return parts if all(np.isfinite(v).all() for v in parts.values()) else None


def same(parts, right):
    """Equal but for the order of additions."""
    return all(
        parts[n].shape == v.shape and np.allclose(parts[n], v, rtol=1e-8, atol=1e-10)
        for n, v in right.items()
    )


def key_of(parts):
    """Equal for equal results, whatever the order of additions was."""
    return tuple(
        (name, value.shape, tuple(np.round(value.ravel(), DIGITS) + 0.0))
        for name, value in sorted(parts.items())
    )
