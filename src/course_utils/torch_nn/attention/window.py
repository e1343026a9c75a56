"""A window that slides over a text: attention by location alone.  Graves 2013, section 5.1."""

import math
from numbers import Real

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.shapes import expect, positive_integer, whole
from course_utils.torch_nn import validation
from course_utils.torch_nn.attention.masks import finite, padding


class Window(nn.Module):
    """K bumps that move along a text as the state says.

    ``w, kappa, phi = layer(h, kappa, text, lengths)``: h (B, H), where the bumps stand kappa
    (B, K), at first ``zeros``; text (U, B, C); lengths (B,), U if None.  w (B, C) is the sum of
    the letters under the weights phi (B, U), which do not sum to 1.  pace, how many letters a step
    moves on at first.
    """

    def __init__(self, hidden_size, components, *, pace=1.0, device=None, dtype=None):
        super().__init__()
        positive_integer(hidden_size=hidden_size, components=components)
        if isinstance(pace, bool) or not isinstance(pace, Real) or not 0 < pace < math.inf:
            raise ValueError(f"pace: expected a positive number, got {pace!r}")
        factory = {"device": device, "dtype": validation.dtype_of(dtype)}
        self.hidden_size, self.components, self.pace = hidden_size, components, pace
        self.weight = nn.Parameter(torch.empty(3 * components, hidden_size, **factory))
        self.bias = nn.Parameter(torch.empty(3 * components, **factory))
        self.reset_parameters()

    def reset_parameters(self):
        """Uniform in ±1/√H; biases zero but kappa's, log pace."""
        bound = 1 / math.sqrt(self.hidden_size)
        nn.init.uniform_(self.weight, -bound, bound)
        with torch.no_grad():
            self.bias.zero_()
            self.bias[2 * self.components :] = math.log(self.pace)

    def zeros(self, batch_size):
        """kappa (B, K) before the first step."""
        batch_size = whole("batch_size", batch_size, least=0)
        return self.weight.new_zeros(batch_size, self.components)

    def forward(self, h, kappa, text, lengths=None):
        """See the class: one step."""
        validation.fitting(self.weight, h=h, kappa=kappa, text=text)
        sizes = expect(
            weight=(self.weight, "3K H"),
            h=(h, "B H"),
            kappa=(kappa, "B K"),
            text=(text, "U B C"),
        )
        U, B = sizes["U"], sizes["B"]
        if not U:
            raise ValueError("text: axis U is empty; a window needs at least one letter")
        lengths = torch.full((B,), U, device=h.device) if lengths is None else lengths
        there = padding(lengths, U)[0].to(h.device)  # (B, U)
        text, lost = finite(text)
        alpha, beta, moved = F.linear(h, self.weight, self.bias).exp().chunk(3, dim=-1)
        kappa = kappa + moved
        letters = torch.arange(1, U + 1, device=h.device, dtype=h.dtype)
        away = kappa[..., None] - letters  # (B, K, U)
        bumps = alpha[..., None] * (-beta[..., None] * away**2).exp()
        phi = bumps.sum(dim=1).masked_fill(~there, 0)
        w = torch.einsum("bu,ubc->bc", phi, text)
        seen = (lost.T & there).any(dim=-1, keepdim=True)
        return w.masked_fill(seen, torch.nan), kappa, phi

    def extra_repr(self):
        """What ``print(layer)`` shows between the brackets."""
        return f"{self.hidden_size}, components={self.components}"
