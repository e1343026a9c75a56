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

from course_utils.tasks import CopyBits
from course_utils.torch_nn.memory import TuringMachine


def tensors(batch):
    """The arrays of a batch as float32 tensors (masks stay boolean)."""
    return [
        None if a is None else torch.tensor(a, dtype=None if a.dtype == bool else torch.float32)
        for a in batch
    ]


def train_copy(seed, updates=1500, *, batch=16, longest=6, lr=1e-3, **options):
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
            x, target, mask = tensors(CopyBits(4, length, length).sample(rng, 50))
            y, _ = machine(x, machine.start(50, slots=max(machine.slots, length + 4)))
            wrong[length] = ((y > 0) != (target > 0.5))[mask].float().mean().item()
    return losses, {"wrong bits": wrong}


if __name__ == "__main__":
    torch.set_num_threads(1)
    train = globals()[f"train_{sys.argv[1]}"]
    options = dict(arg.split("=") for arg in sys.argv[2:] if "=" in arg)
    options = {k: int(v) if v.isdigit() else v for k, v in options.items()}
    options = {k: float(v) if k in ("lr", "tau") else v for k, v in options.items()}
    for seed in [int(a) for a in sys.argv[2:] if a.isdigit()]:
        begin = time.process_time()
        losses, found = train(seed, **options)
        last = np.mean(losses[-50:])
        print(
            f"{sys.argv[1]} seed {seed} {options}: loss {np.mean(losses[:20]):.3f} -> {last:.4f}, "
            f"{found}, {time.process_time() - begin:.0f} CPU s",
            flush=True,
        )
