"""What a check cell emits and what crosses the sandbox's wall: arrays as plain, capped JSON.

A bundle is ``{"question": "q2", "parts": {"h": part, ...}}``; a part is ``{"kind", "shape",
"data"}`` with the values in one flat list.  Numbers that JSON lacks are the texts "nan", "inf" and
"-inf".  `pack` runs beside the student's code and is not trusted; `unpack` runs in the grader and
believes nothing.
"""

import base64
import binascii
import json
import math
import zlib
from typing import NamedTuple

import numpy as np

MIME = "application/vnd.unrolled.check+json"
MOST_VALUES = 100_000
MOST_PARTS = 64
KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex", "U": "text"}
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class BundleError(ValueError):
    """A value that no check can carry, or JSON that is no bundle; the message says why."""


class Part(NamedTuple):
    """One emitted array: kind ("float", "int", "bool", "complex", "text") and values."""

    kind: str
    values: np.ndarray


def pack(question, values):
    """The bundle of one check cell; values: dict of name -> array, number, text or tensor.

    A value that cannot be carried becomes a part of kind "unreadable" that says why, so that the
    other parts keep their points.
    """
    return {
        "question": str(question),
        "parts": {str(name): pack_part(value) for name, value in values.items()},
    }


def pack_part(value):
    """One array as {"kind", "shape", "data"}."""
    if hasattr(value, "detach"):  # a tensor; torch itself need not be there
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except Exception as error:  # whatever a student's __array__ may raise
        return {"kind": "unreadable", "why": f"{type(error).__name__}: {error}"[:300]}
    kind = KINDS.get(array.dtype.kind)
    if kind is None:
        what = type(value).__name__
        return {"kind": "unreadable", "why": f"a {what} is not an array of numbers"}
    if array.size > MOST_VALUES:
        return {"kind": "unreadable", "why": f"{array.size} values; at most {MOST_VALUES} fit"}
    flat = array.ravel()
    if kind == "complex":
        data = [plain(number) for z in flat.tolist() for number in (z.real, z.imag)]
    elif kind == "float":
        data = [plain(number) for number in flat.astype(float).tolist()]
    else:
        data = flat.tolist()
    return {"kind": kind, "shape": list(array.shape), "data": data}


def plain(number):
    """A float to ten digits, or the text that stands for one that JSON lacks.

    Ten, so that two machines derive the same exercise; every tolerance is far wider.  Next to the
    largest float, ten digits round to infinity: there the number stays as it is.
    """
    if math.isfinite(number):
        rounded = float(f"{number:.10g}")
        return rounded if math.isfinite(rounded) else number
    return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def unpack(raw):
    """Foreign JSON -> (question, {name: Part or the text that says why it cannot be read})."""
    if not isinstance(raw, dict) or not isinstance(raw.get("parts"), dict):
        raise BundleError("the check's output has not the form that `grading.check` gives it")
    question = raw.get("question")
    if not isinstance(question, str):
        raise BundleError("the check's output names no question")
    if len(raw["parts"]) > MOST_PARTS:
        raise BundleError(f"the check's output has more than {MOST_PARTS} parts")
    parts = {}
    for name, part in raw["parts"].items():
        try:
            parts[str(name)[:80]] = unpack_part(part)
        except BundleError as error:
            parts[str(name)[:80]] = str(error)
        except Exception as error:  # whatever NumPy makes of it: this part alone is refused
            parts[str(name)[:80]] = f"it cannot be read: {type(error).__name__}"
    return question, parts


def unpack_part(raw):
    """One part of foreign JSON as a Part; anything odd raises BundleError."""
    if not isinstance(raw, dict):
        raise BundleError("not an array")
    kind, shape, data = raw.get("kind"), raw.get("shape"), raw.get("data")
    if kind == "unreadable":
        raise BundleError(str(raw.get("why"))[:300])
    if kind not in KINDS.values():
        raise BundleError("an array of an unknown kind")
    if not isinstance(data, list) or len(data) > 2 * MOST_VALUES:
        raise BundleError("no list of values, or too long a list")
    if not isinstance(shape, list) or len(shape) > 16:
        raise BundleError("no shape")
    if not all(type(n) is int and 0 <= n <= MOST_VALUES for n in shape):
        raise BundleError("no shape")
    size = math.prod(shape)
    if len(data) != size * (2 if kind == "complex" else 1):
        raise BundleError("the number of values contradicts the shape")
    return Part(kind, read_values(kind, data).reshape(shape))


def read_values(kind, data):
    """A flat list of foreign JSON as an array of exactly this kind."""
    if kind in ("float", "complex"):
        numbers = np.array([read_number(v) for v in data], dtype=float)
        return numbers if kind == "float" else numbers[0::2] + 1j * numbers[1::2]
    wanted = {"int": int, "bool": bool, "text": str}[kind]
    if not all(type(v) is wanted for v in data):
        raise BundleError(f"values that are not all of kind {kind}")
    if kind == "int" and not all(-(2**63) <= v < 2**63 for v in data):
        raise BundleError("an integer beyond 64 bits")
    if kind == "text":
        texts = np.empty(len(data), dtype=object)  # an array of str has room for the longest
        texts[:] = [v[:1000] for v in data]
        return texts
    return np.array(data, dtype=np.int64 if kind == "int" else bool)


def read_number(value):
    """A JSON number or one of "nan", "inf", "-inf" as float."""
    if type(value) is float or (type(value) is int and abs(value) < 2**62):
        return float(value)
    if isinstance(value, str) and value in SPECIAL:
        return SPECIAL[value]
    raise BundleError("a value that is not a number")


def encode(public):
    """Plain values as text for a cell: JSON, compressed, in lines of base64."""
    packed = zlib.compress(json.dumps(public, ensure_ascii=False).encode("utf-8"), 9)
    text = base64.b64encode(packed).decode("ascii")
    return "\n".join(text[k : k + 96] for k in range(0, len(text), 96))


def decode(text):
    """The values that `encode` was given; ValueError for a text that was damaged."""
    try:
        return json.loads(zlib.decompress(base64.b64decode("".join(text.split()), validate=True)))
    except (ValueError, zlib.error, binascii.Error):
        raise ValueError("references: this cell was changed; take it from a fresh copy") from None
