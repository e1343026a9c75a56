"""Attention in readable NumPy: pure functions, each forward with its backward.

Axes as everywhere, time-major: queries (T, B, ·), keys and values (S, B, ·), masks and weights
(T, B, S), the last axis over the S positions that are attended to.  So what ``unroll`` returns,
(T, B, H), goes in as it is; one query of a decoder is T = 1.
"""

from course_utils.numpy_nn.attention.attend import (
    attend,
    attend_backward,
    point,
    point_backward,
    query_jacobian,
)
from course_utils.numpy_nn.attention.masks import causal, masked_softmax, padding
from course_utils.numpy_nn.attention.multihead import (
    init_multi_head,
    multi_head,
    multi_head_backward,
)
from course_utils.numpy_nn.attention.positions import rotate, rotate_backward, sinusoidal
from course_utils.numpy_nn.attention.recurrent import attentive, attentive_backward
from course_utils.numpy_nn.attention.scores import SCORES, init_score
from course_utils.numpy_nn.attention.window import init_window, window_step, window_step_backward

__all__ = [
    "SCORES",
    "attend",
    "attend_backward",
    "attentive",
    "attentive_backward",
    "causal",
    "init_multi_head",
    "init_score",
    "init_window",
    "masked_softmax",
    "multi_head",
    "multi_head_backward",
    "padding",
    "point",
    "point_backward",
    "query_jacobian",
    "rotate",
    "rotate_backward",
    "sinusoidal",
    "window_step",
    "window_step_backward",
]
