"""Ends and beginnings inside a batch: lengths, packing and resets, for every cell and backend."""

import pytest
import torch
from kinds import by_kind
from layers import (
    CASES,
    B,
    D,
    T,
    assert_same,
    build,
    draw,
    draw_states,
    loss_of,
    results,
    tuple_of,
)
from torch.nn.utils.rnn import pack_padded_sequence

STACK = {"num_layers": 2, "bidirectional": True}
LENGTHS = torch.tensor([5, 2, 3])


def beyond(lengths, value):
    """x with the value beyond each end, zero where the value is."""
    x = draw(T, B, D)
    past = torch.arange(T)[:, None] >= lengths
    return x.masked_fill(past[..., None], value)


@pytest.mark.parametrize("key, backend", CASES)
def test_nothing_beyond_an_end_is_read(key, backend):
    layer = build(key, backend, **STACK)
    hx = draw_states(layer)
    expected = results(layer, beyond(LENGTHS, 0.0), hx, lengths=LENGTHS)
    assert all(e.isfinite().all() for e in expected)
    for value in (float("nan"), float("inf")):
        found = results(layer, beyond(LENGTHS, value), hx, lengths=LENGTHS)
        assert_same(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("key, backend", CASES)
def test_nothing_is_read_of_an_empty_sequence(key, backend):
    layer, lengths = build(key, backend), torch.tensor([0, 2, 3])
    hx = draw_states(layer)
    y, state = layer(beyond(lengths, float("nan")), hx, lengths=lengths)
    assert y.isfinite().all() and not y[:, 0].any()
    assert_same([s[:, 0] for s in tuple_of(state)], [s[:, 0] for s in tuple_of(hx)])


@pytest.mark.parametrize("key, backend", CASES)
def test_a_cotangent_beyond_an_end_moves_nothing(key, backend):
    layer = build(key, backend)
    y, _ = layer(draw(T, B, D), lengths=LENGTHS)
    dy = beyond(LENGTHS, float("nan"))[..., :1].expand_as(y)
    y.backward(dy)
    assert all(p.grad.isfinite().all() for p in layer.parameters())


@pytest.mark.parametrize("key, backend", CASES)
def test_packed_and_lengths_agree(key, backend):
    layer = build(key, backend, bidirectional=True)
    x, hx = draw(T, B, D), draw_states(layer)
    y, state = layer(x, hx, lengths=LENGTHS)
    packed, state_packed = layer(pack_padded_sequence(x, LENGTHS, enforce_sorted=False), hx)
    wanted = pack_padded_sequence(y, LENGTHS, enforce_sorted=False)
    torch.testing.assert_close(packed.data, wanted.data)
    assert_same(tuple_of(state_packed), tuple_of(state))


RESETS = torch.tensor([[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0]]).bool()
ENDS = {"whole": None, "ending early": torch.tensor([5, 3, 4])}


def pieces(b, length):
    """The sequences in row b, as slices of time."""
    begins = [0, *(t for t in range(1, length) if RESETS[t, b])]
    return [slice(a, z) for a, z in zip(begins, [*begins[1:], length], strict=True)]


def row(hx, b):
    """The states of one row, as ``hx`` takes them."""
    if hx is None:
        return None
    rows = tuple(s[:, b : b + 1] for s in tuple_of(hx))
    return rows if len(rows) > 1 else rows[0]


@pytest.mark.parametrize(
    "given, ends, form",
    [(True, "ending early", {"bidirectional": True}), (False, "whole", {"num_layers": 2})],
)
@pytest.mark.parametrize("key", by_kind())
def test_resets_give_what_each_sequence_gives_alone(key, form, ends, given):
    layer, lengths = build(key, "eager", **form), ENDS[ends]
    x = draw(T, B, D).requires_grad_()
    hx = draw_states(layer) if given else None
    leaves = [x, *layer.parameters()]
    if given:
        leaves += [s.requires_grad_() for s in tuple_of(hx) if s.is_floating_point()]
    y, state = layer(x, hx, lengths=lengths, resets=RESETS)
    together = torch.autograd.grad(loss_of(y, state), leaves, allow_unused=True)

    rows, states = [], []
    for b in range(B):
        n = T if lengths is None else int(lengths[b])
        found = [layer(x[piece, b : b + 1], row(hx, b)) for piece in pieces(b, n)]
        rows.append(torch.cat([*(out for out, _ in found), y.new_zeros(T - n, 1, y.shape[-1])]))
        first, last = (tuple_of(found[k][1]) for k in (0, -1))
        states.append(  # read in reverse, the first sequence comes last
            [
                torch.stack([(f if k % layer.directions else s)[k] for k in range(len(s))])
                for f, s in zip(first, last, strict=True)
            ]
        )
    alone = torch.cat(rows, dim=1), tuple(torch.cat(s, dim=1) for s in zip(*states, strict=True))
    torch.testing.assert_close(y, alone[0])
    assert_same(tuple_of(state), alone[1])
    apart = torch.autograd.grad(loss_of(*alone), leaves, allow_unused=True)
    for leaf, *pair in zip(leaves, together, apart, strict=True):
        a, b = (torch.zeros_like(leaf) if g is None else g for g in pair)
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("key, backend", CASES)
def test_every_backend_takes_resets_in_the_layout_of_the_input(key, backend):
    x = draw(T, B, D)
    y, _ = build(key, "eager")(x, resets=RESETS)
    layer, first = build(key, backend), build(key, backend, batch_first=True)
    torch.testing.assert_close(layer(x, resets=RESETS)[0], y)
    torch.testing.assert_close(first(x.transpose(0, 1), resets=RESETS.T)[0].transpose(0, 1), y)
    torch.testing.assert_close(layer(x[:, 1], resets=RESETS[:, 1])[0], y[:, 1])
    assert layer.why(x, resets=RESETS).startswith("eager" if backend == "native" else backend)


LAYER = build("lstm")
MISTAKES = {
    "integers": (RESETS.long(), TypeError, "resets: expected booleans"),
    "turned round": (RESETS.T, ValueError, r"resets: expected shape \(5, 3\) \(T, B\)"),
    "one row": (RESETS[:, 0], ValueError, "resets: expected shape"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_wrong_resets_are_named(mistake):
    resets, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        LAYER(draw(T, B, D), resets=resets)
