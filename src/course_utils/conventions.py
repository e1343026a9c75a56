"""Who writes the same network how: letters, gate orders, layouts, biases; and converters.

``CONVENTIONS`` is what the notation page prints.  The converters work on plain arrays, so that no
other framework has to be installed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.shapes import ShapeError, expect
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
        "Flax", "i f g o, apart", "(D, H) for each gate",
        "LSTM: one, with the hidden share; GRU: one, with the inputs, and a second on hn", "r z n",
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

KERAS = {
    "rnn": ("h",),
    "rnn_relu": ("h",),
    "lstm": ("i", "f", "g", "o"),
    "gru": ("z", "r", "n"),
    "gru_2014": ("z", "r", "n"),
}
"""Our cells that Keras has, with its order of gates: SimpleRNN (activation tanh, relu), LSTM, GRU
with reset_after=True and with reset_after=False."""


def reorder(array, old, new):
    """Blocks of the first axis in another order of gates: old, new as letters, e.g. "ifgo"."""
    array = np.asarray(array)
    rows = len(array) if array.ndim else 0
    same = sorted(old) == sorted(new) and len(set(old)) == len(old) > 0
    if not same or not array.ndim or rows % len(old):
        raise ValueError(
            f"old, new: expected the same gates and {rows} rows divisible by their number, "
            f"got {''.join(old)!r} and {''.join(new)!r}"
        )
    blocks = dict(zip(old, np.split(array, len(old)), strict=True))
    return np.concatenate([blocks[k] for k in new])


def to_keras(key, params, *, use_bias=True):
    """Our arrays as a Keras layer's weights: [kernel (D, G·H), recurrent_kernel (H, G·H), bias].

    key, one of ``KERAS``; params, a dict, or a pair of them for ``Bidirectional``, whose list has
    the six arrays of both directions.  The sum of our two biases is one array (G·H,), except for
    ``gru``, whose candidate keeps them apart: (2, 3H).  use_bias=False leaves the bias out, and is
    a ValueError where ours is not zero.
    """
    if isinstance(params, (list, tuple)):
        if len(params) != 2:
            raise ValueError(f"params: expected a dict, or a pair of directions, got {len(params)}")
        return [w for p in params for w in to_keras(key, p, use_bias=use_bias)]
    spec, theirs = get_spec(key), _gates(key)
    spec.check(params)
    kernel, recurrent, b_ih, b_hh = (
        reorder(params[name], spec.gates, theirs)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    weights = [kernel.T.copy(), recurrent.T.copy()]
    if use_bias:
        return [*weights, np.stack([b_ih, b_hh]) if key == "gru" else b_ih + b_hh]
    if b_ih.any() or b_hh.any():
        raise ValueError("use_bias: these biases are not zero, and would be lost; leave it True")
    return weights


def from_keras(key, weights):
    """The weights of a Keras layer (``layer.get_weights()``) as our arrays.

    weights, [kernel (D, G·H), recurrent_kernel (H, G·H), bias], or the first two (use_bias=False);
    for ``Bidirectional`` those of both directions one after the other, of which a pair of dicts is
    made.  A bias of (G·H,) goes into ``bias_ih``.  ShapeError where a layout is another framework's
    or the arrays stand in another order; two square kernels look the same either way.
    """
    weights = [np.asarray(w) for w in weights]
    if len(weights) in (4, 6):
        half = len(weights) // 2
        return from_keras(key, weights[:half]), from_keras(key, weights[half:])
    if len(weights) not in (2, 3):
        raise ValueError(
            "weights: expected [kernel, recurrent_kernel, bias], without the bias where "
            f"use_bias=False, or twice that for Bidirectional, got {len(weights)} arrays"
        )
    spec, theirs = get_spec(key), _gates(key)
    kernel, recurrent, *bias = weights
    for name, w in zip(("kernel", "recurrent_kernel", "bias"), weights, strict=False):
        if w.dtype.kind != "f":
            raise TypeError(f"{name}: expected floating numbers, got {w.dtype}")
    if len(kinds := sorted({w.dtype.name for w in weights})) > 1:
        raise TypeError(f"weights: arrays of {', '.join(kinds)}; give all one dtype")
    H = _units(key, kernel, recurrent, len(theirs))
    if bias:
        b_ih, b_hh = _biases(key, bias[0], len(theirs), H)
    else:
        b_ih, b_hh = np.zeros((2, len(theirs) * H), kernel.dtype)
    named = {"weight_ih": kernel.T, "weight_hh": recurrent.T, "bias_ih": b_ih, "bias_hh": b_hh}
    return {name: reorder(np.ascontiguousarray(w), theirs, spec.gates) for name, w in named.items()}


def _units(key, kernel, recurrent, G):
    """H of kernels in Keras' layout; ShapeError that says what they look like otherwise."""
    axes = "H" if G == 1 else f"{G}H"
    try:
        return expect(recurrent_kernel=(recurrent, f"H {axes}"), kernel=(kernel, f"D {axes}"))["H"]
    except ShapeError as error:
        fits = [
            ("kernel and recurrent_kernel are swapped", (kernel, recurrent)),
            ("this is PyTorch's layout (G·H, D): pass weight.T", (recurrent.T, kernel.T)),
        ]
        for remedy, (second, first) in fits:
            try:
                expect(recurrent_kernel=(second, f"H {axes}"), kernel=(first, f"D {axes}"))
            except ShapeError:
                continue
            raise ShapeError(f"{error}; {remedy}") from None
        raise


def _biases(key, bias, G, H):
    """A Keras bias as bias_ih and bias_hh; ShapeError that says whose it is otherwise."""
    if key == "gru" and bias.shape == (2, 3 * H):
        return bias
    if key != "gru" and bias.shape == (G * H,):
        return bias, np.zeros_like(bias)
    wanted = "(2, 3H)" if key == "gru" else f"({G}H,)" if G > 1 else "(H,)"
    remedy = ""
    if bias.shape == (2 * G * H,) and G > 1:
        layer = "CuDNN" + ("LSTM" if key == "lstm" else "GRU")
        plain = layer.removeprefix("CuDNN")
        remedy = f"; this is a {layer}'s: load it into keras.layers.{plain}, which converts it"
    elif key == "gru" and bias.shape == (3 * H,):
        remedy = "; a Keras GRU with reset_after=False is our 'gru_2014': pass that key"
    elif key == "gru_2014" and bias.shape == (2, 3 * H):
        remedy = "; a Keras GRU with reset_after=True is our 'gru': pass that key"
    raise ShapeError(f"bias: expected shape {wanted} with H={H}, got {bias.shape}{remedy}")


def _gates(key):
    if key not in KERAS:
        raise KeyError(f"key: Keras has no {key!r}; it has {', '.join(KERAS)}")
    return KERAS[key]
