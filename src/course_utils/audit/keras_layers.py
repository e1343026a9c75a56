"""Layers of Keras, on whichever backend it runs; gradients where that is torch."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import torch

from course_utils.audit.explain import H, Observed
from course_utils.errors import UserError


def layer(make):
    """How a recurrent layer is observed: make() -> one that returns sequences."""

    def observe(rng, x, dy, biases):
        if keras.backend.backend() != "torch":
            raise UserError("keras: gradients are read off torch; set KERAS_BACKEND=torch")
        module = make()
        batch = torch.from_numpy(x.swapaxes(0, 1).copy()).requires_grad_()  # (B, T, D)
        module.build(batch.shape)
        sizes = [0.7 if biases or w.name != "bias" else 0.0 for w in module.weights]
        module.set_weights([
            size * rng.standard_normal(w.shape)
            for size, w in zip(sizes, module.weights, strict=True)
        ])  # fmt: skip
        y = module(batch)
        weights = [w.value for w in module.weights]
        dx, *grads = torch.autograd.grad(
            y, [batch, *weights], torch.from_numpy(dy.swapaxes(0, 1).copy())
        )
        numbers = [w.detach().numpy() for w in weights]
        return Observed(
            ours(*numbers), y.detach().numpy().swapaxes(0, 1), ours(*(g.numpy() for g in grads)),
            dx.numpy().swapaxes(0, 1),
        )  # fmt: skip

    return observe


def ours(kernel, recurrent, bias):
    """Keras' layout as ours, its gates in its own order: transposed, biases by our names."""
    arrays = {"weight_ih": kernel.T, "weight_hh": recurrent.T}
    names = ("bias_ih", "bias_hh") if bias.ndim == 2 else ("bias_ih",)
    return arrays | dict(zip(names, np.atleast_2d(bias), strict=True))


def options(**more):
    """What every layer is made with."""
    return {"units": H, "return_sequences": True, "dtype": "float64"} | more


GRUS = ("gru", "gru_2014")
LAYERS = [
    ("SimpleRNN", ("rnn",), layer(lambda: keras.layers.SimpleRNN(**options()))),
    ("LSTM", ("lstm", "lstm_peephole"), layer(lambda: keras.layers.LSTM(**options()))),
    ("GRU", GRUS, layer(lambda: keras.layers.GRU(**options()))),
    (
        "GRU, reset_after=False",
        GRUS,
        layer(lambda: keras.layers.GRU(**options(reset_after=False))),
    ),
]
