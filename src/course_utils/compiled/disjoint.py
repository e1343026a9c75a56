"""What Numba has no option for: a promise to LLVM that no two arrays of a function overlap.

Without it a loop over many arrays first compares their addresses, two by two; in a loop over time
that runs backwards LLVM gives up comparing and takes one number at a time.
"""

from numba.core.compiler import Compiler


class Disjoint(Compiler):
    """``njit(pipeline_class=Disjoint)``: like ``restrict`` on every array argument in C."""

    def define_pipelines(self):
        """Numba's own, with the flag that it sets for loops whose arrays it has made itself."""
        self.state.flags.noalias = True
        return super().define_pipelines()
