"""The Neural Programmer: a network that writes a program over a table, trained from answers alone.

``numpy_nn/programmer.py`` explains the operations.  Neelakantan, Le & Sutskever 2015.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.shapes import expect, positive_integer
from course_utils.torch_nn import validation
from course_utils.torch_nn.one_step import OneStep
from course_utils.torch_nn.recurrent import Recurrent

OPERATIONS = ("sum", "count", "difference", "greater", "lesser", "and", "or", "assign", "reset")


class Answer(NamedTuple):
    """scalar (B,), lookup (B, R, C), the answers; rows (T, B, R), scalars (T, B) on the way."""

    scalar: Tensor
    lookup: Tensor
    rows: Tensor
    scalars: Tensor


class Program(NamedTuple):
    """op (T, B, 9), col (T, B, C), which (B, 2, Q): weights that ``execute`` runs."""

    op: Tensor
    col: Tensor
    which: Tensor


def execute(table, numbers, op, col, which):
    """table (B, R, C), numbers (B, Q), op (T, B, 9), col (T, B, C), which (B, 2, Q) -> Answer."""
    expect(
        table=(table, "B R C"),
        numbers=(numbers, "B Q"),
        op=(op, f"T B {len(OPERATIONS)}"),
        col=(col, "T B C"),
        which=(which, "B 2 Q"),
    )
    signs = table.unsqueeze(-1) - numbers[:, None, None]  # (B, R, C, Q)
    compared = torch.stack([signs > 0, signs < 0], dim=1).to(table.dtype)  # (B, 2, R, C, Q)
    compared = torch.einsum("bkrcq,bkq->kbrc", compared, which)
    rows, scalars = [table.new_ones(table.shape[:2])] * 2, [table.new_zeros(len(table))] * 3
    lookup = torch.zeros_like(table)
    for op_t, col_t in zip(op, col, strict=True):
        last, before = rows[-1], rows[-2]
        w = dict(zip(OPERATIONS, op_t.unbind(-1), strict=True))
        scalars.append(
            w["sum"] * torch.einsum("br,brc,bc->b", last, table, col_t)
            + w["count"] * last.sum(-1)
            + w["difference"] * (scalars[-3] - scalars[-1])
        )
        greater, lesser = torch.einsum("kbrc,bc->kbr", compared, col_t)
        selections = {
            "greater": greater,
            "lesser": lesser,
            "and": torch.minimum(last, before),
            "or": torch.maximum(last, before),
            "reset": torch.ones_like(last),
        }
        rows.append(sum(w[name].unsqueeze(-1) * value for name, value in selections.items()))
        lookup = torch.einsum("b,br,bc->brc", w["assign"], last, col_t)
    T = len(op)
    along_rows = torch.stack(rows[2:]) if T else table.new_zeros(0, *table.shape[:2])
    along_scalars = torch.stack(scalars[3:]) if T else table.new_zeros(0, len(table))
    return Answer(scalars[-1], lookup, along_rows, along_scalars)


def harden(weights):
    """1 at the largest of the last axis, 0 elsewhere; passes no gradient."""
    return F.one_hot(weights.argmax(-1), weights.shape[-1]).to(weights.dtype)


class Programmer(nn.Module):
    """Reads a question, writes a program of ``steps`` steps, and runs it on the question's table.

    ``answer, program = model(words, lengths, names, table, numbers, number_at)``: words (L, B) and
    names (B, C), integers below vocabulary; table (B, R, C); numbers (B, Q) and the places of their
    words number_at (B, Q), -1 where there is none.  With hard=True every choice is the most likely
    one, as at test time in the paper.  key, the cell that reads the question.

    A question's state q and a history h of what was chosen select, by softmax, an operation (by
    its own vector) and a column (by the vector of its name); the question's state at each number,
    compared with the vectors of greater and lesser, says which number is meant.
    Section 2, as recalled.  Departures: that of ``numpy_nn.programmer.step``, and the selectors
    have biases.
    """

    def __init__(self, vocabulary, *, hidden_size=32, steps=4, key="rnn", device=None, dtype=None):
        super().__init__()
        positive_integer(vocabulary=vocabulary, hidden_size=hidden_size, steps=steps)
        factory = {"device": device, "dtype": dtype}
        H = hidden_size
        self.steps = steps
        # small vectors: selections begin nearly even, so that no operation is out of reach
        self.embedding = nn.Embedding(vocabulary, H, **factory)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.question = Recurrent(key, H, H, **factory)
        self.operations = nn.Parameter(0.3 * torch.randn(len(OPERATIONS), H, **factory))
        self.select_op = nn.Linear(2 * H, H, **factory)
        self.select_col = nn.Linear(2 * H, H, **factory)
        self.history = OneStep("rnn", 2 * H, H, **factory)

    def forward(self, words, lengths, names, table, numbers, number_at, *, hard=False):
        """See the class -> Answer, Program."""
        program = self.write(words, lengths, names, number_at)
        if hard:
            chosen = [harden(part) for part in program]
            chosen[2] = chosen[2] * (number_at >= 0).any(-1)[:, None, None]
            program = Program(*chosen)
        validation.same_kind("table", table, self.operations)
        validation.same_kind("numbers", numbers, self.operations)
        return execute(table, numbers, *program), program

    def write(self, words, lengths, names, number_at):
        """The program alone: words (L, B), lengths (B,), names (B, C), number_at (B, Q)."""
        expect(
            words=(words, "L B"),
            lengths=(lengths, "B"),
            names=(names, "B C"),
            number_at=(number_at, "B Q"),
        )
        read, state = self.question(self.embedding(words), lengths=lengths)
        q = (state if isinstance(state, Tensor) else state[0])[0]  # (B, H)
        columns = self.embedding(names)  # (B, C, H)
        history, ops, cols = self.history.start(len(q)), [], []
        for _ in range(self.steps):
            seen = torch.cat([q, history[0]], dim=-1)
            op = (self.select_op(seen).tanh() @ self.operations.mT).softmax(-1)
            col = torch.einsum("bh,bch->bc", self.select_col(seen).tanh(), columns).softmax(-1)
            ops.append(op)
            cols.append(col)
            chosen = [op @ self.operations, torch.einsum("bc,bch->bh", col, columns)]
            _, history = self.history(torch.cat(chosen, dim=-1), history)
        return Program(torch.stack(ops), torch.stack(cols), self._which(read, number_at))

    def _which(self, read, number_at):
        """read (L, B, H), number_at (B, Q) -> (B, 2, Q), 0 where the question has no number."""
        there = number_at >= 0
        B = torch.arange(len(there), device=read.device)[:, None]
        Z = read[number_at.clamp(min=0), B]  # (B, Q, H)
        first = OPERATIONS.index("greater")
        scores = torch.einsum("kh,bqh->bkq", self.operations[first : first + 2], Z)
        absent = torch.finfo(scores.dtype).min  # not -inf: a softmax of nothing else is NaN
        which = scores.masked_fill(~there[:, None], absent).softmax(-1)
        return which * there[:, None]


def programmer_loss(answer, is_lookup, scalar, cells, *, delta=10.0, lookup_weight=50.0):
    """The mean over questions of Huber (for scalars) or cross-entropy over cells (for lookups).

    is_lookup (B,) bool, scalar (B,), cells (B, R, C).  delta, where the Huber loss becomes linear;
    lookup_weight brings the two to one scale, for sums are tens and a cross-entropy is not.
    """
    expect(is_lookup=(is_lookup, "B"), scalar=(scalar, "B"), cells=(cells, "B R C"))
    for_scalar = F.huber_loss(answer.scalar, scalar, delta=delta, reduction="none")
    chance = answer.lookup.clamp(0, 1)  # rounding may pass 1
    for_lookup = F.binary_cross_entropy(chance, cells.to(chance.dtype), reduction="none")
    for_lookup = for_lookup.mean(dim=(1, 2))
    return torch.where(is_lookup, lookup_weight * for_lookup, for_scalar).mean()


def correct(answer, program, is_lookup, scalar, cells):
    """(B,) bool: the answer is of the right sort and right, to half a unit or in every cell.

    It is a lookup where the last operation most likely is an assign.
    """
    says_lookup = program.op[-1].argmax(-1) == OPERATIONS.index("assign")
    scalar_right = (answer.scalar - scalar).abs() < 0.5
    lookup_right = ((answer.lookup > 0.5) == cells).flatten(1).all(1)
    return (says_lookup == is_lookup) & torch.where(is_lookup, lookup_right, scalar_right)


# -- gradient noise --------------------------------------------------------------------------------


def add_gradient_noise(parameters, t, *, eta=0.3, gamma=0.55, generator=None):
    """Add noise N(0, eta / (1 + t)^gamma) to every gradient, in place, before update t = 0, 1, ….

    Neelakantan et al. 2015b (Adding gradient noise …), eq. 1, which tries eta 0.01, 0.3 and 1.
    """
    if eta < 0:
        raise ValueError(f"eta: expected a variance, at least 0, got {eta}")
    std = (eta / (1 + t) ** gamma) ** 0.5
    for p in parameters:
        if p.grad is not None:
            noise = torch.randn(p.shape, generator=generator, dtype=p.dtype, device=p.device)
            p.grad.add_(noise, alpha=std)


class GradientNoise:
    """``add_gradient_noise`` before each step of an optimiser, until ``remove()``.

    t counts the optimiser's steps from 0.
    """

    def __init__(self, optimiser, *, eta=0.3, gamma=0.55, generator=None):
        self.t = 0

        def before_step(optimiser, args, kwargs):
            parameters = (p for group in optimiser.param_groups for p in group["params"])
            add_gradient_noise(parameters, self.t, eta=eta, gamma=gamma, generator=generator)
            self.t += 1

        self.remove = optimiser.register_step_pre_hook(before_step).remove
