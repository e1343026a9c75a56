"""Adaptive computation time around any cell; ``numpy_nn/ponder.py`` explains (Graves 2016)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils.shapes import expect, positive_integer
from course_utils.torch_nn import validation
from course_utils.torch_nn.one_step import OneStep


class Pondering(NamedTuple):
    """How long was thought about what: N (T, B) ponder steps, integers, R (T, B) remainders, and p
    (T, S, B) the weight of each ponder step, 0 after the last; all 0 where a sequence is over."""

    N: Tensor
    R: Tensor
    p: Tensor


def halting(h, epsilon=0.01):
    """h (S, ...) -> p (S, ...), R (...), N (...).  Eqs 6 to 8."""
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon: expected 0 <= epsilon < 1, got {epsilon}")
    if not len(h):
        raise ValueError("h: no ponder steps on axis S; there must be at least one")
    going_on = h.cumsum(0) < 1 - epsilon
    N = (going_on.long().cumprod(0).sum(0) + 1).clamp(max=len(h))
    return *weights(h, N), N


def weights(h, N):
    """h (S, ...), N (...), where thinking stops -> p (S, ...), R (...)."""
    n = torch.arange(1, len(h) + 1, device=h.device).view(-1, *[1] * (h.dim() - 1))
    kept = h * (n < N)
    R = 1 - kept.sum(0)
    return torch.where(n == N, R, kept), R


def ponder_cost(N, R, lengths=None):
    """N, R (T, B), lengths (B,) or None -> (B,), the sum of N + R over time.  Eqs 10 and 11."""
    expect(N=(N, "T B"), R=(R, "T B"))
    cost = N + R
    if lengths is not None:
        lengths = validation.check_lengths(lengths, *R.shape).to(R.device)
        cost = cost.where(torch.arange(len(R), device=R.device)[:, None] < lengths, 0)
    return cost.sum(0)


class Ponder(nn.Module):
    """A recurrent layer that decides for each input how many steps it takes.

    ``y, state, pondering = layer(x, state, lengths=None)``: x (T, B, D) -> y (T, B, H), the tuple
    of the cell's states, each (B, H), and a ``Pondering``.  key, any cell; its input has one more
    number, 1 at the first ponder step of each input and else 0.  It stops at the latest after
    max_steps.  Add ``tau * ponder_cost(N, R, lengths)`` to the loss, or it thinks for as long as
    it likes.  Where sequences end early, as in ``Recurrent``, states stop and y is zero.

    Graves 2016, section 2: epsilon 0.01, the halting unit's bias 1, at most 100 steps.  States are
    means over ponder steps (a counting state is that of the last), also where the cell means them
    otherwise: slstm's stabilised sums.
    """

    def __init__(
        self,
        key,
        input_size,
        hidden_size,
        *,
        epsilon=0.01,
        max_steps=100,
        halting_bias=1.0,
        config=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        positive_integer(input_size=input_size, hidden_size=hidden_size, max_steps=max_steps)
        if not 0 <= epsilon < 1:
            raise ValueError(f"epsilon: expected 0 <= epsilon < 1, got {epsilon}")
        factory = {"device": device, "dtype": dtype}
        self.input_size, self.epsilon, self.max_steps = input_size, epsilon, max_steps
        self.cell = OneStep(key, input_size + 1, hidden_size, config=config, **factory)
        self.halt = nn.Linear(hidden_size, 1, **factory)
        nn.init.constant_(self.halt.bias, halting_bias)

    def forward(self, x, state=None, *, lengths=None):
        """See the class: x (T, B, D), state, lengths (B,) -> y, state, Pondering."""
        sizes = expect(x=(x, f"T B {self.input_size}"))
        T, B = sizes["T"], sizes["B"]
        validation.same_kind("x", x, self.halt.weight)
        state = self.cell.start(B) if state is None else tuple(state)
        for name, s in zip(self.cell.layer.spec.states, state, strict=True):
            expect(x=(x, "T B D"), **{name: (s, f"B {self.cell.hidden_size}")})
        active = x.new_ones(T, B, dtype=torch.bool)
        if lengths is not None:
            lengths = validation.check_lengths(lengths, T, B).to(x.device)
            active = torch.arange(T, device=x.device)[:, None] < lengths
        steps = []
        for x_t, on in zip(x, active, strict=True):
            y, new, p, R, N = self.step(x_t, state, on)
            keep = on[:, None]
            state = tuple(n.where(keep, o) for n, o in zip(new, state, strict=True))
            steps.append((y.where(keep, 0), p.where(on, 0), R.where(on, 0), N.where(on, 0)))
        if not steps:
            empty = x.new_zeros(0, B)
            nothing = Pondering(empty.long(), empty, x.new_zeros(0, 0, B))
            return x.new_zeros(0, B, self.cell.hidden_size), state, nothing
        y, p, R, N = zip(*steps, strict=True)
        p = nn.utils.rnn.pad_sequence(p, batch_first=True)  # (T, S, B)
        return torch.stack(y), state, Pondering(torch.stack(N), torch.stack(R), p)

    def step(self, x, state, active=None):
        """One input: x (B, D), state -> y (B, H), state, p (S, B), R (B,), N (B,).

        active (B,), boolean: no step is taken for the sake of other rows; theirs mean nothing.
        """
        live = x.new_ones(len(x), dtype=torch.bool) if active is None else active
        total, N = x.new_zeros(len(x)), torch.zeros(len(x), dtype=torch.long, device=x.device)
        h, outputs, states, now = [], [], [], state
        flag = x.new_ones(len(x), 1)
        for _ in range(self.max_steps):
            out, new = self.cell(torch.cat([x, flag], dim=-1), now)
            outputs.append(out)
            states.append(new)
            h.append(self.halt(out).sigmoid().squeeze(-1))
            N = N + live
            total = total + h[-1].detach()
            live = live & (total < 1 - self.epsilon)
            if not live.any():
                break
            # a row that has stopped goes back, so that it cannot overflow while others think
            now = tuple(n.where(live[:, None], o) for n, o in zip(new, state, strict=True))
            flag = torch.zeros_like(flag)
        p, R = weights(torch.stack(h), N)
        means = [_mean(p, N, torch.stack(values)) for values in zip(*states, strict=True)]
        return _mean(p, N, torch.stack(outputs)), tuple(means), p, R, N


def _mean(p, N, values):
    """p (S, B), N (B,), values (S, B, H) -> (B, H); integers are taken from step N."""
    if values.is_floating_point():
        return (p.unsqueeze(-1) * values).sum(0)
    return values[N - 1, torch.arange(len(N), device=N.device)]
