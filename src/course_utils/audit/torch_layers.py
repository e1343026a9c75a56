"""Layers of PyTorch, in double precision."""

import torch

from course_utils.audit.explain import D, H, Observed


def drawn(module, rng, biases):
    """The module in double precision with normal weights; biases=False sets those to zero."""
    module = module.double()
    with torch.no_grad():
        for name, p in module.named_parameters():
            size = 0.7 if biases or "bias" not in name else 0.0
            p.copy_(torch.from_numpy(size * rng.standard_normal(p.shape)))
    return module


def observed(module, call, x, dy, ours=dict):
    """Run it: call(x) -> y (T, B, H); ours({its name: array}) -> {our name: array}."""
    x = torch.from_numpy(x).requires_grad_()
    y = call(x)
    params = dict(module.named_parameters())
    dx, *grads = torch.autograd.grad(y, [x, *params.values()], torch.from_numpy(dy))
    return Observed(
        ours({name: p.detach().numpy() for name, p in params.items()}),
        y.detach().numpy(),
        ours({name: g.numpy() for name, g in zip(params, grads, strict=True)}),
        dx.numpy(),
    )


def stepped(module, x):
    """y (T, B, H) of a cell that takes one step at a time."""
    state, y = None, []
    for x_t in x:
        state = module(x_t, state)
        y.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(y)


def first_layer(arrays):
    """Names without the ending _l0."""
    return {name.removesuffix("_l0"): array for name, array in arrays.items()}


def layer(make):
    """How a layer of torch.nn is observed."""

    def observe(rng, x, dy, biases):
        module = drawn(make(D, H), rng, biases)
        return observed(module, lambda x: module(x)[0], x, dy, first_layer)

    return observe


def cell(make, ours=dict):
    """How a cell, which takes one step, is observed."""

    def observe(rng, x, dy, biases):
        module = drawn(make(D, H), rng, biases)
        return observed(module, lambda x: stepped(module, x), x, dy, ours)

    return observe


GRUS = ("gru", "gru_2014")
LAYERS = [
    ("nn.RNN", ("rnn",), layer(torch.nn.RNN)),
    ("nn.LSTM", ("lstm", "lstm_peephole"), layer(torch.nn.LSTM)),
    ("nn.GRU", GRUS, layer(torch.nn.GRU)),
    ("nn.LSTMCell", ("lstm",), cell(torch.nn.LSTMCell)),
    ("nn.GRUCell", GRUS, cell(torch.nn.GRUCell)),
]
