"""Numba's machine code on disk, where files that are broken or a full disk cost a compilation.

Numba raises whatever reading a damaged file raises, and the call with it.  Here such a file is as
good as none: the function is compiled, and the file written anew if there is room.
"""

import contextlib

from numba import njit
from numba.core.caching import FunctionCache


class Forgiving(FunctionCache):
    """The cache of one function; see the module."""

    def load_overload(self, sig, target_context):
        """Numba's own; None, so that it is compiled, where a file cannot be read."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged pickle raises almost anything
            return None

    def save_overload(self, sig, data):
        """Numba's own; after an index that cannot be read a new one, on a full disk nothing."""
        try:
            super().save_overload(sig, data)
        except Exception:
            with contextlib.suppress(Exception):
                self.flush()
                super().save_overload(sig, data)


def jit(*, cache, **options):
    """``numba.njit`` as a decorator, with this cache on disk or without one; options: Numba's."""

    def decorate(function):
        made = njit(**options)(function)
        if cache:
            made._cache = Forgiving(made.py_func)
        return made

    return decorate
