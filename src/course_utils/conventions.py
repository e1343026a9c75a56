"""Who writes the same network how: letters, gate orders, layouts, biases; and converters.

``CONVENTIONS`` is what the notation page prints.  The converters work on plain arrays, so that no
other framework has to be installed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.specs import get_spec


@dataclass(frozen=True)
class Convention:
    """One way to write an LSTM and a GRU.

    who; the LSTM's gates in the order of the stacked weights, in our letters; how weights lie and
    how many biases a layer has; the GRU's order; where its reset stands; what z does; remarks.
    """

    who: str
    lstm: str
    layout: str
    biases: str
    gru: str
    reset: str
    z: str
    remark: str = ""


CONVENTIONS = (
    Convention(
        "this course, PyTorch", "i f g o", "(G·H, D), x @ W.T", "two", "r z n",
        "after the matrix", "keeps h_prev", "both biases are added; only their sum matters, "
        "except for the GRU's n",
    ),
    Convention(
        "Keras", "i f g o", "(D, G·H), x @ W", "one (GRU with reset_after: two)", "z r n",
        "after (reset_after=True) or before", "keeps h_prev", "forget bias starts at 1",
    ),
    Convention(
        "ONNX", "i o f g", "(G·H, D)", "two, concatenated", "z r n",
        "before, unless linear_before_reset=1", "keeps h_prev",
    ),
    Convention(
        "Flax", "i f g o, apart", "(D, H) for each gate", "one, with the hidden share", "r z n",
        "after the matrix", "keeps h_prev", "gate matrices are separate parameters",
    ),
    Convention(
        "Cho et al. 2014", "–", "W x + U h", "none printed", "r z h̃", "before", "keeps h_prev",
    ),
    Convention(
        "Chung et al. 2014", "i f c̃ o", "W x + U h", "none printed", "r z h̃", "before",
        "writes h̃: our 1 − z",
    ),
)  # fmt: skip

KERAS = {"rnn": ("h",), "lstm": ("i", "f", "g", "o"), "gru": ("z", "r", "n")}


def reorder(array, old, new):
    """Blocks of the first axis in another order of gates: old, new as letters, e.g. "ifgo"."""
    if sorted(old) != sorted(new) or len(array) % len(old):
        raise ValueError(
            f"old, new: expected the same gates and {len(array)} rows divisible by their number, "
            f"got {''.join(old)!r} and {''.join(new)!r}"
        )
    blocks = dict(zip(old, np.split(array, len(old)), strict=True))
    return np.concatenate([blocks[k] for k in new])


def to_keras(key, params):
    """Our arrays as Keras' list of weights: kernel (D, G·H), recurrent_kernel (H, G·H), bias.

    key: rnn (SimpleRNN), lstm (LSTM), gru (GRU with reset_after=True, bias (2, 3H)).  The sum of
    the two biases is one array (G·H,) except for the GRU, whose candidate keeps them apart.
    """
    ours, theirs = get_spec(key).gates, _gates(key)
    kernel, recurrent, b_ih, b_hh = (
        reorder(params[name], ours, theirs)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    bias = np.stack([b_ih, b_hh]) if key == "gru" else b_ih + b_hh
    return [kernel.T.copy(), recurrent.T.copy(), bias]


def from_keras(key, weights):
    """Keras' [kernel, recurrent_kernel, bias] as our arrays; a merged bias goes into bias_ih."""
    kernel, recurrent, bias = (np.asarray(w) for w in weights)
    ours, theirs = get_spec(key).gates, _gates(key)
    if key == "gru" and bias.ndim != 2:
        raise ValueError(
            "bias: a Keras GRU with reset_after=False is our 'gru_2014'; expected shape (2, 3H), "
            f"got {bias.shape}"
        )
    b_ih, b_hh = bias if key == "gru" else (bias, np.zeros_like(bias))
    params = {"weight_ih": kernel.T, "weight_hh": recurrent.T, "bias_ih": b_ih, "bias_hh": b_hh}
    return {name: reorder(np.ascontiguousarray(p), theirs, ours) for name, p in params.items()}


def _gates(key):
    if key not in KERAS:
        raise KeyError(f"key: Keras has no {key!r}; it has {', '.join(KERAS)}")
    return KERAS[key]
