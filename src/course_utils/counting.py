"""Arrays that write down what is done with them: how many calls, products, operations, bytes.

    (y, last), log = counting.counted(forward, params, x)
    len(log.products), log.flops, log.bytes

Whatever is computed from a counted array is counted too.  ``np.asarray``, ``np.ascontiguousarray``
and buffers from ``np.empty`` are plain arrays; ``.copy()`` and ``np.empty_like`` keep counting.

A count by itself proves little: the work may have been done where nobody counts.  With ``gains``,
counted calls give a little more than they should, (x @ W) * 1.01 for {"product": 1.01}, tanh * 0.99
for {"tanh": 0.99}.  Then a result that fits the formulas with these gains was computed by the
calls in the log, and by no others.
"""

from typing import NamedTuple

import numpy as np

PRODUCTS = ("matmul", "dot", "einsum", "tensordot", "inner", "vdot", "vecdot", "matvec", "vecmat")


class Call(NamedTuple):
    """One call: elements of its result, floating-point operations (a multiply-add is two), bytes
    read and written if every array is touched once."""

    name: str
    elements: int
    flops: int
    bytes: int


class Log(list):
    """The calls in their order; gains: name of a call, or "product" -> factor on its result."""

    def __init__(self, gains=None):
        super().__init__()
        self.gains = dict(gains or {})

    def gained(self, name, result):
        """The result times the gain of this call, in place where it is an array."""
        factor = self.gains.get("product" if name in PRODUCTS else name)
        if factor is None:
            return result
        if isinstance(result, np.ndarray):
            return np.multiply(result, factor, out=result)
        return result * factor

    def calls(self, name):
        """The calls of one name."""
        return [call for call in self if call.name == name]

    @property
    def products(self):
        """The matrix products."""
        return [call for call in self if call.name in PRODUCTS]

    @property
    def rest(self):
        """The elementwise calls and the sums."""
        return [call for call in self if call.name not in PRODUCTS]

    @property
    def flops(self):
        """Floating-point operations of the products."""
        return sum(call.flops for call in self.products)

    @property
    def bytes(self):
        """Bytes that all calls read and write."""
        return sum(call.bytes for call in self)


class Counted(np.ndarray):
    """An ndarray whose operations are appended to ``log``."""

    def __array_finalize__(self, source):
        self.log = getattr(source, "log", None)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        log = _log((*inputs, *(out or ())))
        if out is not None:
            options["out"] = tuple(_plain(o) for o in out)
        plain = [_plain(a) for a in inputs]
        result = getattr(ufunc, method)(*plain, **options)
        result = _note(log, ufunc.__name__, plain, result)
        if out is not None:  # `a += b` must hand back a itself, still counting
            return out[0] if len(out) == 1 else out
        return _wrapped(result, log)

    def __array_function__(self, function, types, args, options):
        name = function.__name__
        if name not in PRODUCTS:  # made of other calls, which are counted one by one
            return _wrapped(super().__array_function__(function, types, args, options), self.log)
        log, out = _log(args), options.get("out")
        plain = [_plain(a) for a in args]
        result = function(*plain, **{key: _plain(value) for key, value in options.items()})
        result = _note(log, name, [a for a in plain if isinstance(a, np.ndarray)], result)
        return _wrapped(result, log) if out is None else out

    def dot(self, other, out=None):
        """As ``np.dot``, which the method of ndarray would pass by."""
        return np.dot(self, other, out=out)


def counted(function, *args, gains=None):
    """Call ``function`` with counting arrays in place of arrays, alone or in dicts and tuples.

    Returns what it returns, as plain arrays, and the `Log`.
    """
    log = Log(gains)
    result = function(*(_each(a, lambda array: _wrapped(array, log)) for a in args))
    return _each(result, _plain), log


def _each(value, change):
    """``change`` applied to every array inside value."""
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, dict):
        return {key: _each(v, change) for key, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_each(v, change) for v in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_each(v, change) for v in value)
    return value


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def _wrapped(result, log):
    if isinstance(result, np.ndarray):
        result = result.view(Counted)
        result.log = log
    return result


def _log(arrays):
    return next((a.log for a in arrays if isinstance(a, Counted) and a.log is not None), None)


def _note(log, name, inputs, result):
    if log is None:
        return result
    elements = int(np.size(result))
    flops = elements
    if name in ("einsum", "tensordot"):  # (m, k) with (k, n): mk · kn · mn is the square of mkn
        flops = 2 * round((np.size(inputs[0]) * np.size(inputs[1]) * elements) ** 0.5)
    elif name in PRODUCTS:  # each element of a result sums over the first one's last axis
        flops = 2 * elements * inputs[0].shape[-1]
    moved = sum(int(np.size(a)) for a in inputs) + elements
    log.append(Call(name, elements, flops, moved * np.asarray(result).itemsize))
    return log.gained(name, result)
