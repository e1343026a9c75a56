"""Soft attention as a layer: scores, a softmax over the positions, a weighted sum."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.shapes import expect, positive_integer
from course_utils.torch_nn import validation
from course_utils.torch_nn.attention.masks import check_mask, finite, masked_softmax, saw

KINDS = ("dot", "scaled_dot", "general", "additive")


class Attention(nn.Module):
    """Blend values by how well queries fit keys.

    kind of the score: ``"dot"``; ``"scaled_dot"``, over √Q (Vaswani et al. 2017); ``"general"``,
    qᵀ W k (Luong et al. 2015); ``"additive"``, vᵀ tanh(W q + U k) (Bahdanau et al. 2015), with
    hidden_size rows, query_size if None.

    ``context, weights = layer(queries, keys, values, mask)``: queries (T, B, Q), keys (S, B, K),
    values (S, B, V), the keys if None; mask, booleans (T or 1, B or 1, S), true where a query may
    attend.  Weights (T, B, S) are exactly 0 where it is false, whatever stands there; a query that
    may look nowhere gets zeros; one that sees NaN or inf gets NaN, and passes no gradient.
    """

    def __init__(self, kind, query_size, key_size, hidden_size=None, *, device=None, dtype=None):
        super().__init__()
        if not isinstance(kind, str) or kind not in KINDS:
            raise KeyError(f"score {kind!r} is unknown; there are {', '.join(KINDS)}")
        positive_integer(query_size=query_size, key_size=key_size)
        if hidden_size is not None:
            positive_integer(hidden_size=hidden_size)
        dtype = validation.dtype_of(dtype)
        if "dot" in kind and query_size != key_size:
            raise ValueError(
                f"key_size: {kind} needs query_size = {query_size}, got {key_size}; use 'general'"
            )
        self.kind, self.query_size, self.key_size = kind, query_size, key_size
        rows = query_size if hidden_size is None else hidden_size
        shapes = {
            "general": {"weight_a": (query_size, key_size)},
            "additive": {
                "weight_q": (rows, query_size),
                "weight_k": (rows, key_size),
                "v": (rows,),
            },
        }
        for name, shape in shapes.get(kind, {}).items():
            value = torch.empty(shape, device=device, dtype=dtype)
            self.register_parameter(name, nn.Parameter(value))
        self.reset_parameters()

    def reset_parameters(self):
        """Uniform in ±1/√(columns)."""
        for p in self.parameters():
            bound = 1 / math.sqrt(p.shape[-1])
            nn.init.uniform_(p, -bound, bound)

    def forward(self, queries, keys, values=None, mask=None):
        """See the class: -> context (T, B, V), weights (T, B, S)."""
        scores, mask, lost, values = self._scores(queries, keys, values, mask)
        weights = masked_softmax(scores, mask)
        context = torch.einsum("tbs,sbv->tbv", weights, values)
        lost = lost[..., None]
        return context.masked_fill(lost, torch.nan), weights.masked_fill(lost, torch.nan)

    def point(self, queries, keys, mask=None):
        """Logits (T, B, S) over the positions, −inf where the mask is false: a pointer's output.

        Vinyals et al. 2015, section 2.3 (additive there).
        """
        scores, mask, lost, _ = self._scores(queries, keys, None, mask)
        return scores.masked_fill(~mask, -torch.inf).masked_fill(lost[..., None], torch.nan)

    def _scores(self, queries, keys, values, mask):
        given = {"queries": queries, "keys": keys}
        given |= {} if values is None else {"values": values}
        validation.tensors(**given)
        validation.fitting(next(self.parameters(), queries), **given)
        sizes = expect(
            queries=(queries, "T B Q"),
            keys=(keys, "S B K"),
            **({} if values is None else {"values": (values, "S B V")}),
        )
        for name, size, axis in (("queries", self.query_size, "Q"), ("keys", self.key_size, "K")):
            if sizes[axis] != size:
                raise ValueError(
                    f"{name}: axis {axis} should be {size} (of this layer), got {sizes[axis]}"
                )
        mask = check_mask(mask, sizes["T"], sizes["B"], sizes["S"], queries.device)
        queries, lost_queries = finite(queries)
        keys, lost_keys = finite(keys)
        values, lost_values = (keys, lost_keys) if values is None else finite(values)
        lost = saw(mask, lost_queries, lost_keys | lost_values)
        return getattr(self, f"_{self.kind}")(queries, keys), mask, lost, values

    def _dot(self, queries, keys):
        return torch.einsum("tbd,sbd->tbs", queries, keys)

    def _scaled_dot(self, queries, keys):
        return self._dot(queries, keys) / math.sqrt(self.query_size)

    def _general(self, queries, keys):
        return self._dot(queries, F.linear(keys, self.weight_a))

    def _additive(self, queries, keys):
        from_q = F.linear(queries, self.weight_q)[:, :, None]  # (T, B, 1, A)
        from_k = F.linear(keys, self.weight_k).transpose(0, 1)  # (B, S, A)
        return (from_q + from_k).tanh() @ self.v

    def extra_repr(self):
        """What ``print(layer)`` shows between the brackets."""
        return f"{self.kind!r}, {self.query_size}, {self.key_size}"
