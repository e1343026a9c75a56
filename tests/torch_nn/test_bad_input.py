"""What a caller may hand over by mistake is refused by name, with the remedy: the PyTorch side."""

import numpy as np
import pytest
import torch

from course_utils import numpy_nn, torch_nn
from course_utils.shapes import ShapeError
from course_utils.torch_nn import attention, grid, many, search

T, B, D, H = 4, 3, 2, 5
X = torch.randn(T, B, D, generator=torch.Generator().manual_seed(0))
P = numpy_nn.init_params("lstm", D, H, np.random.default_rng(0), np.float32)
GRU = numpy_nn.init_params("gru", D, H, np.random.default_rng(0), np.float32)
OTHER = numpy_nn.init_params("lstm", D, H + 1, np.random.default_rng(0), np.float32)
TENSORS = {name: torch.tensor(p) for name, p in P.items()}
LINEAR = {
    name: torch.tensor(p)
    for name, p in numpy_nn.init_params("mingru", D, H, np.random.default_rng(0), "f4").items()
}
H0 = torch.zeros(B, H)
NETS = many.stack([P, P])
ROWS = torch.zeros(2, B, H)
SIDE = grid.Side(H0, H0)
STATE = (torch.zeros(1, 2),)

LAYER = torch_nn.Recurrent("lstm", D, H)
HEADS = attention.MultiHeadAttention(D, 1)
SOFT = attention.Attention("general", D, D)
DOT = attention.Attention("dot", D, D)
WINDOW = attention.Window(D, 2)
GRID = grid.GridLSTM(D, H)

