"""Attention as PyTorch modules, time-major as everywhere in the course.

Queries (T, B, ·), keys and values (S, B, ·), masks and weights (T, B, S), true = may attend.
"""

from course_utils.torch_nn.attention.attend import Attention
from course_utils.torch_nn.attention.masks import causal, masked_softmax, padding
from course_utils.torch_nn.attention.multihead import MultiHeadAttention
from course_utils.torch_nn.attention.positions import rotate, sinusoidal
from course_utils.torch_nn.attention.window import Window

__all__ = [
    "Attention",
    "MultiHeadAttention",
    "Window",
    "causal",
    "masked_softmax",
    "padding",
    "rotate",
    "sinusoidal",
]
