"""Small trainings of the machines with a memory, a clock of their own, or a program.

    python tests/support/machines.py copy 0 1 2      train on these seeds and print what was learned

Each ``train_…(seed, updates)`` returns the losses and a dict of what was measured afterwards.
"""

import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.lab.program_nets import asked
from course_utils.tasks import CopyBits, Parity, TableQuestions
from course_utils.torch_nn.memory import TuringMachine
from course_utils.torch_nn.ponder import Ponder, ponder_cost
from course_utils.torch_nn.programmer import GradientNoise, Programmer, correct, programmer_loss


def tensors(batch):
    """The arrays of a batch as float32 tensors (masks stay boolean)."""
    return [
        None if a is None else torch.tensor(a, dtype=None if a.dtype == bool else torch.float32)
        for a in batch
    ]


def train_copy(seed, updates=1500, *, batch=16, longest=6, lr=1e-3, tests=50, **options):
    """A Turing machine copies 1 … longest vectors of 4 bits; tested at twice that length."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    task = CopyBits(bits=4, longest=longest)
    options = {"controller": "feedforward", "hidden_size": 64, "slots": 24} | options
    machine = TuringMachine(task.input_size, task.output_size, **options)
    optimiser = torch.optim.RMSprop(machine.parameters(), lr, alpha=0.95, momentum=0.9)
    losses = []
    for _ in range(updates):
        x, target, mask = tensors(task.sample(rng, batch))
        loss = F.binary_cross_entropy_with_logits(machine(x)[0][mask], target[mask])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(machine.parameters(), 10.0)
        optimiser.step()
        losses.append(loss.item())
    wrong = {}
    with torch.no_grad():
        for length in (longest, 2 * longest):
            x, target, mask = tensors(CopyBits(4, length, length).sample(rng, tests))
            y, _ = machine(x, machine.start(tests, slots=max(machine.slots, length + 4)))
            wrong[length] = ((y > 0) != (target > 0.5))[mask].float().mean().item()
    return losses, {"wrong bits": wrong}


def train_parity(
    seed,
    updates=5000,
    *,
    size=6,
    tau=1e-3,
    batch=64,
    hidden_size=64,
    lr=3e-3,
    max_steps=8,
    every=0,
    tests=2000,
):
    """A tanh RNN with adaptive computation time finds the parity of one vector."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    task = Parity(size)
    layer, readout = (
        Ponder("rnn", size, hidden_size, max_steps=max_steps),
        nn.Linear(hidden_size, 1),
    )
    parameters = [*layer.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(parameters, lr)

    def forward(n):
        x, target, _ = tensors(task.sample(rng, n))
        y, _, told = layer(x)
        return readout(y), target, told

    def test():
        with torch.no_grad():
            logits, target, told = forward(tests)
        wrong = ((logits > 0) != (target > 0.5)).float().mean().item()
        return {"wrong": wrong, "ponder steps": told.N.float().mean().item()}

    losses = []
    for update in range(updates):
        logits, target, told = forward(batch)
        loss = F.binary_cross_entropy_with_logits(logits, target)
        total = loss + tau * ponder_cost(told.N, told.R).mean()
        optimiser.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        losses.append(loss.item())
        if every and update % every == every - 1:
            print(update + 1, np.mean(losses[-every:]), test(), flush=True)
    return losses, test()


TABLE_KINDS = ("sum", "count_greater", "sum_greater", "show_less")


def train_tables(
    seed,
    updates=4000,
    *,
    kinds=TABLE_KINDS,
    batch=32,
    hidden_size=32,
    lr=5e-3,
    eta=0.0,
    key="lstm",
    delta=10,
    weight=50,
    every=0,
    tests=500,
):
    """A programmer answers table questions; eta > 0 adds gradient noise."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    task = TableQuestions(kinds)
    model = Programmer(len(task.vocabulary), hidden_size=hidden_size, steps=task.steps, key=key)
    optimiser = torch.optim.Adam(model.parameters(), lr)
    if eta:
        GradientNoise(optimiser, eta=eta, generator=torch.Generator().manual_seed(seed))

    def test():
        found = {}
        for name, hard in (("soft", False), ("hard", True)):
            with torch.no_grad():
                question, wanted = asked(task, np.random.default_rng(10**6), tests)
                right = correct(*model(*question, hard=hard), *wanted)
            found[name] = right.float().mean().item()
        return found

    losses = []
    for update in range(updates):
        question, wanted = asked(task, rng, batch)
        answer, _ = model(*question)
        loss = programmer_loss(answer, *wanted, delta=delta, lookup_weight=weight)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        if every and update % every == every - 1:
            print(update + 1, np.mean(losses[-every:]), test(), flush=True)
    return losses, test()


if __name__ == "__main__":
    torch.set_num_threads(1)
    train = globals()[f"train_{sys.argv[1]}"]
    options = dict(arg.split("=") for arg in sys.argv[2:] if "=" in arg)
    options = {k: int(v) if v.isdigit() else v for k, v in options.items()}
    options = {k: float(v) if k in ("lr", "tau", "eta") else v for k, v in options.items()}
    if "kinds" in options:
        options["kinds"] = tuple(options["kinds"].split(","))
    for seed in [int(a) for a in sys.argv[2:] if a.isdigit()]:
        begin = time.process_time()
        losses, found = train(seed, **options)
        last = np.mean(losses[-50:])
        print(
            f"{sys.argv[1]} seed {seed} {options}: loss {np.mean(losses[:20]):.3f} -> {last:.4f}, "
            f"{found}, {time.process_time() - begin:.0f} CPU s",
            flush=True,
        )
