"""Cells of torchrecurrent that we have as well."""

import numpy as np
import torch
import torchrecurrent

from course_utils.audit.torch_layers import cell


def peepholes(arrays):
    """One array (3H,) of peepholes, documented as i, f, o, as our three."""
    arrays = dict(arrays)
    if "weight_ph" in arrays:
        three = np.split(arrays.pop("weight_ph"), 3)
        arrays |= dict(zip(("weight_ci", "weight_cf", "weight_co"), three, strict=True))
    return arrays


def without_biases(arrays):
    """The arrays but for biases: of those that stand elsewhere than ours, only zeros agree."""
    return {name: array for name, array in arrays.items() if not name.startswith("bias_")}


def independent(arrays):
    """The recurrent weights of IndRNN, a vector (H,), by our name."""
    arrays = without_biases(arrays)
    return arrays | {"weight_hh": arrays.pop("vector_u")}


def janet(input_size, hidden_size):
    """JANET with a constant β of 1, as ours; there it is a parameter."""
    module = torchrecurrent.JANETCell(input_size, hidden_size)
    del module.beta
    module.register_buffer("beta", torch.ones(()))
    return module


def indrnn(input_size, hidden_size):
    """IndRNN with the rectifier of the paper; there tanh is the default."""
    return torchrecurrent.IndRNNCell(input_size, hidden_size, nonlinearity=torch.relu)


LAYERS = [
    (name, keys, cell(getattr(torchrecurrent, name), ours))
    for name, keys, ours in (
        ("PeepholeLSTMCell", ("lstm_peephole", "lstm"), peepholes),
        ("OriginalLSTMCell", ("lstm_1997", "lstm"), peepholes),
        ("MGUCell", ("mgu",), peepholes),
        ("MUT1Cell", ("mut1",), peepholes),
        ("MUT2Cell", ("mut2", "mut3", "gru_2014"), peepholes),
        ("MUT3Cell", ("mut3", "mut2", "gru_2014"), peepholes),
        ("UGRNNCell", ("ugrnn",), dict),
        ("CFNCell", ("cfn",), dict),
        ("STARCell", ("star",), dict),
        ("LiGRUCell", ("ligru", "ugrnn"), dict),
        ("TRNNCell", ("trnn", "mingru"), dict),
        ("NBRCell", ("nbrc",), without_biases),
        ("LEMCell", ("lem",), without_biases),
        ("ATRCell", ("atr",), without_biases),
        ("MultiplicativeLSTMCell", ("multiplicative_lstm",), without_biases),
        ("RANCell", ("ran",), without_biases),
    )
] + [
    ("JANETCell", ("janet",), cell(janet)),
    ("IndRNNCell", ("indrnn",), cell(indrnn, independent)),
]
