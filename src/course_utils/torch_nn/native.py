"""PyTorch's own kernels for the cells that have one, called as nn.RNN, nn.LSTM and nn.GRU do."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils.torch_nn import modes

# key -> function of torch
KERNELS = {"rnn": torch.rnn_tanh, "rnn_relu": torch.rnn_relu, "lstm": torch.lstm, "gru": torch.gru}

# new in torch 2.6; before, nothing tells an export from a compilation, and the kernel suits both
exporting = getattr(torch.compiler, "is_exporting", lambda: True)


def obstacle(layer, call):
    """Why PyTorch's kernel cannot serve this call, or None where it can."""
    if layer.key not in KERNELS:
        return f"PyTorch has no kernel for {layer.key}"
    if call.resets is not None:
        return "PyTorch's kernels know no resets"
    if 0 in call.x.shape[:2]:
        return "PyTorch's kernels take no empty sequence or batch"
    if call.lengths is not None:
        full = call.lengths.all()
        if modes.recorded() or not (modes.concrete(full) and modes.concrete(call.x)):
            return "PyTorch packs by the values of lengths, which are not known here"
        if not full:
            return "PyTorch packs no sequence of length 0"
    if not modes.recorded() and modes.transformed():
        return "PyTorch's kernels have no rule for vmap and forward-mode differentiation"
    device = call.x.device.type
    if layer.key == "lstm" and device == "cpu" and torch.is_autocast_enabled(device):
        return "PyTorch's LSTM fails under autocast on processors without bfloat16"
    return None


def run(layer, call):
    """Every layer of the call at once -> y (T, B, H·directions), states."""
    if torch.compiler.is_compiling() and not exporting():
        return torch._dynamo.disable(_run)(layer, call)  # as nn.LSTM: the kernel stays one call
    return _run(layer, call)


def _run(layer, call):
    kernel, x = KERNELS[layer.key], call.x
    weights = [p for part in layer.all_weights for p in part]
    rest = (layer.bias, layer.num_layers, layer.dropout, layer.training, layer.bidirectional)
    hx = [s.contiguous() for s in call.hx]  # cuDNN asks for it
    if call.lengths is None:
        y, *states = kernel(x, _given(hx), weights, *rest, False)
        return y, tuple(states)
    packed = pack_padded_sequence(x, call.lengths.cpu(), enforce_sorted=False)
    hx = [s.index_select(1, packed.sorted_indices) for s in hx]
    data, *states = kernel(packed.data, packed.batch_sizes, _given(hx), weights, *rest)
    y, _ = pad_packed_sequence(packed._replace(data=data), total_length=x.shape[0])
    return y, tuple(s.index_select(1, packed.unsorted_indices) for s in states)


def _given(states):
    return states if len(states) > 1 else states[0]
