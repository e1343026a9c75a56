"""Fast layers for the cells that PyTorch has no kernel for: ``backend="fused"`` of ``Recurrent``.

On the CPU it is ``numpy_nn.fast`` under an ``autograd.Function``.
"""

from course_utils.torch_nn.fast.cpu import KEYS, obstacle, unroll

__all__ = ["KEYS", "obstacle", "unroll"]
