"""Numba's compiler with what generated code needs, and without what makes it wait.

Two thirds of the time of compiling are Numba's own Python, not LLVM: passes over each function that
look for closures, ``with`` blocks, array expressions and the like, of which generated code has
none, and the collector of garbage, a seventh of the time, which goes through all objects again and
again while a function is made of very many.
"""

import contextlib
import gc

from numba.core.compiler import Compiler
from numba.core.compiler_machinery import PassManager

NEEDLESS = {
    "WithLifting", "InlineClosureLikes", "MakeFunctionToJitFunction",
    "RewriteSemanticConstants", "DeadBranchPrune", "RewriteDynamicRaises",
    "InlineInlinables", "InlineOverloads", "FindLiterallyCalls", "LiteralUnroll",
    "LiteralPropagationSubPipelinePass", "NopythonRewrites",
}  # fmt: skip
"""Passes by name: one that a version of Numba does not have is not missed, a new one stays."""


class Short(Compiler):
    """``njit(pipeline_class=Short)``: without the passes that generated code needs none of.

    The function has no closures, comprehensions, array expressions or ``with``, and raises no
    exception whose arguments are computed.
    """

    def define_pipelines(self):
        """Numba's own, each without the passes that are not needed."""
        return [_without(manager) for manager in super().define_pipelines()]

    def compile_extra(self, func):
        """Numba's own; the collector waits until it is done."""
        with no_collection():
            return super().compile_extra(func)


class Disjoint(Short):
    """``njit(pipeline_class=Disjoint)``: a promise that no two pointers lead to the same numbers.

    Numba has no option for what is ``restrict`` in C.  Without it a loop over many arrays first
    compares their addresses, two by two.
    """

    def define_pipelines(self):
        """Those of Short, with the flag that Numba sets for loops over arrays of its own making."""
        self.state.flags.noalias = True
        return super().define_pipelines()


def _without(manager):
    short = PassManager(manager.pipeline_name)
    for kind, description in manager.passes:
        if getattr(kind, "__name__", kind) not in NEEDLESS:
            short.add_pass(kind, description)
    short.finalize()
    return short


@contextlib.contextmanager
def no_collection():
    """Numba compiles one function at a time, under a lock, so that no two threads are in here."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
