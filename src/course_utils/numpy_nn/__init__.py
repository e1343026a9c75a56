"""Every cell in readable NumPy: pure functions, each forward with its backward.

Axes: T time, B batch, D input, H hidden; time-major.  Parameters are dicts with PyTorch's names,
shapes and gate order.  The gradient of the loss with respect to ``v`` is ``dv``, of v's shape.
"""

from course_utils.numpy_nn import (
    alignment,
    attention,
    fast,
    memory,
    ponder,
    programmer,
    search,
    seq2seq,
)
from course_utils.numpy_nn.cells import get_cell, step, step_backward
from course_utils.numpy_nn.init import init_params
from course_utils.numpy_nn.scan import scan, unroll_scan, unroll_scan_backward
from course_utils.numpy_nn.stack import init_stack, unroll_stack, unroll_stack_backward
from course_utils.numpy_nn.unroll import Tape, unroll, unroll_backward

__all__ = [
    "Tape",
    "alignment",
    "attention",
    "fast",
    "get_cell",
    "init_params",
    "init_stack",
    "memory",
    "ponder",
    "programmer",
    "scan",
    "search",
    "seq2seq",
    "step",
    "step_backward",
    "unroll",
    "unroll_backward",
    "unroll_scan",
    "unroll_scan_backward",
    "unroll_stack",
    "unroll_stack_backward",
]
