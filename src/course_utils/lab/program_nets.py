"""Networks that write programs over tables: trained from answers, judged soft and hardened."""

from collections import Counter
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.numpy_nn.programmer import program
from course_utils.tasks import TableQuestions
from course_utils.torch_nn.programmer import GradientNoise, Programmer, correct, programmer_loss
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class ProgramConfig:
    """Tables, network, training; found: the share of hardened answers from which a seed counts."""

    rows: int = 6
    columns: int = 3
    key: str = "rnn"
    hidden: int = 16
    batch: int = 32
    lr: float = 0.01
    updates: int = 250
    every: int = 25
    tests: int = 300
    found: float = 0.99
    seeds: tuple = tuple(range(20))


def asked(task, rng, n):
    """n questions as tensors: what a ``Programmer`` is called with, and what its loss wants."""
    q = task.sample(rng, n)
    whole = [torch.tensor(a) for a in (q.words, q.lengths, q.names)]
    real = [torch.tensor(a, dtype=torch.float32) for a in (q.table, q.numbers)]
    wanted = torch.tensor(q.is_lookup), torch.tensor(q.scalar).float(), torch.tensor(q.cells)
    return (*whole, *real, torch.tensor(q.number_at)), wanted


def trained_programmer(config, kinds, seed, *, steps=None, eta=0.0, stop=False):
    """(model, History): trained on ``kinds`` of questions; steps: as many as they need without.

    The history's checks, every ``config.every`` updates, are shares of hardened answers that are
    right; with stop=True training ends when these are enough.  eta: variance of the noise on the
    clipped gradient at the first update; 0 adds none.
    """
    task = TableQuestions(kinds, config.rows, config.columns)
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 1))
    model = Programmer(
        len(task.vocabulary), hidden_size=config.hidden, steps=steps or task.steps, key=config.key
    )
    optimiser = torch.optim.Adam(model.parameters(), config.lr)
    if eta:
        GradientNoise(optimiser, eta=eta, generator=torch.Generator().manual_seed(seed))

    def loss(model, batch):
        question, wanted = batch
        return programmer_loss(model(*question)[0], *wanted)

    step = torch_step(model, loss, partial(asked, task, rng, config.batch), optimiser=optimiser)

    def check():
        return right(model, task, seed + 1, 200)["hard"]

    done = (lambda share: share >= config.found) if stop else None
    return model, fit(step, config.updates, check=check, every=config.every, done=done, bar=False)


def first_found(config, history):
    """After how many updates the hardened answers were first right often enough, or None."""
    return next((update for update, share in history.checks if share >= config.found), None)


def right(model, task, seed, tests):
    """{"soft": share of new questions answered rightly, "hard": the same, hardened}."""
    question, wanted = asked(task, np.random.default_rng((seed, 2)), tests)
    shares = {}
    with torch.no_grad():
        for name, hard in (("soft", False), ("hard", True)):
            answer, written = model(*question, hard=hard)
            shares[name] = float(correct(answer, written, *wanted).float().mean())
    return shares


def written(model, kind, columns=3, seed=0):
    """(words, lines): one question of a kind, always the same, and the program it is given."""
    task = TableQuestions((kind,), 1, columns)
    question, _ = asked(task, np.random.default_rng(seed), 1)
    words, lengths, names, _, numbers, number_at = question
    with torch.no_grad():
        parts = [part.numpy() for part in model.write(words, lengths, names, number_at)]
    op, col, which = parts
    named = [task.vocabulary[w] for w in names[0]]
    numbers = numbers[0].numpy()
    lines = program(op[:, 0], col[:, 0], which[0], named, numbers)
    values = iter(numbers)
    said = [task.vocabulary[w] for w in words[:, 0]]
    return " ".join(f"{next(values):g}" if w == "<number>" else w for w in said), lines


def most_common(programs, count=3):
    """[[program, how many]] of the most frequent; a program is a list of lines."""
    return [list(pair) for pair in Counter("; ".join(p) for p in programs).most_common(count)]
