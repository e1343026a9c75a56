"""The generated functions of a cell, ready to be called: compiled, or as plain Python."""

import contextlib
import threading
from contextvars import ContextVar
from functools import cache

import numpy as np

from course_utils.compiled import cache as disk
from course_utils.compiled.numba_head import head
from course_utils.compiled.parameters import Places
from course_utils.compiled.plan import plan
from course_utils.compiled.print_numba import NumbaPrinter, functions
from course_utils.specs import get_spec

_plain = ContextVar("plain", default=False)


@cache
def _head(dtype, plain):
    """The module that the code of every cell stands on."""
    if plain:
        return disk.in_memory(head(dtype, False, False), f"head_{dtype}")
    return disk.module(lambda kept: head(dtype, True, kept), f"head_{dtype}")


class Code:
    """spec; plan: what was printed; arguments: {function: its arrays}; call: {function: callable}.

    known: names of the arrays of backward; places: where its parameters lie; by_unit: whether it
    reads x unit by unit.  shared: the module with the functions that all cells have.  Copied or
    pickled, it is looked up again.
    """

    def __init__(self, spec, dtype, plain):
        self.spec, self.dtype, self.plain, self.plan = spec, dtype, plain, plan(spec)
        printer = NumbaPrinter(spec)
        printer.print()
        self.arguments = printer.arguments
        self.shared = _head(dtype, plain)
        label = f"{spec.key}_{dtype}"
        text = functions(spec)
        if plain:
            module = disk.in_memory(text, label, self.shared)
        else:
            module = disk.module(lambda kept: text, label, self.shared)
        self.call = {name: getattr(module, name) for name, of in self.arguments.items() if of}
        self.known = {a.name for a in self.arguments["backward"]}
        self.places = Places(spec, self.plan.program)
        bodies = (*self.plan.forward, *self.plan.backward)
        self.by_unit = any(place.kind == "x" for body in bodies for _, place in body.loads)
        # by a step, unit and sequence, how many numbers the widest array of a stretch holds
        arrays = [a for of in self.arguments.values() for a in of]
        self.widest = max((a.n for a in arrays if a.kind in ("stretch", "dproduct")), default=1)

    def __reduce__(self):
        known = self.spec.key if get_spec_or_none(self.spec.key) is self.spec else self.spec
        return again, (known, self.dtype, self.plain)


def get_spec_or_none(key):
    """The spec of a key; None for a cell that is not among SPECS."""
    try:
        return get_spec(key)
    except KeyError:
        return None


def again(spec, dtype, plain):
    """A Code that was copied or pickled."""
    with uncompiled() if plain else contextlib.nullcontext():
        return code(spec, dtype)


_MADE = {}
_MAKING = threading.RLock()  # callers of machine code hold its address: none may be made twice


def code(key, dtype):
    """The code of a cell for float32 or float64, made once.

    key: a cell's key or its spec.  ImportError with the remedy where Numba or SciPy is missing.
    """
    spec, plain = get_spec(key), _plain.get() or _without_jit()
    wanted = id(spec), np.dtype(dtype), plain
    if wanted not in _MADE:
        with _MAKING:
            if wanted not in _MADE:
                _MADE[wanted] = Code(spec, str(np.dtype(dtype)), plain)
    return _MADE[wanted]


@cache
def _without_jit():
    """Whether Numba is told to compile nothing (``NUMBA_DISABLE_JIT``), as for a debugger."""
    try:
        from numba import config
    except ImportError:
        return False  # which the first use of Numba reports with the remedy
    return bool(config.DISABLE_JIT)


@contextlib.contextmanager
def uncompiled():
    """Run the generated source as plain Python until the block ends: slow, and without a wait."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)
