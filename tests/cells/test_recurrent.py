"""Recurrent is nn.RNN, nn.LSTM and nn.GRU where those exist."""

import numpy as np
import pytest
import torch
from kinds import by_kind
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils import numpy_nn, torch_nn
from course_utils.shapes import ShapeError
from course_utils.specs import SPECS

TORCH = {k: v for k, v in {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}.items() if k in SPECS}
T, B, D, H = 6, 4, 3, 5
FORMS = {
    "plain": {},
    "stacked": {"num_layers": 3},
    "two ways": {"bidirectional": True},
    "stacked two ways": {"num_layers": 2, "bidirectional": True},
    "no bias": {"bias": False},
}


def pair(key, backend, **options):
    """Ours and torch's, drawn from one seed, in float64."""
    torch.manual_seed(0)
    ours = torch_nn.Recurrent(key, D, H, dtype=torch.float64, backend=backend, **options)
    torch.manual_seed(0)
    theirs = TORCH[key](D, H, dtype=torch.float64, **options)
    return ours, theirs


def start(layer, batch=B):
    ways = layer.num_layers * (2 if layer.bidirectional else 1)
    g = torch.Generator().manual_seed(5)
    one = lambda: torch.randn(ways, batch, H, dtype=torch.float64, generator=g)  # noqa: E731
    return (one(), one()) if isinstance(layer, nn.LSTM) else one()


