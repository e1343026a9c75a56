"""Parameters as plain NumPy dicts to layers and back; layer suffixes exist only here."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from course_utils.specs import get_spec
from course_utils.torch_nn.recurrent import Recurrent

DECIDED = ("input_size", "hidden_size", "num_layers", "dtype")
"""Options of ``Recurrent`` that the arrays decide."""


def from_numpy(key, params, **options):
    """A ``Recurrent`` that holds copies of the arrays.

    params: the dict of one layer, as from ``numpy_nn.init_params``, or a list of them for a stack.
    options, such as ``config``, go to ``Recurrent``; sizes and dtype come from the arrays.  One
    direction only; ``bias=False`` wants biases that are zero.  ShapeError if sizes disagree,
    TypeError or ValueError by name for what a layer cannot represent.
    """
    spec = get_spec(key)
    if not isinstance(params, Mapping | list | tuple):
        raise TypeError(f"params: expected a dict of arrays, got {type(params).__name__}")
    layers = [params] if isinstance(params, Mapping) else list(params)
    for n, each in enumerate(layers):
        if not isinstance(each, Mapping):
            raise TypeError(
                f"params: expected a dict of arrays for each layer, got {type(each).__name__} "
                f"for layer {n}"
            )
    if not layers:
        raise ValueError("params: expected the arrays of at least one layer, got an empty list")
    _check_options(options)
    sizes = [spec.check(p) for p in layers]
    D, H = sizes[0]["D"], sizes[0]["H"]
    if any(s["H"] != H for s in sizes) or any(s["D"] != H for s in sizes[1:]):
        raise ValueError(f"params: layers do not fit each other, sizes {sizes}")
    layer = Recurrent(key, D, H, num_layers=len(layers), dtype=_dtype(layers), **options)
    if not layer.bias:
        for p in layers:
            full = [name for name in p if name.startswith("bias_") and np.any(p[name])]
            if full:
                raise ValueError(f"bias: False, but {full[0]} holds numbers; leave bias=True")
    with torch.no_grad():
        for n, p in enumerate(layers):
            for name, weight in layer.params(f"_l{n}").items():
                # a copy in the machine's byte order: torch takes no other, and warns of read-only
                value = np.array(p[name], dtype=p[name].dtype.newbyteorder("="), order="C")
                weight.copy_(torch.from_numpy(value))
    return layer


def to_numpy(layer):
    """The arrays of a ``Recurrent`` (or nn.RNN, nn.LSTM, nn.GRU): one dict, or a list for a stack.

    Copies, on the CPU, with every name of the spec: zeros for the biases of a layer without, the
    product of weight norm, pruning or tying as the layer computes with it.  A config of the layer's
    own is no array: hand ``layer.config`` on beside them.  Two directions, projections, bfloat16
    and tensors without numbers are refused by name.
    """
    spec = get_spec(_key(layer))
    if layer.bidirectional:
        raise ValueError("layer: has two directions; to_numpy converts one; build one for each")
    if layer.proj_size:
        raise ValueError(f"layer: proj_size={layer.proj_size}; the cells here have no projection")
    layers = []
    for n in range(layer.num_layers):
        width = layer.input_size if n == 0 else layer.hidden_size
        arrays = {}
        for name, shape in spec.shapes(width, layer.hidden_size).items():
            value = getattr(layer, f"{name}_l{n}", None)
            if value is None and not layer.bias and name.startswith("bias_"):
                arrays[name] = np.zeros(shape, next(iter(arrays.values())).dtype)
            else:
                arrays[name] = _array(f"{name}_l{n}", value)
        layers.append(arrays)
    return layers[0] if len(layers) == 1 else layers


def _key(layer):
    if isinstance(layer, Recurrent):
        return layer.key
    keys = {nn.LSTM: "lstm", nn.GRU: "gru"}
    for kind, key in keys.items():
        if isinstance(layer, kind):
            return key
    if isinstance(layer, nn.RNN):
        return "rnn_relu" if layer.nonlinearity == "relu" else "rnn"
    raise TypeError(
        f"layer: expected a Recurrent, nn.RNN, nn.LSTM or nn.GRU, got {type(layer).__name__}"
    )


def _array(name, value):
    if not isinstance(value, torch.Tensor):
        raise ValueError(f"layer: has no {name}")
    if value.is_meta:
        raise ValueError(f"layer: {name} is on meta and holds no numbers; use layer.to_empty")
    if value.dtype == torch.bfloat16:
        raise TypeError(f"layer: {name} is bfloat16, which NumPy has not; use layer.float()")
    return value.detach().cpu().numpy().copy()


def _check_options(options):
    for name in DECIDED:
        if name in options:
            raise TypeError(f"{name}: from_numpy takes it from the arrays; leave it out")
    if options.get("bidirectional"):
        raise ValueError("bidirectional: from_numpy converts one direction; build one for each")


def _dtype(layers):
    """The one dtype of all arrays, as PyTorch's."""
    dtypes = {np.asarray(value).dtype.newbyteorder("=") for p in layers for value in p.values()}
    if len(dtypes) > 1:
        names = ", ".join(sorted(map(str, dtypes)))
        raise TypeError(f"params: arrays of {names}; bring them to one dtype with astype")
    (dtype,) = dtypes
    if dtype.kind != "f" or dtype.itemsize > 8:
        raise TypeError(
            f"params: expected float16, float32 or float64, got {dtype}; use astype(float)"
        )
    return torch.from_numpy(np.empty(0, dtype)).dtype
