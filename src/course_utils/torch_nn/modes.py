"""What surrounds a call: transforms, recording, tensors without numbers."""

import torch


def transformed():
    """Whether ``torch.func`` (vmap, grad, …) or forward-mode differentiation is at work."""
    return (
        torch._C._are_functorch_transforms_active() or torch.autograd.forward_ad._current_level >= 0
    )


def recorded():
    """Whether ``torch.compile``, ``torch.export`` or ``torch.jit.trace`` records this call."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def concrete(x):
    """Whether x holds numbers: meta tensors, fake ones and other subclasses may hold none."""
    return type(x) in (torch.Tensor, torch.nn.Parameter) and not x.is_meta
