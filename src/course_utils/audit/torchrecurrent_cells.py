"""Cells of torchrecurrent that we have as well."""

import numpy as np
import torchrecurrent

from course_utils.audit.torch_layers import cell


def peepholes(arrays):
    """One array (3H,) of peepholes, documented as i, f, o, as our three."""
    arrays = dict(arrays)
    if "weight_ph" in arrays:
        three = np.split(arrays.pop("weight_ph"), 3)
        arrays |= dict(zip(("weight_ci", "weight_cf", "weight_co"), three, strict=True))
    return arrays


LAYERS = [
    (name, keys, cell(getattr(torchrecurrent, name), peepholes))
    for name, keys in (
        ("PeepholeLSTMCell", ("lstm_peephole", "lstm")),
        ("OriginalLSTMCell", ("lstm_1997", "lstm")),
        ("MGUCell", ("mgu",)),
        ("MUT1Cell", ("mut1",)),
        ("MUT2Cell", ("mut2", "mut3", "gru_2014")),
        ("MUT3Cell", ("mut3", "mut2", "gru_2014")),
    )
]
