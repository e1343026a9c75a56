"""PyTorch's own kernels for the cells that have one, called as nn.RNN, nn.LSTM and nn.GRU do."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# key -> function of torch
KERNELS = {"rnn": torch.rnn_tanh, "rnn_relu": torch.rnn_relu, "lstm": torch.lstm, "gru": torch.gru}


def run(layer, kernel, x, hx, lengths):
    """x (T, B, D), hx of (layers·directions, B, H), lengths (B,) >= 1 or None -> y, states."""
    state = list(hx) if len(hx) > 1 else hx[0]
    rest = (layer.bias, layer.num_layers, layer.dropout, layer.training, layer.bidirectional)
    if lengths is None:
        y, *states = kernel(x, state, layer.weights(), *rest, False)
        return y, tuple(states)
    packed = pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
    ordered = [s.index_select(1, packed.sorted_indices) for s in hx]
    start = ordered if len(ordered) > 1 else ordered[0]
    data, *states = kernel(packed.data, packed.batch_sizes, start, layer.weights(), *rest)
    y, _ = pad_packed_sequence(packed._replace(data=data), total_length=x.shape[0])
    return y, tuple(s.index_select(1, packed.unsorted_indices) for s in states)


def repack(y, packed):
    """y (T, B, H) as a PackedSequence in exactly the order of packed."""
    if packed.sorted_indices is not None:
        y = y.index_select(1, packed.sorted_indices)
    sizes = packed.batch_sizes.tolist()
    data = torch.cat([row[:n] for row, n in zip(y, sizes, strict=True)])
    return packed._replace(data=data)