def data(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def flat(state):
    return list(state) if isinstance(state, tuple) else [state]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("backend", ["auto", "eager"])
@pytest.mark.parametrize("key", TORCH)
def test_the_same_seed_gives_the_same_weights_outputs_states_and_gradients(key, backend, form):
    ours, theirs = pair(key, backend, **FORMS[form])
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, p in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], p, rtol=0, atol=0)
    x, hx = data(T, B, D), start(theirs)
    results = []
    for layer in (ours, theirs):
        xi = x.clone().requires_grad_()
        y, state = layer(xi, hx)
        cotangents = [data(*y.shape), *(data(*s.shape) * 0.7 for s in flat(state))]
        sum((a * b).sum() for a, b in zip([y, *flat(state)], cotangents, strict=True)).backward()
        results.append([y, *flat(state), xi.grad, *(p.grad for p in layer.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("sort", [True, False])
@pytest.mark.parametrize("backend", ["auto", "eager"])
@pytest.mark.parametrize("key", TORCH)
def test_a_packed_sequence_gives_what_torch_gives(key, backend, sort):
    ours, theirs = pair(key, backend, num_layers=2, bidirectional=True)
    lengths = torch.tensor([6, 4, 4, 1] if sort else [4, 6, 1, 4])
    packed = pack_padded_sequence(data(T, B, D), lengths, enforce_sorted=sort)
    y, state = ours(packed, start(theirs))
    y_t, state_t = theirs(packed, start(theirs))
    torch.testing.assert_close(y.data, y_t.data)
    padded, n = pad_packed_sequence(y)
    assert n.tolist() == lengths.tolist()
    torch.testing.assert_close(padded, pad_packed_sequence(y_t)[0])
    for a, b in zip(flat(state), flat(state_t), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("key", by_kind())
@pytest.mark.parametrize("bidirectional", [False, True])
def test_lengths_give_what_the_shorter_sequence_gives_alone(key, bidirectional):
    torch.manual_seed(1)
    layer = torch_nn.Recurrent(
        key, D, 4, num_layers=2, bidirectional=bidirectional, dtype=torch.float64
    )
    x, lengths = data(T, B, D), torch.tensor([6, 3, 1, 4])
    y, state = layer(x, lengths=lengths)
    for b, n in enumerate(lengths.tolist()):
        alone, last = layer(x[:n, b : b + 1])
        torch.testing.assert_close(y[:n, b : b + 1], alone)
        assert not y[n:, b].any()
        for s, s1 in zip(flat(state), flat(last), strict=True):
            torch.testing.assert_close(s[:, b : b + 1], s1)


@pytest.mark.parametrize("key", by_kind())
def test_batch_first_and_unbatched_are_only_another_layout(key):
    torch.manual_seed(1)
    plain = torch_nn.Recurrent(key, D, 4, dtype=torch.float64)
    first = torch_nn.Recurrent(key, D, 4, batch_first=True, dtype=torch.float64)
    first.load_state_dict(plain.state_dict())
    x = data(T, B, D)
    y, state = plain(x)
    y_first, state_first = first(x.transpose(0, 1))
    torch.testing.assert_close(y_first.transpose(0, 1), y)
    y_one, state_one = plain(x[:, 0])
    torch.testing.assert_close(y_one, y[:, 0])
    for s, f, o in zip(flat(state), flat(state_first), flat(state_one), strict=True):
        torch.testing.assert_close(f, s)
        torch.testing.assert_close(o, s[:, 0])


@pytest.mark.parametrize("key", SPECS)
def test_numpy_and_back_keeps_every_bit(key):
    params = numpy_nn.init_params(key, D, 4, np.random.default_rng(0), np.float32)
    back = torch_nn.to_numpy(torch_nn.from_numpy(key, params))
    assert set(back) == set(params)
    for name, p in params.items():
        assert back[name].dtype == p.dtype
        np.testing.assert_array_equal(back[name], p)


def test_interop_takes_a_stack_as_a_list():
    rng = np.random.default_rng(0)
    stack = [numpy_nn.init_params("lstm", D, H, rng), numpy_nn.init_params("lstm", H, H, rng)]
    layer = torch_nn.from_numpy("lstm", stack)
    assert layer.num_layers == 2
    np.testing.assert_array_equal(torch_nn.to_numpy(layer)[1]["weight_hh"], stack[1]["weight_hh"])


def test_to_numpy_reads_a_layer_of_torch():
    layer = nn.LSTM(D, H)
    params = torch_nn.to_numpy(layer)
    np.testing.assert_array_equal(params["bias_hh"], layer.bias_hh_l0.detach().numpy())


def test_dropout_acts_between_layers_only_while_training():
    layer = torch_nn.Recurrent("lstm", D, H, num_layers=2, dropout=0.5, backend="eager")
    x = torch.randn(T, B, D)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    torch.testing.assert_close(layer(x)[0], layer(x)[0], rtol=0, atol=0)


LAYER = torch_nn.Recurrent("lstm", D, H)
MISTAKES = {
    "wrong D": (lambda: LAYER(torch.zeros(T, B, D + 1)), ShapeError, "axis D should be 3"),
    "wrong rank": (lambda: LAYER(torch.zeros(1, T, B, D)), ShapeError, r"expected \(T, B, D\)"),
    "wrong dtype": (
        lambda: LAYER(torch.zeros(T, B, D).double()),
        TypeError,
        "input: expected torch",
    ),
    "one state": (lambda: LAYER(torch.zeros(T, B, D), torch.zeros(1, B, H)), ShapeError, "h, c"),
    "state size": (
        lambda: LAYER(torch.zeros(T, B, D), (torch.zeros(1, 1, H), torch.zeros(1, B, H))),
        ShapeError,
        "hx.h: expected shape",
    ),
    "float lengths": (
        lambda: LAYER(torch.zeros(T, B, D), lengths=torch.ones(B)),
        ShapeError,
        "lengths",
    ),
    "long lengths": (
        lambda: LAYER(torch.zeros(T, B, D), lengths=torch.full((B,), T + 1)),
        ValueError,
        "0 to T=6",
    ),
    "key": (lambda: torch_nn.Recurrent("lstmm", D, H), KeyError, "choose from"),
    "projection": (lambda: torch_nn.Recurrent("lstm", D, H, proj_size=2), ValueError, "proj_size"),
    "backend": (lambda: torch_nn.Recurrent("lstm", D, H, backend="x"), ValueError, "backend"),
    "config": (lambda: torch_nn.Recurrent("lstm", D, H, config={"a": 1}), KeyError, "config"),
    "size": (lambda: torch_nn.Recurrent("lstm", D, 0), ValueError, "hidden_size"),
    "two ways": (
        lambda: torch_nn.to_numpy(torch_nn.Recurrent("lstm", D, H, bidirectional=True)),
        ValueError,
        "two directions",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("key", by_kind())
def test_a_learned_initial_state_begins_where_the_cell_does_and_is_trained(key):
    torch.manual_seed(0)
    layer = torch_nn.Recurrent(key, D, 4, num_layers=2, bidirectional=True, dtype=torch.float64)
    start, x = torch_nn.LearnedInitialState(layer), data(T, B, D)
    y, _ = layer(x, start(B))
    torch.testing.assert_close(y, layer(x)[0])
    (y * data(*y.shape)).sum().backward()
    grads = [p.grad for p in start.parameters()]  # None of a state that nothing reads
    assert any(g is not None and g.abs().max() > 0 for g in grads)
    torch.optim.SGD(start.parameters(), lr=1.0).step()
    assert not torch.equal(layer(x, start(B))[0], y)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("key", SPECS)
def test_no_step_indexes_the_sequence(key, bidirectional):
    """The gradient of x[t] has the size of x: T of those would make the way back cost T²."""
    hidden = 8  # clockwork's four modules divide it
    layer = torch_nn.Recurrent(
        key, D, hidden, num_layers=2, bidirectional=bidirectional, backend="eager"
    )
    y, _ = layer(data(T, B, D).float().requires_grad_())
    seen, todo = set(), [y.grad_fn]
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            todo += [before for before, _ in node.next_functions]
    names = {node.name() for node in seen}
    assert "UnbindBackward0" in names
    assert not {"SelectBackward0", "IndexBackward0"} & names
