"""The layer of minGRU-pytorch: one matrix without a bias, hidden and gate in it, in log space."""

from minGRU_pytorch.minGRU import minGRU

from course_utils.audit.explain import D
from course_utils.audit.torch_layers import drawn, observed


def observe(rng, x, dy, biases):
    """Its state begins at nothing, where ours in log space begins at zero, too."""
    module = drawn(minGRU(D), rng, biases)
    return observed(module, lambda x: module(x.transpose(0, 1)).transpose(0, 1), x, dy, named)


def named(arrays):
    """Its one matrix by our name."""
    (weight,) = arrays.values()
    return {"weight_ih": weight}


LAYERS = [("minGRU", ("mingru", "mingru_log"), observe)]
