"""What ``Recurrent`` checks before it computes: errors name the argument and the remedy."""

import torch

from course_utils.shapes import ShapeError
from course_utils.torch_nn import fast
from course_utils.torch_nn.native import KERNELS

BACKENDS = ("auto", "native", "eager", "fused")


def positive(**sizes):
    """Every size must be a positive int."""
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"{name}: expected a positive integer, got {size!r}")


def known_backend(key, backend):
    """The backend, if there is one of this name for the cell."""
    if backend not in BACKENDS:
        raise ValueError(f"backend: expected one of {', '.join(BACKENDS)}, got {backend!r}")
    if backend == "native" and key not in KERNELS:
        raise ValueError(
            f"backend: PyTorch has no kernel for {key!r}, only for {', '.join(KERNELS)}; use 'auto'"
        )
    if backend == "fused" and key not in fast.KEYS:
        raise ValueError(
            f"backend: there is no fused kernel for {key!r}, only for {', '.join(fast.KEYS)}; "
            "use 'auto'"
        )
    return backend


def same_kind(name, x, like):
    """x must have like's dtype and device."""
    if x.dtype != like.dtype:
        raise TypeError(
            f"{name}: expected {like.dtype}, got {x.dtype}; use {name}.to({like.dtype})"
        )
    if x.device != like.device:
        raise ValueError(
            f"{name}: on {x.device}, the other arrays on {like.device}; move one of them"
        )


def check_lengths(lengths, x):
    """lengths as integers (B,), each from 0 to T of x (T, B, D)."""
    lengths = torch.as_tensor(lengths)
    T, B = x.shape[:2]
    if lengths.is_floating_point() or lengths.dtype == torch.bool or tuple(lengths.shape) != (B,):
        raise ShapeError(
            f"lengths: expected {B} integers, shape ({B},), "
            f"got {lengths.dtype} {tuple(lengths.shape)}"
        )
    if B and (int(lengths.min()) < 0 or int(lengths.max()) > T):
        raise ValueError(f"lengths: expected 0 to T={T}, got {lengths.tolist()}")
    return lengths
