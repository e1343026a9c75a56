"""Layers over layers, in one or two directions: one loop for every way of running one of them."""

import torch
from torch.nn import functional as F


def run(unroll, layer, call):
    """The call, with ``unroll`` for one direction of one layer -> y (T, B, H·directions), states.

    ``unroll(key, p, x, state, active=, resets=, reverse=, config=, **inputs)``: see
    ``torch_nn.unroll``.  Dropout acts on what a layer reads from the one below.
    """
    dtype = layer.example().dtype  # what autocast mixes is carried in the layer's own precision
    x = call.x.to(dtype)
    hx = [s.to(dtype) if s.is_floating_point() else s for s in call.hx]
    last, below = [], None
    for n in range(layer.num_layers):
        if n and layer.dropout:
            x = F.dropout(x, layer.dropout, layer.training)
        outputs, histories = [], []
        for k, suffix in enumerate(layer.suffixes(n)):
            start = tuple(s[n * layer.directions + k] for s in hx)
            y, state, history = unroll(
                layer.key,
                layer.params(suffix),
                x,
                start,
                active=call.active,
                resets=call.resets,
                reverse=bool(k),
                config=layer.config,
                **_inputs(layer.spec, below, k, x, start),
            )
            outputs.append(y)
            histories.append(history)
            last.append(state)
        x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
        below = histories
    if len(last) == 1:  # a view costs less
        return x, tuple(s.unsqueeze(0) for s in last[0])
    return x, tuple(torch.stack(parts) for parts in zip(*last, strict=True))


def _inputs(spec, below, direction, x, state):
    """What the layer underneath hands up besides its output (the depth-gated cell's c)."""
    if not spec.inputs:
        return {}
    if below is None:
        return dict.fromkeys(spec.inputs, x.new_zeros(x.shape[0], *state[0].shape))
    cell_state = spec.states.index("c")
    rows = torch.stack([states[cell_state] for states in below[direction]])
    return dict.fromkeys(spec.inputs, rows)
