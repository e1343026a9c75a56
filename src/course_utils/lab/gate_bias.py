"""The bias of one gate, whatever its place in the stack: for NumPy's arrays and torch's layers."""

from course_utils.numpy_nn.init import set_chrono, set_gate_bias
from course_utils.specs import get_spec


def arrays(layer):
    """The parameters of a one-layer ``torch_nn.Recurrent`` as arrays that share its memory."""
    return {k.removesuffix("_l0"): p.detach().numpy() for k, p in layer.named_parameters()}


def set_layer_bias(layer, gate, values):
    """The whole bias of a gate of a torch layer, in place: one number, or one a unit (H,)."""
    set_gate_bias(get_spec(layer.key), arrays(layer), gate, values)


def shift_layer_bias(layer, gate, amount):
    """Add to the bias of a gate of a torch layer, in place, and keep what was drawn."""
    get_spec(layer.key).symbol_values(arrays(layer))[f"b_x{gate}"][...] += amount


def set_layer_chrono(layer, longest, rng):
    """``numpy_nn.init.set_chrono`` for a torch layer, in place."""
    set_chrono(get_spec(layer.key), arrays(layer), longest, rng)
