"""Every cell on a GPU, from its equations: ``Recurrent(backend="graph")``."""

from course_utils.torch_nn.gpu.layer import Launched, obstacle, unroll
from course_utils.torch_nn.gpu.modules import interpreted

__all__ = ["Launched", "interpreted", "obstacle", "unroll"]
