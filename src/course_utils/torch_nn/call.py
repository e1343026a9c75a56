"""A call of ``Recurrent`` in one form, however it was written, and its result in the caller's.

Inputs may be time-major or batch-first, unbatched or packed; everything behind this file sees
x (T, B, D) and states (layers·directions, B, H).
"""

from typing import NamedTuple

import torch
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from course_utils.torch_nn import validation
from course_utils.torch_nn.initial_state import initial_states


class Call(NamedTuple):
    """x (T, B, D), hx, a tuple of (layers·directions, B, H), and what else decides the result.

    lengths (B,) and active (T, B), true where a step counts, or None where every sequence has T
    steps; resets (T, B) bool or None; packed, the sequence that x was made from, or None; batched
    and batch_first: how the caller wrote the input.
    """

    x: torch.Tensor
    hx: tuple
    lengths: torch.Tensor | None
    active: torch.Tensor | None
    resets: torch.Tensor | None
    packed: PackedSequence | None
    batched: bool
    batch_first: bool


def read(layer, input, hx=None, lengths=None, resets=None):
    """The Call that these arguments of ``layer`` mean; every error names the argument."""
    packed = input if isinstance(input, PackedSequence) else None
    if packed is not None:
        if lengths is not None:
            raise ValueError("lengths: a PackedSequence already knows them; pass one or the other")
        validation.check_values(layer, packed.data, tuple(packed.data.shape))
        x, lengths = pad_packed_sequence(packed)  # in the caller's order
        batched = True
    else:
        validation.check_input(layer, input)
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        x = x.transpose(0, 1) if batched and layer.batch_first else x
    T, B, _ = x.shape
    hx = _states(layer, hx, x, batched)
    active = None
    if lengths is not None:
        lengths = validation.check_lengths(lengths, T, B)
        active = torch.arange(T, device=x.device)[:, None] < lengths.to(x.device)[None, :]
        # before anything is computed: masking afterwards lets a NaN reach the gradients
        x = x.masked_fill(~active[..., None], 0)
    if resets is not None:
        resets = _resets(resets, T, B, batched, layer.batch_first).to(x.device)
    return Call(x, hx, lengths, active, resets, packed, batched, layer.batch_first)


def result(call, y, states):
    """y (T, B, H) and states, each (layers·directions, B, H), in the caller's form."""
    if call.packed is not None:
        y = _repack(y, call.packed)
    elif not call.batched:
        y, states = y.squeeze(1), [s.squeeze(1) for s in states]
    elif call.batch_first:
        y = y.transpose(0, 1)
    return y, states[0] if len(states) == 1 else tuple(states)


def _states(layer, hx, x, batched):
    if hx is None:
        return initial_states(layer, x.shape[1], x)
    rows, H = layer.num_layers * layer.directions, layer.hidden_size
    if batched:
        shape, axes = (rows, x.shape[1], H), "(layers·directions, B, H)"
        return validation.check_states(layer, hx, shape, axes, x)
    given = validation.check_states(layer, hx, (rows, H), "(layers·directions, H)", x)
    return tuple(s.unsqueeze(1) for s in given)


def _resets(resets, T, B, batched, batch_first):
    if not batched:
        return validation.check_resets(resets, (T,), "(T,)").unsqueeze(1)
    if batch_first:
        return validation.check_resets(resets, (B, T), "(B, T)").transpose(0, 1)
    return validation.check_resets(resets, (T, B), "(T, B)")


def _repack(y, packed):
    """y (T, B, H) as a PackedSequence in exactly the order of packed."""
    if packed.sorted_indices is not None:
        y = y.index_select(1, packed.sorted_indices)
    sizes = packed.batch_sizes.tolist()
    data = torch.cat([row[:n] for row, n in zip(y, sizes, strict=True)])
    return packed._replace(data=data)
