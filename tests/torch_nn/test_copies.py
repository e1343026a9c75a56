"""Whatever a user can hold survives copy, pickle and saving: equal, and independent."""

import copy
import io
import pickle

import pytest
import torch
from kinds import by_kind
from layers import CASES, B, D, H, T, assert_same, build, draw, results, tuple_of
from torch import nn

from course_utils import numpy_nn, torch_nn
from course_utils.specs import SPECS

TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def saved(thing):
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "torch.save": saved,
    "AveragedModel": lambda thing: torch.optim.swa_utils.AveragedModel(thing).module,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", by_kind())
def test_a_copied_layer_is_equal_and_independent(key, way):
    layer, x = build(key, "eager", num_layers=2), draw(2, 1, D)
    copied = WAYS[way](layer)
    assert repr(copied) == repr(layer) and copied.spec == layer.spec
    y, _ = layer(x)
    torch.testing.assert_close(copied(x)[0], y, rtol=0, atol=0)
    copied(x)[0].sum().backward()
    assert copied.example().grad is not None and layer.example().grad is None
    with torch.no_grad():
        for p in copied.parameters():
            p.zero_()
    copied.config["x"] = 0
    assert "x" not in layer.config
    torch.testing.assert_close(layer(x)[0], y, rtol=0, atol=0)


@pytest.mark.parametrize("key, backend", CASES)
def test_a_copy_takes_the_same_backend(key, backend):
    layer = build(key, backend)
    assert copy.deepcopy(layer).why() == layer.why() == f"{backend} (asked for)"
    x = draw(T, B, D)
    assert_same(results(copy.deepcopy(layer), x), results(layer, x), rtol=0, atol=0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", by_kind())
def test_a_copied_initial_state_is_equal_and_independent(key, way):
    initial = torch_nn.LearnedInitialState(build(key, num_layers=2))
    copied = WAYS[way](initial)
    with torch.no_grad():
        for p in initial.parameters():
            p.add_(1)
    assert_same(tuple_of(copied(B)), tuple_of(build(key, num_layers=2).initial_state(B)))


def test_a_shallow_copy_shares_the_weights():
    layer = build("lstm")
    assert copy.copy(layer).weight_hh_l0 is layer.weight_hh_l0


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, WAYS["pickle"]])
@pytest.mark.parametrize("key", by_kind())
def test_a_spec_is_a_value(key, way):
    spec = SPECS[key]
    again = way(spec)
    assert again == spec and hash(again) == hash(spec) and {again: 1}[spec] == 1
    assert again.latex() == spec.latex() and again.options() == spec.options()
    with pytest.raises(TypeError):
        again.config["new"] = 1


def test_specs_of_two_cells_are_two_values():
    assert len({*SPECS.values()}) == len(SPECS)


@pytest.mark.parametrize("key", by_kind())
def test_a_spec_stands_for_its_key(key):
    spec = SPECS[key]
    layer = torch_nn.Recurrent(spec, D, H, dtype=torch.float64)
    params, x = torch_nn.to_numpy(layer), draw(T, B, D)
    y, *_ = numpy_nn.unroll(spec, params, x.numpy())
    torch.testing.assert_close(torch.from_numpy(y), layer(x)[0].detach(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("key", TORCH)
def test_weights_saved_by_torch_load_here_and_back(key, tmp_path):
    options = {"num_layers": 2, "bidirectional": True, "dtype": torch.float64}
    torch.manual_seed(1)
    theirs, ours = TORCH[key](D, H, **options), torch_nn.Recurrent(key, D, H, **options)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    ours.load_state_dict(torch.load(tmp_path / "theirs.pt", weights_only=True))
    x = draw(T, B, D)
    torch.testing.assert_close(ours(x)[0], theirs(x)[0])
    torch.save(ours.state_dict(), tmp_path / "ours.pt")
    again = TORCH[key](D, H, **options)
    again.load_state_dict(torch.load(tmp_path / "ours.pt", weights_only=True))
    torch.testing.assert_close(again(x)[0], theirs(x)[0], rtol=0, atol=0)


def replica(module):
    """As ``nn.parallel.replicate`` makes one for another GPU: its weights are plain attributes."""
    made = module._replicate_for_data_parallel()
    for name, p in module.named_parameters():
        setattr(made, name, p * 1)
    return made


@pytest.mark.parametrize("key, backend", CASES)
def test_a_replica_computes_and_sends_its_gradients_home(key, backend):
    layer = build(key, backend, bidirectional=True)
    copied, x = replica(layer), draw(2, 1, D)
    assert not list(copied.parameters())
    y, _ = copied(x)
    torch.testing.assert_close(y, layer(x)[0], rtol=0, atol=0)
    y.sum().backward()
    assert layer.example().grad.abs().max() > 0
    assert copied.why() == layer.why() and copied.initial_state(B) is not None


@pytest.mark.parametrize("key", TORCH)
def test_the_lists_of_weights_are_those_of_torch(key):
    ours = torch_nn.Recurrent(key, D, H, num_layers=2, bidirectional=True, bias=False)
    theirs = TORCH[key](D, H, num_layers=2, bidirectional=True, bias=False)
    ours.flatten_parameters()
    assert [[p.shape for p in part] for part in ours.all_weights] == [
        [p.shape for p in part] for part in theirs.all_weights
    ]
    assert ours.all_weights[0][0] is ours.weight_ih_l0
