"""Layers to NumPy and back: every number that the layer computes with, none lost, none invented."""

import numpy as np
import pytest
import torch
from layers import B, D, H, T, build, draw
from torch import nn
from torch.nn.utils import parametrizations, prune

from course_utils import numpy_nn, torch_nn
from course_utils.specs import SPECS


def first_weight(layer):
    """The name of the layer's first matrix, and of one of equal shape, if there is one."""
    shapes = {name: p.shape for name, p in layer.named_parameters()}
    first = next(iter(shapes))
    return first, [n for n, s in shapes.items() if s == shapes[first] and n != first]


def tie(layer):
    """Two names of one parameter: ``named_parameters`` gives it once."""
    by_shape = {}
    for name, p in layer.named_parameters():
        by_shape.setdefault(p.shape, []).append(name)
    for first, *others in by_shape.values():
        for name in others:
            setattr(layer, name, getattr(layer, first))


def share_with_another(layer):
    """The weight lives in a module outside, here it is a tensor computed from it."""
    name, _ = first_weight(layer)
    value = getattr(layer, name).detach() * 2
    delattr(layer, name)
    setattr(layer, name, value)


CHANGES = {
    "plain": lambda layer: None,
    "tied": tie,
    "weight norm": lambda layer: parametrizations.weight_norm(layer, first_weight(layer)[0]),
    "pruned": lambda layer: prune.l1_unstructured(layer, first_weight(layer)[0], amount=3),
    "not a parameter": share_with_another,
    "no bias": None,
}


def changed(key, change, **options):
    layer = build(key, bias=change != "no bias", **options)
    if CHANGES[change]:
        CHANGES[change](layer)
    return layer


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("key", SPECS)
def test_numpy_computes_what_the_layer_does(key, change):
    layer, x = changed(key, change), draw(T, B, D)
    params = torch_nn.to_numpy(layer)
    assert list(params) == [p.name for p in SPECS[key].params]
    y, *_ = numpy_nn.unroll(key, params, x.numpy(), config=layer.config)
    np.testing.assert_allclose(y, layer(x)[0].detach().numpy(), rtol=1e-10, atol=1e-12)
    again = torch_nn.from_numpy(key, params, bias=layer.bias)
    torch.testing.assert_close(again(x)[0], layer(x)[0], rtol=1e-10, atol=1e-12)
    assert [*again.state_dict()] == [*build(key, bias=layer.bias).state_dict()]


@pytest.mark.parametrize("key", SPECS)
def test_both_ways_are_copies(key):
    layer = build(key)
    params = torch_nn.to_numpy(layer)
    again = torch_nn.from_numpy(key, params)
    kept = {name: p.copy() for name, p in params.items()}
    for p in params.values():
        p += 1
    for ours in (layer, again):
        for name, p in torch_nn.to_numpy(ours).items():
            np.testing.assert_array_equal(p, kept[name])


CONFIGS = {"clockwork": {"periods": (1, 3)}}  # of others, the half of each number


@pytest.mark.parametrize("key", [key for key in SPECS if SPECS[key].config])
def test_constants_of_the_callers_own_are_kept(key):
    halved = {name: value / 2 for name, value in SPECS[key].config.items() if key not in CONFIGS}
    config, x = CONFIGS.get(key, halved), draw(T, B, D)
    params = torch_nn.to_numpy(build(key, config=config))
    layer = torch_nn.from_numpy(key, params, config=config)
    assert layer.config == {**SPECS[key].config, **config} != SPECS[key].options()
    y, *_ = numpy_nn.unroll(key, params, x.numpy(), config=config)
    np.testing.assert_allclose(layer(x)[0].detach().numpy(), y, rtol=1e-10, atol=1e-12)
    assert "config" in repr(layer)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", ">f8"])
@pytest.mark.parametrize("key", SPECS)
def test_every_bit_of_every_kind_of_array_is_kept(key, dtype):
    params = numpy_nn.init_params(key, D, H, np.random.default_rng(0), np.float64)
    params = {name: np.asfortranarray(p.astype(dtype)) for name, p in params.items()}
    for p in params.values():
        p.flags.writeable = False
    back = torch_nn.to_numpy(torch_nn.from_numpy(key, params))
    for name, p in params.items():
        assert back[name].dtype == p.dtype.newbyteorder("=")
        np.testing.assert_array_equal(back[name], p)


TORCH = {
    "lstm": nn.LSTM(D, H),
    "gru": nn.GRU(D, H),
    "rnn": nn.RNN(D, H),
    "rnn_relu": nn.RNN(D, H, nonlinearity="relu"),
}


@pytest.mark.parametrize("key", TORCH)
def test_layers_of_torch_are_read_by_their_own_cell(key):
    layer = TORCH[key].double()
    x = draw(T, B, D)
    y, *_ = numpy_nn.unroll(key, torch_nn.to_numpy(layer), x.numpy())
    np.testing.assert_allclose(y, layer(x)[0].detach().numpy(), rtol=1e-10, atol=1e-12)


P = numpy_nn.init_params("lstm", D, H, np.random.default_rng(0))
P32 = {name: p.astype(np.float32) for name, p in P.items()}
TO = torch_nn.to_numpy
FROM = torch_nn.from_numpy
REFUSED = {
    "two directions out": (lambda: TO(build("lstm", bidirectional=True)), ValueError, "two direct"),
    "two directions in": (lambda: FROM("lstm", P, bidirectional=True), ValueError, "bidirectional"),
    "projection out": (lambda: TO(nn.LSTM(D, H, proj_size=2)), ValueError, "proj_size=2"),
    "projection in": (lambda: FROM("lstm", P, proj_size=2), ValueError, "proj_size"),
    "bfloat16": (lambda: TO(build("lstm", dtype=torch.bfloat16)), TypeError, "bfloat16.*float()"),
    "meta": (lambda: TO(build("lstm", device="meta")), ValueError, "on meta"),
    "another module": (lambda: TO(nn.Linear(2, 2)), TypeError, "layer: expected a Recurrent"),
    "biases that count": (lambda: FROM("lstm", P, bias=False), ValueError, "bias: False, but"),
    "a dtype": (lambda: FROM("lstm", P, dtype=torch.float32), TypeError, "dtype: from_numpy"),
    "layers": (lambda: FROM("lstm", P, num_layers=2), TypeError, "num_layers: from_numpy"),
    "mixed": (
        lambda: FROM("lstm", P | {"bias_hh": P32["bias_hh"]}),
        TypeError,
        "params: arrays of float32, float64",
    ),
    "integers": (
        lambda: FROM("lstm", {n: p.astype(int) for n, p in P.items()}),
        TypeError,
        "params: expected float16",
    ),
    "complex": (
        lambda: FROM("lstm", {n: p + 0j for n, p in P.items()}),
        TypeError,
        "params: expected float16",
    ),
    "no layer": (lambda: FROM("lstm", []), ValueError, "at least one layer"),
    "layers that do not fit": (lambda: FROM("lstm", [P, P]), ValueError, "do not fit each other"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_cannot_be_converted_is_refused_by_name(mistake):
    call, error, message = REFUSED[mistake]
    with pytest.raises(error, match=message):
        call()
