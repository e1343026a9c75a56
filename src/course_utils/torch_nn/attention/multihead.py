"""Several attentions side by side, each on its own share of the features."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.shapes import expect, positive_integer
from course_utils.torch_nn import validation
from course_utils.torch_nn.attention.masks import check_mask, finite, masked_softmax, saw


class MultiHeadAttention(nn.Module):
    """Multi-head attention with nn.MultiheadAttention's parameters, start and state_dict.

    ``y, weights = layer(queries, memory, mask)``: queries (T, B, E); memory (S, B, E), the queries
    themselves if None (self-attention); mask, booleans (T or 1, B or 1, S), true where a query may
    attend (nn.MultiheadAttention's are true where it may *not*).  y (T, B, E), weights
    (T, B, heads, S).  Vaswani et al. 2017, section 3.2.2.  NaN and empty rows as in ``Attention``:
    a query that may look nowhere gives the output's bias.
    """

    def __init__(self, size, heads, *, device=None, dtype=None):
        super().__init__()
        size, dtype = positive_integer(size=size), validation.dtype_of(dtype)
        if size % positive_integer(heads=heads):
            raise ValueError(f"heads: expected a divisor of E={size}, got {heads}")
        factory = {"device": device, "dtype": dtype}
        self.size, self.heads = size, heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * size, size, **factory))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * size, **factory))
        self.out_proj = nn.Linear(size, size, **factory)
        self.reset_parameters()

    def reset_parameters(self):
        """Glorot-uniform in, nn.Linear's start out, biases zero."""
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.in_proj_bias)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, queries, memory=None, mask=None):
        """See the class: -> y (T, B, E), weights (T, B, heads, S)."""
        memory = queries if memory is None else memory
        validation.fitting(self.in_proj_weight, queries=queries, memory=memory)
        sizes = expect(
            in_proj_weight=(self.in_proj_weight, "3E E"),
            queries=(queries, "T B E"),
            memory=(memory, "S B E"),
        )
        T, B, S = sizes["T"], sizes["B"], sizes["S"]
        mask = check_mask(mask, T, B, S, queries.device)
        queries, lost_queries = finite(queries)
        memory, lost_memory = finite(memory)
        lost = saw(mask, lost_queries, lost_memory)
        q, k, v = (
            F.linear(x, weight, bias).unflatten(-1, (self.heads, -1))  # (·, B, heads, E/heads)
            for x, weight, bias in zip(
                (queries, memory, memory),
                self.in_proj_weight.chunk(3),
                self.in_proj_bias.chunk(3),
                strict=True,
            )
        )
        scores = torch.einsum("tbhd,sbhd->tbhs", q, k) / math.sqrt(self.size // self.heads)
        weights = masked_softmax(scores, mask[:, :, None].expand_as(scores))
        context = torch.einsum("tbhs,sbhd->tbhd", weights, v).flatten(-2)
        y = self.out_proj(context).masked_fill(lost[..., None], torch.nan)
        return y, weights.masked_fill(lost[..., None, None], torch.nan)

    def extra_repr(self):
        """What ``print(layer)`` shows between the brackets."""
        return f"{self.size}, heads={self.heads}"
