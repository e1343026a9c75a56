"""Is an emitted array the expected one, and if not, what is the likely cause?

`compare` is the only judge: nbval calls it in the grader, `grading.check` calls it for the public
seed.  What it says about a secret seed is one of five sentences.
"""

import math
from typing import NamedTuple

import numpy as np

RTOL, ATOL = 1e-4, 1e-6


CLOSED = {
    "missing": "the check did not give it",
    "kind": "it holds values of another kind",
    "shape": "it has another shape than it should have",
    "nan": "it holds NaN or infinity",
    "value": "its values differ",
}


class Verdict(NamedTuple):
    """ok, and what to tell the student; ``kind``: right, missing, shape, kind, nan or value."""

    ok: bool
    kind: str
    text: str


def compare(expected, got, rtol=RTOL, atol=ATOL, reveal=False):
    """expected Part; got Part, None or the text that says why there is none -> Verdict.

    Kind and shape exactly; floats within ``atol + rtol * |expected|``; NaN only where one is
    expected.  reveal: values, sizes and the student's own words may be shown (public seed only);
    without it the text is one of a few, for whatever else a student could choose would carry out
    what the secret seed's inputs were.
    """
    try:
        verdict = judged(expected, got, rtol, atol)
    except (ArithmeticError, MemoryError, TypeError, ValueError) as error:
        verdict = Verdict(False, "missing", f"it could not be compared: {type(error).__name__}")
    return verdict if reveal or verdict.ok else verdict._replace(text=CLOSED[verdict.kind])


def judged(expected, got, rtol, atol):
    """The verdict with all that there is to say."""
    if got is None:
        return Verdict(False, "missing", "the check did not give it")
    if isinstance(got, str):
        return Verdict(False, "missing", got)
    if one_hot(expected, got.values):
        text = f"shape {got.values.shape}, should be {expected.values.shape}: these are one-hot "
        return Verdict(False, "shape", text + "vectors, what is asked for are the numbers (ids)")
    if got.kind != expected.kind:
        return Verdict(False, "kind", f"should hold {expected.kind} values, holds {got.kind}")
    if got.values.shape != expected.values.shape:
        return Verdict(False, "shape", wrong_shape(expected.values, got.values))
    want, have = expected.values, got.values
    if expected.kind not in ("float", "complex"):
        wrong = want != have
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(have - want) <= atol + rtol * np.abs(want)
        same = (have == want) | (np.isnan(have) & np.isnan(want))
        wrong = ~(np.where(np.isfinite(want), near, False) | same)
    if not wrong.any():
        return Verdict(True, "right", "right")
    return Verdict(
        False,
        "nan" if not_finite(have, want) else "value",
        wrong_values(want, have, wrong),
    )


def one_hot(expected, have):
    """Are these the expected ids, each as the vector that has a one in its place?"""
    want = expected.values
    if expected.kind != "int" or have.dtype.kind not in "fib" or not have.size:
        return False
    if have.ndim != want.ndim + 1 or have.shape[:-1] != want.shape:
        return False
    return bool(np.isin(have, (0, 1)).all() and (have.argmax(axis=-1) == want).all()
                and (have.sum(axis=-1) == 1).all())  # fmt: skip


def not_finite(have, want):
    """Does ``have`` hold NaN or infinity where a finite number is expected?"""
    if want.dtype.kind not in "fc":
        return False
    return bool((np.isfinite(want) & ~np.isfinite(have)).any())


def wrong_shape(want, have):
    """Both shapes, and the slip that most often leads from one to the other."""
    text = f"shape {have.shape}, should be {want.shape}"
    if have.size == want.size and have.shape == want.shape[::-1]:
        return text + ": transposed?"
    if have.size == want.size > 1:
        return text + ": as many values, but cut or reshaped along another axis?"
    if have.ndim == want.ndim:
        axes = [k for k in range(want.ndim) if have.shape[k] != want.shape[k]]
        if len(axes) == 1:
            axis = axes[0]
            if have.shape[axis] - want.shape[axis] in (-1, 1):
                few = "few" if have.shape[axis] < want.shape[axis] else "many"
                return text + f": one too {few} along axis {axis}"
            return text + f": axis {axis} differs"
    if have.ndim == want.ndim - 1:
        return text + ": an axis was lost (a sum or an index too many?)"
    return text


def wrong_values(want, have, wrong):
    """Where the first difference is, how large, and the likely cause."""
    first = tuple(int(k) for k in np.argwhere(wrong)[0])
    at = f"[{', '.join(map(str, first))}]" if first else ""
    share = f"{int(wrong.sum())} of {wrong.size} values differ" if wrong.size > 1 else "it differs"
    yours, expected = told_apart(have[first], want[first])
    text = f"{share}; the first at {at or 'the only value'}: yours is {yours}"
    text += f", expected {expected}"
    cause = likely_cause(want, have, wrong)
    return f"{text}.{' ' + cause if cause else ''}"


def told_apart(one, other):
    """Two values as texts with as many digits as it takes to see that they differ, at least 4."""
    if not isinstance(one, (np.floating, np.complexfloating)):
        return tuple(repr(v if isinstance(v, str) else v.item())[:80] for v in (one, other))
    for digits in range(4, 18):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def likely_cause(want, have, wrong):
    """A guess that helps, or ""; only for arrays with something to recognise."""
    if want.dtype.kind != "f":
        return ""
    if not_finite(have, want):
        return "NaN or infinity: an overflow, a division by zero, or memory never filled?"
    if have.size > 1 and not have.any():
        return "All your values are zero."
    if want.size < 2:
        return ""
    if np.allclose(have, -want, rtol=1e-3):
        return "The sign is flipped."
    for axis in range(want.ndim):
        if want.shape[axis] > 1 and np.allclose(have, np.flip(want, axis), rtol=1e-3):
            return f"Reversed along axis {axis}?"
    if want.ndim == 2 and want.shape[0] == want.shape[1] and np.allclose(have, want.T, rtol=1e-3):
        return "Transposed?"
    if constant_factor(want, have):
        return "Every value is off by the same factor (a mean for a sum, or a factor forgotten?)."
    return first_axis(wrong)


def constant_factor(want, have):
    """Is ``have`` one number times ``want``?"""
    scale = float(np.sum(want * want))
    if scale == 0 or not math.isfinite(scale):
        return False
    factor = float(np.sum(have * want)) / scale
    return abs(factor - 1) > 1e-3 and bool(np.allclose(have, factor * want, rtol=1e-4, atol=1e-9))


def first_axis(wrong):
    """Right up to a step, or wrong at the last alone: the mark of a slip in a loop."""
    if wrong.ndim < 2 or wrong.shape[0] < 2:
        return ""
    steps = wrong.reshape(len(wrong), -1).any(axis=1)
    if not steps[0] and steps[-1]:
        return f"Right up to index {int(np.argmax(steps)) - 1} of axis 0, wrong from there on."
    if steps[0] and not steps[-1]:
        last = len(steps) - 1 - int(np.argmax(steps[::-1]))
        return f"Wrong up to index {last} of axis 0, right after it."
    return ""
