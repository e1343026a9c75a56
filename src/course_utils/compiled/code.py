"""The generated functions of a cell, ready to be called: compiled, or as plain Python."""

import contextlib
from contextvars import ContextVar

from course_utils.compiled import cache as disk
from course_utils.compiled.arrays import signatures
from course_utils.compiled.plan import plan
from course_utils.compiled.print_numba import source
from course_utils.specs import get_spec

_plain = ContextVar("plain", default=False)


class Code:
    """spec; plan: what was printed; call: {function: callable}; signatures: their arrays."""

    def __init__(self, spec, dtype, plain):
        self.spec, self.plan = spec, plan(spec)
        self.signatures = signatures(self.plan)
        label = f"{spec.key}_{dtype}"
        if plain:
            module = disk.in_memory(source(spec, dtype, compiled=False), label)
        else:
            module = disk.module(lambda kept: source(spec, dtype, cache=kept), label)
        self.call = {name: getattr(module, name) for name, of in self.signatures.items() if of}


_MADE = {}


def code(key, dtype):
    """The code of a cell for float32 or float64, made once.

    key: a cell's key or its spec.  ImportError with the remedy where Numba or SciPy is missing.
    """
    spec = get_spec(key)
    wanted = id(spec), str(dtype), _plain.get()
    if wanted not in _MADE:
        _MADE[wanted] = Code(spec, str(dtype), _plain.get())
    return _MADE[wanted]


@contextlib.contextmanager
def uncompiled():
    """Run the generated source as plain Python until the block ends: slow, and without a wait."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)
