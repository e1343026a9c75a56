"""Every cell on a GPU, from its equations: ``Recurrent(backend="graph")``.

Kernels as ``course show-code KEY --target triton`` prints them, products by cuBLAS, the launches of
a whole sequence captured as one CUDA graph.  Nothing here knows a cell's name.
"""

from course_utils.torch_nn.gpu.layer import POOL, Launched, not_worth_it, obstacle, unroll
from course_utils.torch_nn.gpu.modules import interpreted
from course_utils.torch_nn.gpu.pool import SHAPES
from course_utils.torch_nn.gpu.schedule import schedule

__all__ = [
    "SHAPES",
    "Launched",
    "interpreted",
    "not_worth_it",
    "obstacle",
    "release",
    "schedule",
    "unroll",
]


def release():
    """Give back the captured graphs and their memory; calls after it begin anew."""
    POOL.release()
