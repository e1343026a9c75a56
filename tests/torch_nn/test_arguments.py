"""Every argument is checked at the door, in the caller's words; ``why`` says what comes of it."""

import numpy as np
import pytest
import torch
from kinds import by_kind
from layers import CASES, KEYS, B, D, H, T, build, draw, draw_states, tuple_of
from torch import nn

from course_utils import torch_nn
from course_utils.shapes import ShapeError
from course_utils.torch_nn import native

X = draw(T, B, D)
LONG = draw(32, B, D)  # from here on, auto compiles
PLAIN = build("lstm")
FIRST = build("lstm", batch_first=True)
ONE = build("gru", num_layers=2)
CLOCK = build("clockwork")
H0 = torch.zeros(1, B, H, dtype=torch.float64)


def new(**options):
    return torch_nn.Recurrent("lstm", D, H, **options)


MISTAKES = {
    "dropout true": (lambda: new(num_layers=2, dropout=True), ValueError, "dropout.*got True"),
    "dropout word": (lambda: new(num_layers=2, dropout="x"), ValueError, "dropout.*got 'x'"),
    "dropout 2": (lambda: new(num_layers=2, dropout=2), ValueError, "dropout.*from 0 to 1"),
    "dropout nan": (lambda: new(num_layers=2, dropout=float("nan")), ValueError, "dropout"),
    "layers true": (lambda: new(num_layers=True), ValueError, "num_layers.*got True"),
    "layers 1.0": (lambda: new(num_layers=1.0), ValueError, r"num_layers.*got 1\.0"),
    "fused": (lambda: new(backend="fused"), ValueError, "backend: expected one of.*compiled"),
    "no kernel": (lambda: build("mgu", "native"), ValueError, "no kernel for 'mgu'.*auto"),
    "an array": (lambda: PLAIN(X.numpy()), TypeError, "input: expected a tensor.*ndarray"),
    "nothing": (lambda: PLAIN(None), TypeError, "input: expected a tensor.*NoneType"),
    "integers": (lambda: PLAIN(X.long()), TypeError, "input: expected torch.float64"),
    "width": (lambda: PLAIN(X[..., :1]), ShapeError, r"axis D should be 2.*\(5, 3, 1\)"),
    "width, batch first": (
        lambda: FIRST(X[..., :1]),
        ShapeError,
        r"axis D should be 2.*\(5, 3, 1\)",
    ),
    "width, unbatched": (lambda: PLAIN(X[:, 0, :1]), ShapeError, r"full shape \(5, 1\)$"),
    "rank": (lambda: PLAIN(X[0, 0]), ShapeError, r"\(T, B, D\) or \(T, D\), got 1 axes; \(2,\)"),
    "state of a batch, unbatched": (
        lambda: PLAIN(X[:, 0], (H0, H0)),
        ShapeError,
        r"hx\.h: expected shape \(1, 4\) \(layers·directions, H\), got \(1, 3, 4\)",
    ),
    "state of one, batched": (
        lambda: ONE(X, H0),
        ShapeError,
        r"hx\.h: expected shape \(2, 3, 4\) \(layers·directions, B, H\), got \(1, 3, 4\)",
    ),
    "integer state": (lambda: PLAIN(X, (H0.long(), H0)), TypeError, r"hx\.h: expected torch.float"),
    "complex state": (lambda: PLAIN(X, (H0, H0 + 0j)), TypeError, r"hx\.c: expected torch.float"),
    "float32 state": (lambda: PLAIN(X, (H0, H0.float())), TypeError, r"hx\.c.*got torch.float32"),
    "a state that is none": (lambda: PLAIN(X, (H0, None)), TypeError, r"hx\.c: .*NoneType"),
    "an array as state": (lambda: ONE(X, H0.numpy()), TypeError, "hx: expected a tensor.*ndarray"),
    "a clock that does not count": (lambda: CLOCK(X, (H0, H0)), TypeError, r"hx\.t: counts steps"),
    "lengths of another batch": (
        lambda: PLAIN(X, lengths=torch.tensor([1, 2])),
        ShapeError,
        r"lengths: expected 3 integers, shape \(3,\)",
    ),
    "negative lengths": (lambda: PLAIN(X, lengths=[1, -1, 2]), ValueError, "lengths: expected 0"),
    "true lengths": (lambda: PLAIN(X, lengths=[True] * 3), ShapeError, "lengths: expected 3 int"),
    "lengths of a packed one": (
        lambda: PLAIN(nn.utils.rnn.pack_sequence([X[:, 0]]), lengths=[1]),
        ValueError,
        "lengths: a PackedSequence",
    ),
    "width of a packed one": (
        lambda: PLAIN(nn.utils.rnn.pack_sequence([X[:, 0, :1]])),
        ShapeError,
        "axis D should be 2",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call()


def test_dropout_of_one_layer_warns_as_torch_does():
    with pytest.warns(UserWarning, match="num_layers=1"):
        nn.LSTM(D, H, dropout=0.5)
    with pytest.warns(UserWarning, match="dropout: .*num_layers=1"):
        new(dropout=0.5)
    new(num_layers=2, dropout=1)


@pytest.mark.parametrize("key", by_kind())
def test_dropout_drops_its_share_and_scales_the_rest(key):
    """The layer above reads the outputs below times 0 or 1/(1-p), each with its probability."""
    share, wide = 0.3, 32
    layer = torch_nn.Recurrent(key, D, wide, 2, dropout=share, backend="eager")
    below = torch_nn.Recurrent(key, D, wide, backend="eager")
    below.load_state_dict({n: p for n, p in layer.state_dict().items() if n.endswith("_l0")})
    given, seen = below(draw(T, 20, D, dtype=torch.float32))[0], []
    original = nn.functional.dropout

    def spy(x, *rest):
        seen.append((x, original(x, *rest)))
        return seen[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.functional, "dropout", spy)
        layer(draw(T, 20, D, dtype=torch.float32))
    ((before, after),) = seen
    torch.testing.assert_close(before, given)
    before, after = before[before != 0], after[before != 0]  # relu has zeros of its own
    kept = after != 0
    torch.testing.assert_close(after[kept], before[kept] / (1 - share))
    assert abs(1 - kept.double().mean() - share) < 5 * (share * (1 - share) / kept.numel()) ** 0.5


@pytest.mark.parametrize("key", by_kind())
def test_numpy_integers_are_sizes_and_clocks_may_be_any_integer(key):
    layer = torch_nn.Recurrent(key, np.int64(D), np.int32(H), np.uint8(1), dtype=torch.float64)
    assert (layer.input_size, layer.hidden_size, layer.num_layers) == (D, H, 1)
    hx = draw_states(layer)
    small = tuple(s if s.is_floating_point() else s.int() for s in tuple_of(hx))
    y, _ = layer(X, small if len(small) > 1 else small[0])
    torch.testing.assert_close(y, layer(X, hx)[0])


@pytest.mark.parametrize("key, backend", CASES)
def test_a_state_that_is_only_a_view_is_taken(key, backend):
    layer = build(key, backend)
    row = tuple(s[:, :1].expand(-1, B, -1) for s in tuple_of(draw_states(layer)))
    whole = tuple(s.contiguous() for s in row)
    one = lambda states: states if len(states) > 1 else states[0]  # noqa: E731
    torch.testing.assert_close(layer(X, one(row))[0], layer(X, list(whole))[0])


@pytest.mark.parametrize("key, backend", CASES)
def test_no_time_and_no_batch_give_nothing_and_keep_the_state(key, backend):
    layer = build(key, backend)
    hx = draw_states(layer)
    y, state = layer(X[:0], hx)
    assert y.shape == (0, B, H)
    for a, b in zip(tuple_of(state), tuple_of(hx), strict=True):
        torch.testing.assert_close(a, b)
    assert layer(X[:, :0])[0].shape == (T, 0, H)


@pytest.mark.parametrize("key", by_kind())
def test_why_names_the_backend_that_runs(key, monkeypatch):
    layer = build(key)
    best = next(name for name, keys in KEYS.items() if key in keys)
    assert layer.why().startswith(f"{best} (") and layer.why(LONG) == layer.why()
    assert build(key, "eager").why() == "eager (asked for)"
    if best != "native":
        assert f"not native: PyTorch has no kernel for {key}" in layer.why()
    ran = []
    scan = torch_nn.backends.unroll_scan
    unroll, run = torch_nn.backends.unroll.unroll, native.run
    compiled = torch_nn.compiled.unroll
    spies = {
        "native": lambda *a: ran.append("native") or run(*a),
        "compiled": lambda *a, **k: ran.append("compiled") or compiled(*a, **k),
        "scan": lambda *a, **k: ran.append("scan") or scan(*a, **k),
        "graph": torch_nn.gpu.unroll,
        "eager": lambda *a, **k: ran.append("eager") or unroll(*a, **k),
    }
    backends = torch_nn.backends.BACKENDS
    for name, backend in backends.items():
        run_spy = spies[name]
        if name != "native":
            run_spy = torch_nn.backends.partial(torch_nn.stack.run, run_spy)
        monkeypatch.setitem(backends, name, backend._replace(run=run_spy))
    for x in (X, LONG):
        resets = torch.zeros(x.shape[:2], dtype=torch.bool)
        for call in ({}, {"lengths": torch.tensor([5, 2, 0])}, {"resets": resets}):
            ran.clear()
            layer(x, **call)
            assert {layer.why(x, **call).split()[0]} == set(ran)
