"""Who takes part in a training, and what they tell each other; one process alone as well.

torchrun starts a process for each GPU, and says to each in its environment which one it is.
"""

import os
import signal
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed as dist

from course_utils.errors import UserError

PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others before it gives up."""


class Processes:
    """The group that this process belongs to: rank of size, and the device that it computes on.

    device: "auto" (a GPU where there is one), "cpu" or "cuda".  UserError where there is no GPU, or
    fewer than processes on this machine.
    """

    def __init__(self, device="auto"):
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0")) if self.size > 1 else 0
        self.device = chosen_device(device, self.size)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        if self.size > 1:
            backend = "nccl" if self.device.type == "cuda" else "gloo"
            dist.init_process_group(backend, timeout=PATIENCE)

    @property
    def first(self):
        """Whether this is the process that speaks and writes files."""
        return self.rank == 0

    def rows(self, n, name="n"):
        """The share of n rows that is this process's own, as a slice."""
        if n % self.size:
            nearest = [k for k in (n - n % self.size, n + self.size - n % self.size) if k]
            raise UserError(
                f"{name}: {n} rows cannot be shared evenly among {self.size} processes; "
                f"use {' or '.join(map(str, nearest))}"
            )
        own = n // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def mean(self, values):
        """The mean over all processes of a tensor, in its own precision."""
        if self.size == 1:
            return values
        values = values.clone()
        dist.all_reduce(values)
        return values / self.size

    def any(self, flag):
        """Whether it is true in any process."""
        if self.size == 1:
            return flag
        flags = torch.tensor(int(flag), device=self.device)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags.item())

    def gathered(self, rows, dim):
        """The rows of all processes, in the order of their ranks, joined along an axis."""
        if self.size == 1:
            return rows
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(self.size)]
        dist.all_gather(parts, rows)
        return torch.cat(parts, dim)

    def from_first(self, function):
        """What ``function()`` returns in the first process, in every one; its UserError as well.

        So a file is read once, and where it cannot be read all processes end alike.
        """
        if self.size == 1:
            return function()
        told = [None, None]
        if self.first:
            try:
                told[0] = function()
            except (UserError, OSError) as error:
                told[1] = error
        dist.broadcast_object_list(told, src=0)
        if told[1] is not None:
            raise told[1]
        return told[0]

    def leave(self):
        """Say goodbye to the others; nothing in one process alone."""
        if self.size > 1:
            dist.destroy_process_group()


def chosen_device(name, size):
    """The device of this process: its own GPU of this machine, or the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return torch.device("cpu")
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    local = int(os.environ.get("LOCAL_RANK", "0")) if size > 1 else 0
    if not there:
        raise UserError("--device: cuda, and PyTorch sees no GPU here; use cpu or auto")
    if local >= there:
        raise UserError(
            f"--nproc-per-node: process {local + 1} of this machine has no GPU of its own, there "
            f"are {there}; start {there}, or use --device cpu"
        )
    return torch.device("cuda", local)


@contextmanager
def stop_requests():
    """A list that gets SIGTERM, which a cluster sends before it kills, and Ctrl-C's SIGINT.

    A second Ctrl-C interrupts at once; a second SIGTERM, which torchrun may pass on, does nothing.
    """
    asked, before = [], {}

    def note(number, frame):
        asked.append(signal.Signals(number))
        if number == signal.SIGINT:
            signal.signal(number, before[number])

    for number in (signal.SIGTERM, signal.SIGINT):
        before[number] = signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
