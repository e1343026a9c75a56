"""Code compiled for cells that PyTorch has no kernel for: ``backend="compiled"``.

On the CPU it is ``numpy_nn.fast`` under an ``autograd.Function``.
"""

from course_utils.torch_nn.fast.cpu import keys, obstacle, unroll

__all__ = ["keys", "obstacle", "unroll"]