READERS = {
    "eager": torch_nn.Recurrent("lstm", D, H, backend="eager"),
    "native": torch_nn.Recurrent("lstm", D, H, backend="native"),
    "compiled": torch_nn.Recurrent("lstm", D, H, backend="compiled"),
    "scan": lambda x: torch_nn.scan("mingru", LINEAR, x, (H0,)),
    "many": lambda x: many.unroll("lstm", NETS, x),
    "attention": lambda x: SOFT(x, X),
    "keys": lambda x: DOT(X, x),
    "pointer": lambda x: SOFT.point(x, X),
    "heads": HEADS,
    "memory": lambda x: HEADS(X, x),
    "window": lambda x: WINDOW(X[0], torch.zeros(B, 2), x),
    "grid": GRID,
    "rotate": attention.rotate,
}
LAYOUTS = {
    "sparse": (lambda: X.to_sparse(), r"to_dense\(\)"),
    "rows": (lambda: X.to_sparse_csr(), r"to_dense\(\)"),
    "quantized": (
        lambda: torch.quantize_per_tensor(X, 0.1, 0, torch.quint8), r"dequantize\(\)",
    ),
    "nested": (
        lambda: torch.nested.nested_tensor([X[0], X[1, :2]]), r"to_padded_tensor\(0\), and lengths",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # PyTorch's, that some of these may change or go
@pytest.mark.parametrize("make, remedy", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_tensor_whose_numbers_do_not_lie_side_by_side(read, make, remedy):
    x = make()
    with pytest.raises(TypeError, match=rf"^\w+: expected a dense tensor, got .*{remedy}$"):
        read(x)


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_tensor(name):
    nothing = [] if name == "memory" else [None]  # None: the queries themselves
    for x in ("abc", 3, X.numpy(), X.tolist(), *nothing):
        with pytest.raises(TypeError, match=r"^\w+: expected a tensor"):
            READERS[name](x)


OTHERS = {"meta": X.to("meta"), "double": X.double(), "long": X.long(), "complex": X + 0j}


@pytest.mark.parametrize("name", [n for n in READERS if n != "rotate"])
@pytest.mark.parametrize("x", OTHERS.values(), ids=OTHERS)
def test_a_tensor_of_another_place_or_precision(name, x):
    with pytest.raises((TypeError, ValueError), match=r"^[\w.\[\]']+: (on \w|expected \w)"):
        READERS[name](x)


MAKERS = {
    "Recurrent": lambda dtype: torch_nn.Recurrent("lstm", D, H, dtype=dtype),
    "initial_state": lambda dtype: torch_nn.initial_state("lstm", B, H, dtype=dtype),
    "stack": lambda dtype: many.stack([P, P], dtype=dtype),
    "sinusoidal": lambda dtype: attention.sinusoidal(4, 4, dtype=dtype),
    "Attention": lambda dtype: attention.Attention("general", 4, 4, dtype=dtype),
    "MultiHead": lambda dtype: attention.MultiHeadAttention(4, 2, dtype=dtype),
    "Window": lambda dtype: attention.Window(4, 2, dtype=dtype),
    "GridLSTM": lambda dtype: grid.GridLSTM(4, 2, dtype=dtype),
    "Seq2Seq": lambda dtype: torch_nn.Seq2Seq(5, 6, dtype=dtype),
    "OneStep": lambda dtype: torch_nn.OneStep("lstm", D, H, dtype=dtype),
    "GridBlock": lambda dtype: grid.GridBlock(4, dtype=dtype),
}


@pytest.mark.parametrize("dtype", ["nosuch", int, complex, np.float32, torch.int64], ids=str)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_type_that_is_none_of_floating_numbers(make, dtype):
    with pytest.raises(TypeError, match=r"^dtype: expected a real floating dtype.*torch\.float32$"):
        make(dtype)


@pytest.mark.parametrize("value", ["abc", [[1, 2], [3]], [1, 2, "a"], {1: 2}, [None] * B], ids=str)
@pytest.mark.parametrize("name", ["lengths", "resets"])
def test_lengths_and_resets_that_make_no_array(name, value):
    for call in (LAYER, lambda x, **how: many.unroll("lstm", NETS, x, **how)):
        with pytest.raises((TypeError, ShapeError), match=f"^{name}: expected a tensor or a list"):
            call(X, **{name: value})


MISTAKES = {
    "state of none": (lambda: LAYER.initial_state(None), ValueError, "batch_size: expected"),
    "state of -1": (lambda: torch_nn.initial_state("lstm", -1, H), ValueError, "batch_size: exp"),
    "state of H": (lambda: torch_nn.initial_state("lstm", B, None), ValueError, "hidden_size: exp"),
    "start of -1": (
        lambda: torch_nn.OneStep("lstm", D, H).start(-1), ValueError, "batch_size: expected",
    ),
    "learned of -1": (
        lambda: torch_nn.LearnedInitialState(LAYER)(-1), ValueError, "batch_size: expected",
    ),
    "learned of None": (lambda: torch_nn.LearnedInitialState(None), TypeError, "layer: expected"),
    "scan of None": (lambda: torch_nn.scan("mingru", None, X, (H0,)), TypeError, "p: expected a"),
    "scan from None": (lambda: torch_nn.scan("mingru", LINEAR, X, None), TypeError, "state: expec"),
    "scan from two": (
        lambda: torch_nn.scan("mingru", LINEAR, X, (H0, H0)), TypeError, r"state: .*\(h\)",
    ),
    "scan of a wide one": (
        lambda: torch_nn.scan("mingru", LINEAR, X[..., :1], (H0,)), ShapeError, "x: axis D",
    ),
    "step of None": (lambda: torch_nn.step("lstm", None, X[0], (H0, H0)), TypeError, "params: exp"),
    "from None": (lambda: torch_nn.from_numpy("lstm", None), TypeError, "params: expected a dict"),
    "from a list": (lambda: torch_nn.from_numpy("lstm", [X.numpy()]), TypeError, "for layer 0"),
    "rotate (T, D)": (lambda: attention.rotate(X[0]), ShapeError, "x: expected 3 axes"),
    "rotate ids": (lambda: attention.rotate(X.long()), TypeError, r"x: .*use x\.float\(\)"),
    "rotate from": (lambda: attention.rotate(X, first=0.5), TypeError, "first: expected an integ"),
    "waves": (lambda: attention.sinusoidal("x", 4), ValueError, "T: expected an integer"),
    "causal": (lambda: attention.masks.causal(None), ValueError, "T: expected an integer"),
    "padding": (lambda: attention.masks.padding(3, 4), ShapeError, "lengths: expected one axis"),
    "padding S": (lambda: attention.masks.padding([1], None), ValueError, "S: expected an integer"),
    "score": (lambda: attention.Attention([], 3, 3), KeyError, "is unknown"),
    "score size": (lambda: attention.Attention("general", 0, 3), ValueError, "query_size: expecte"),
    "score rows": (
        lambda: attention.Attention("additive", 3, 3, 0), ValueError, "hidden_size: expected",
    ),
    "heads": (lambda: attention.MultiHeadAttention(4, None), ValueError, "heads: expected a posi"),
    "heads size": (lambda: attention.MultiHeadAttention(0, 1), ValueError, "size: expected a pos"),
    "window size": (lambda: attention.Window(3, 0), ValueError, "components: expected a positive"),
    "window pace": (lambda: attention.Window(3, 2, pace=0), ValueError, "pace: expected a positi"),
    "window start": (lambda: WINDOW.zeros("x"), ValueError, "batch_size: expected"),
    "grid state": (lambda: GRID(X, 3), TypeError, "state: expected a Side"),
    "grid side": (lambda: grid.GridBlock(H)(None, SIDE), TypeError, "time: expected a Side"),
    "nets of two sizes": (lambda: many.stack([P, OTHER]), ShapeError, "nets of one size only"),
    "nets of two cells": (lambda: many.stack([P, GRU]), ShapeError, "nets of one size only"),
    "a net of words": (lambda: many.stack([{"w": "abc"}]), TypeError, r"nets\[0\]\['w'\]: expec"),
    "nets of integers": (lambda: many.stack([{"w": [1]}]), TypeError, "nets: w is of torch.int64"),
    "pick of None": (lambda: many.pick(None, 0), TypeError, "params: expected a dict"),
    "pick None": (lambda: many.pick(NETS, None), IndexError, "k: expected one of 2 nets, 0 to 1"),
    "pick the third": (lambda: many.pick(NETS, 2), IndexError, "k: expected one of 2 nets.*got 2"),
    "affine None": (lambda: many.affine(ROWS, H0, None), TypeError, "x: expected a tensor"),
    "affine of a vector": (lambda: many.affine(ROWS, H0, X[0, 0]), ShapeError, "x: expected axes"),
    "affine of halves": (
        lambda: many.affine(ROWS, ROWS[:, :, 0].half(), ROWS), TypeError, "bias: expected torch.fl",
    ),
    "errors of None": (lambda: many.mses(None, ROWS), TypeError, "prediction: expected a tensor"),
    "classes of None": (lambda: many.cross_entropies(ROWS, None), TypeError, "ids: expected a te"),
    "slopes of None": (lambda: many.gradients(None, NETS), TypeError, "losses: expected a tensor"),
    "slopes of numbers": (lambda: many.gradients(ROWS, NETS), ValueError, "losses: no gradient"),
    "norms of None": (lambda: many.clip_norm(None, 1.0), TypeError, "grads: expected a dict"),
    "norms of three": (
        lambda: many.clip_norm({"w": ROWS}, torch.ones(3)), ShapeError, "limit: expected one num",
    ),
    "nets from 3": (lambda: many.unroll("lstm", NETS, X, 3), TypeError, "state0: expected a tup"),
    "search what": (
        lambda: search.greedy(None, STATE, start=0, end=1, limit=3), TypeError, "step: expected a",
    ),
    "search from": (
        lambda: search.greedy(len, STATE, start="a", end=1, limit=3), ValueError, "start: expected",
    ),
    "search until": (
        lambda: search.beam_search(len, STATE, start=0, end=None, limit=3, width=1),
        ValueError, "end: expected an integer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("call, error, message", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("reverse", [False, True])
def test_the_last_states_of_a_scan_are_the_callers_own(steps, reverse):
    """Written into, they change neither the initial states nor the outputs."""
    from course_utils.torch_nn.scan import unroll

    state = (H0.clone(),)
    y, last, _ = unroll("mingru", LINEAR, X[:steps], state, reverse=reverse)
    before = y.clone()
    last[0].fill_(7)
    assert not state[0].any() and torch.equal(y, before)


@pytest.mark.parametrize("key", ["lstm", "mingru", "clockwork"])
def test_without_a_step_the_last_states_are_the_callers_own(key):
    layer = torch_nn.Recurrent(key, D, 4)
    given = layer.initial_state(B)
    start = (given,) if isinstance(given, torch.Tensor) else given
    with torch.no_grad():
        _, last = layer(X[:0], given)
    for part in (last,) if isinstance(last, torch.Tensor) else last:
        part.fill_(7)
    assert not any(part.any() for part in start)


def test_a_layer_on_meta_still_runs_there():
    y, _ = torch_nn.Recurrent("lstm", D, H, device="meta")(X.to("meta"))
    assert y.is_meta and y.shape == (T, B, H)
