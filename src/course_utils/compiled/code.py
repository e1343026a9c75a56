"""The generated functions of a cell, ready to be called: compiled, or as plain Python."""

import contextlib
from contextvars import ContextVar
from functools import cache

from course_utils.compiled import cache as disk
from course_utils.compiled.arrays import signatures
from course_utils.compiled.plan import plan
from course_utils.compiled.print_numba import source

_plain = ContextVar("plain", default=False)


class Code:
    """plan: what was printed; call: {function: callable}; signatures: {function: its arrays}."""

    def __init__(self, key, dtype, plain):
        self.key, self.plan = key, plan(key)
        self.signatures = signatures(self.plan)
        label = f"{key}_{dtype}"
        if plain:
            module = disk.in_memory(source(key, dtype, compiled=False), label)
        else:
            module = disk.module(lambda kept: source(key, dtype, cache=kept), label)
        self.call = {name: getattr(module, name) for name, of in self.signatures.items() if of}


@cache
def _code(key, dtype, plain):
    return Code(key, dtype, plain)


def code(key, dtype):
    """The code of a cell for float32 or float64, made once.

    ImportError with the remedy where Numba or SciPy is missing.
    """
    return _code(key, str(dtype), _plain.get())


@contextlib.contextmanager
def uncompiled():
    """Run the generated source as plain Python until the block ends: slow, and without a wait."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)
