"""Grid LSTM: equal to NumPy's LSTM put at every edge of the grid; rows, splits, edges."""

import numpy as np
import pytest
import torch
from problems import close

from course_utils import numpy_nn
from course_utils.shapes import ShapeError
from course_utils.torch_nn.grid import GridLSTM

T, B, D, H, DEPTH = 4, 3, 2, 5, 3
BUILDS = [{}, {"tied": True}, {"priority": "depth"}, {"tied": True, "priority": "depth"}]
builds = pytest.mark.parametrize("options", BUILDS, ids=str)


def build(dtype=torch.float64, **options):
    torch.manual_seed(0)
    layer = GridLSTM(D, H, DEPTH, dtype=dtype, **options)
    side = torch.randn(2, DEPTH, B, H, dtype=dtype)
    return layer, torch.randn(T, B, D, dtype=dtype), (side[0], side[1])


def lstm(weight, bias, both, m):
    """numpy_nn's LSTM with [h_time; h_depth] as its input and no recurrent input of its own."""
    params = {
        "weight_ih": weight.detach().numpy(),
        "weight_hh": np.zeros((4 * H, H)),
        "bias_ih": bias.detach().numpy(),
        "bias_hh": np.zeros(4 * H),
    }
    cell = numpy_nn.get_cell("lstm")
    return cell.step(params, np.concatenate(both, axis=-1), cell.State(np.zeros_like(m), m))[0]


def by_numpy(layer, x, state):
    h, m = (list(s.numpy()) for s in state)
    outputs = []
    for x_t in x.numpy():
        below = x_t @ layer.enter.weight.detach().numpy().T + layer.enter.bias.detach().numpy()
        up_h, up_m = below[:, :H], below[:, H:]
        for n in range(DEPTH):
            b = layer.blocks[0 if len(layer.blocks) == 1 else n]
            time = lstm(b.weight_time, b.bias_time, [h[n], up_h], m[n])
            seen = time.h if b.priority == "depth" else h[n]
            up_h, up_m = lstm(b.weight_depth, b.bias_depth, [seen, up_h], up_m)
            h[n], m[n] = time
        outputs.append(up_h)
    return np.stack(outputs), np.stack(h), np.stack(m)


@builds
def test_the_grid_is_an_lstm_at_every_edge(options):
    layer, x, state = build(**options)
    y, last = layer(x, state)
    outputs, h, m = by_numpy(layer, x, state)
    close(y.detach().numpy(), outputs, 1e-13)
    close(last.h.detach().numpy(), h, 1e-13)
    close(last.m.detach().numpy(), m, 1e-13)


@builds
def test_every_parameter_is_trained_and_tying_shares_them(options):
    layer, x, state = build(**options)
    y, last = layer(x, state)
    (y.sum() + (last.m**2).sum()).backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in layer.parameters())
    blocks = 1 if options.get("tied") else DEPTH
    assert sum(p.numel() for p in layer.parameters()) == (D + 1) * 2 * H + blocks * 2 * (
        8 * H * H + 4 * H
    )


def test_gradients_are_right():
    layer, x, state = build(priority="depth")
    inputs = [v.requires_grad_() for v in (x, *state)]
    assert torch.autograd.gradcheck(lambda x, h, m: layer(x, (h, m))[0], inputs)


def test_splitting_a_sequence_changes_nothing_and_rows_are_apart():
    layer, x, state = build()
    y, last = layer(x, state)
    first, middle = layer(x[:1], state)
    rest, end = layer(x[1:], middle)
    close(torch.cat([first, rest]).detach().numpy(), y.detach().numpy(), 1e-14)
    close(end.m.detach().numpy(), last.m.detach().numpy(), 1e-14)
    for b in range(B):
        row = slice(b, b + 1)
        alone, _ = layer(x[:, row], tuple(s[:, row] for s in state))
        close(alone.detach().numpy(), y[:, row].detach().numpy(), 1e-14)


@pytest.mark.parametrize("shape", [(0, B, D), (T, 0, D), (1, 1, D)])
def test_no_steps_no_rows_and_float32(shape):
    layer, _, _ = build(dtype=torch.float32)
    y, last = layer(torch.zeros(shape))
    assert y.shape == (*shape[:2], H) and last.h.shape == (DEPTH, shape[1], H)
    assert y.dtype == last.m.dtype == torch.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g, x, s: GridLSTM(D, 0), ValueError, "hidden_size: expected a positive"),
        (lambda g, x, s: GridLSTM(D, H, 0), ValueError, "depth: expected a positive"),
        (lambda g, x, s: GridLSTM(D, H, priority="time"), ValueError, "priority: expected"),
        (lambda g, x, s: g(x[..., :1]), ShapeError, "x: expected size 2, got 1"),
        (lambda g, x, s: g(x.float()), TypeError, "x: expected torch.float64"),
        (lambda g, x, s: g(x, (s[0], s[1][:, :2])), ShapeError, "m: axis B should be 3"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(*build())
