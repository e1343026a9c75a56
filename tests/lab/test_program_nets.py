"""Networks that write programs: questions as tensors, what counts as right, programs as text."""

import numpy as np
import pytest
import torch

from course_utils.experiments.attention.programmer import wrong_operation
from course_utils.lab import program_nets
from course_utils.lab.program_nets import ProgramConfig
from course_utils.numpy_nn import programmer
from course_utils.tasks import TableQuestions
from course_utils.torch_nn.programmer import Program
from course_utils.training import History

KINDS = ("sum", "count_greater")


class Knows(torch.nn.Module):
    """Writes the right programs of KINDS, each choice with the weight ``sure``."""

    def __init__(self, sure):
        super().__init__()
        self.sure, self.steps = sure, 2

    def write(self, words, lengths, names, number_at):
        """Reset and sum of the column named, or greater in the column named and count."""
        B, C = names.shape
        asks = words[0] == 2  # count where NAME greater <number>
        ops = torch.full((2, B, 9), (1 - self.sure) / 8)
        cols = torch.full((2, B, C), (1 - self.sure) / (C - 1))
        for b in range(B):
            op = ("greater", "count") if asks[b] else ("reset", "sum")
            column = words[2, b] if asks[b] else words[1, b]
            for t, name in enumerate(op):
                ops[t, b, programmer.OPERATIONS.index(name)] = self.sure
                cols[t, b, (names[b] == column).nonzero()] = self.sure
        which = torch.zeros(B, 2, 2)
        which[:, :, 0] = (number_at[:, :1] >= 0).float()
        return Program(ops, cols, which)

    def forward(self, words, lengths, names, table, numbers, number_at, *, hard=False):
        from course_utils.torch_nn.programmer import execute, harden

        program = self.write(words, lengths, names, number_at)
        if hard:
            program = Program(harden(program.op), harden(program.col), program.which)
        return execute(table, numbers, *program), program


def test_hardened_answers_are_right_where_the_program_is_and_soft_ones_where_it_is_sure():
    task = TableQuestions(KINDS)
    shares = [program_nets.right(Knows(sure), task, 0, 100) for sure in (1.0, 0.9)]
    assert [s["hard"] for s in shares] == [1.0, 1.0]
    assert shares[0]["soft"] == 1.0 > 0.5 > shares[1]["soft"]


def test_a_program_is_written_as_text_beside_its_question():
    words, lines = program_nets.written(Knows(1.0), "count_greater")
    _, _, column, _, number = words.split()
    assert lines == [f"rows = {column} > {number}", "scalar = number of rows"]
    again = program_nets.written(Knows(0.9), "count_greater")
    assert again == (words, lines), "always the same question"
    told = program_nets.most_common([lines, ["other"], lines], 1)
    assert told == [["; ".join(lines), 2]]


def test_training_is_a_function_of_the_seed_and_stops_when_told():
    config = ProgramConfig(hidden=4, batch=4, updates=6, every=2, tests=10, found=0.0)
    (one, h), (same, _), (_, other) = (
        program_nets.trained_programmer(config, KINDS, seed) for seed in (0, 0, 1)
    )
    for a, b in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
    assert h.loss != other.loss and h.updates == 6 and one.steps == 2
    assert program_nets.first_found(config, h) == 2
    longer, stopped = program_nets.trained_programmer(config, KINDS, 0, steps=4, stop=True)
    assert longer.steps == 4 and stopped.updates == 2
    _, noisy = program_nets.trained_programmer(config, KINDS, 0, eta=0.1)
    assert noisy.loss[0] == h.loss[0] and noisy.loss[1:] != h.loss[1:]


def test_what_was_never_found_has_no_update():
    history = History(checks=[(25, 0.4), (50, 0.98)])
    assert program_nets.first_found(ProgramConfig(), history) is None


@pytest.mark.parametrize("gradient", [wrong_operation.soft, wrong_operation.expected])
def test_gradients_of_a_selection_are_central_differences(gradient):
    rng = np.random.default_rng(0)
    z, results = rng.normal(size=(2, 9)), rng.normal(size=(2, 5, 9))
    target = rng.normal(size=(2, 5))

    def loss(z):
        p = wrong_operation.softmax(z)
        if gradient is wrong_operation.soft:
            return ((np.einsum("dk,dnk->dn", p, results) - target) ** 2 / 2).mean(axis=1).sum()
        own = ((results - target[..., None]) ** 2 / 2).mean(axis=1)
        return (p * own).sum()

    found, step = gradient(z, results, target), 1e-6
    for at in np.ndindex(z.shape):
        nudge = np.zeros_like(z)
        nudge[at] = step
        slope = (loss(z + nudge) - loss(z - nudge)) / (2 * step)
        np.testing.assert_allclose(found[at], slope, rtol=1e-6, atol=1e-9)


def test_the_gradient_of_a_selection_is_the_executors():
    """What the experiment descends on is the package's executor, its backward and a softmax."""
    rng = np.random.default_rng(1)
    table = rng.integers(1, 11, (1, 4, 6)).astype(float)
    results = wrong_operation.answers(table)
    z, target = rng.normal(size=(1, 9)), results[..., 1]
    op = wrong_operation.softmax(z)
    flat, col, which = table.reshape(4, 6, 1), np.ones((1, 4, 1)), np.ones((4, 2, 1))
    answer, caches = programmer.execute(
        flat, np.zeros((4, 1)), np.broadcast_to(op, (1, 4, 9)), col, which
    )
    do, _, _ = programmer.execute_backward(
        caches, (answer.scalar - target[0]) / 4, np.zeros((4, 6, 1))
    )
    do = do[0].sum(axis=0)
    dz = op * (do - (op * do).sum())
    np.testing.assert_allclose(wrong_operation.soft(z, results, target), dz, rtol=1e-10)
