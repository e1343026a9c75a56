"""Parameters as plain NumPy dicts to layers and back; layer suffixes exist only here."""

import numpy as np
import torch

from course_utils.specs import get_spec
from course_utils.torch_nn.recurrent import Recurrent


def from_numpy(key, params, **options):
    """A ``Recurrent`` that holds copies of the arrays.

    params: the dict of one layer, as from ``numpy_nn.init_params``, or a list of them for a stack.
    options go to ``Recurrent``.  Sizes and dtype come from the arrays; ShapeError if they disagree.
    """
    spec = get_spec(key)
    layers = [params] if isinstance(params, dict) else list(params)
    sizes = [spec.check(p) for p in layers]
    hidden = {s["H"] for s in sizes}
    if len(hidden) != 1 or any(s["D"] != sizes[0]["H"] for s in sizes[1:]):
        raise ValueError(f"params: layers do not fit each other, sizes {sizes}")
    dtype = torch.from_numpy(np.empty(0, next(iter(layers[0].values())).dtype)).dtype
    layer = Recurrent(
        key, sizes[0]["D"], hidden.pop(), num_layers=len(layers), dtype=dtype, **options
    )
    with torch.no_grad():
        for n, p in enumerate(layers):
            for name, value in p.items():
                getattr(layer, f"{name}_l{n}").copy_(torch.from_numpy(np.ascontiguousarray(value)))
    return layer


def to_numpy(layer):
    """The arrays of a ``Recurrent`` (or nn.RNN, nn.LSTM, nn.GRU): one dict, or a list for a stack.

    Copies, on the CPU, named as in the spec.  Two directions are refused: convert each apart.
    """
    if layer.bidirectional:
        raise ValueError("layer: has two directions; to_numpy converts one; build one for each")
    layers = []
    for n in range(layer.num_layers):
        suffix = f"_l{n}"
        layers.append(
            {
                name.removesuffix(suffix): p.detach().cpu().numpy().copy()
                for name, p in layer.named_parameters()
                if name.endswith(suffix)
            }
        )
    return layers[0] if len(layers) == 1 else layers
