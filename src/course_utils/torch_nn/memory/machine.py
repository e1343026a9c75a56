"""The Neural Turing Machine: a controller, a memory, and heads between them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.shapes import expect, positive_integer
from course_utils.torch_nn import validation
from course_utils.torch_nn.memory import addressing
from course_utils.torch_nn.one_step import OneStep

EMPTY = 1e-6  # what every cell of a constant initial memory holds
NOISE = 0.5  # standard deviation of the cells of a random one


class State(NamedTuple):
    """Between two steps: controller, a tuple of (B, H); memory (B, N, M); reading (B, Kr, N) and
    writing (B, Kw, N), the weights of the heads; r (B, Kr, M), what was read."""

    controller: tuple
    memory: Tensor
    reading: Tensor
    writing: Tensor
    r: Tensor


class Trace(NamedTuple):
    """What the heads did: weights reading (T, B, Kr, N) and writing (T, B, Kw, N); what they were
    told, for the figures: g (T, B, Kr + Kw), readers first, and beta, gamma likewise; memory
    (T, B, N, M) after each step; added (T, B, Kw, M) and r (T, B, Kr, M)."""

    reading: Tensor
    writing: Tensor
    g: Tensor
    beta: Tensor
    gamma: Tensor
    memory: Tensor
    added: Tensor
    r: Tensor


class FeedForward(nn.Module):
    """A controller without a memory of its own: one layer of tanh, called as ``OneStep`` is."""

    def __init__(self, input_size, hidden_size, *, device=None, dtype=None):
        super().__init__()
        self.linear = nn.Linear(input_size, hidden_size, device=device, dtype=dtype)

    def start(self, batch_size):
        """No states."""
        return ()

    def forward(self, x, state):
        """x (B, D) -> y (B, H), no states."""
        return self.linear(x).tanh(), ()


class TuringMachine(nn.Module):
    """A recurrent network with a memory outside of it.

    ``y, state = machine(x, state)``: x (T, B, D) -> y (T, B, output_size), logits or whatever the
    loss takes them for.  controller: "feedforward" or any cell by key.  write: "erase_add", the
    paper's, or "blend".  memory, what it holds at the start: "constant" (1e-6, which Collier & Beel
    2018 found to train best), "learned" (one trained vector, the same in every slot) or "random"
    (normal with deviation 0.5, drawn once, never trained).  ``start(B, slots)`` may give more slots
    than were trained with; random ones then begin again with the first.  Heads begin at slot 0.

    In a step the controller sees x and what was read before; the heads write, then read the new
    memory; y is a linear function of the controller's output and of what was read.  The paper
    (Graves, Wayne & Danihelka 2014) leaves this order and the squashing of the heads' numbers open.
    """

    def __init__(
        self,
        input_size,
        output_size,
        *,
        controller="lstm",
        hidden_size=64,
        slots=32,
        width=12,
        read_heads=1,
        write_heads=1,
        shifts=3,
        write="erase_add",
        memory="constant",
        device=None,
        dtype=None,
    ):
        super().__init__()
        positive_integer(
            input_size=input_size,
            output_size=output_size,
            hidden_size=hidden_size,
            slots=slots,
            width=width,
            read_heads=read_heads,
            write_heads=write_heads,
        )
        if not isinstance(shifts, int) or shifts < 1 or shifts % 2 == 0:
            raise ValueError(f"shifts: expected an odd positive integer, got {shifts!r}")
        _one_of("write", write, ("erase_add", "blend"))
        _one_of("memory", memory, ("constant", "learned", "random"))
        self.input_size, self.slots, self.width, self.write = input_size, slots, width, write
        self.heads = (read_heads, write_heads)
        factory = {"device": device, "dtype": dtype}
        seen = input_size + read_heads * width
        if controller == "feedforward":
            self.controller = FeedForward(seen, hidden_size, **factory)
        else:
            self.controller = OneStep(controller, seen, hidden_size, **factory)
        self.told = width + 3 + shifts  # numbers that a head is told
        vectors = 2 if write == "erase_add" else 1
        numbers = sum(self.heads) * self.told + write_heads * vectors * width
        self.emit = nn.Linear(hidden_size, numbers, **factory)
        self.output = nn.Linear(hidden_size + read_heads * width, output_size, **factory)
        empty = torch.full((width,), EMPTY, **factory)
        if memory == "learned":
            self.empty = nn.Parameter(nn.init.normal_(empty, std=0.05))
        elif memory == "random":
            noise = nn.init.normal_(torch.empty(slots, width, **factory), std=NOISE)
            self.register_buffer("empty", noise)
        else:
            self.register_buffer("empty", empty)

    def start(self, batch_size, slots=None):
        """The state before the first step, for a memory of ``slots`` (default: as built)."""
        slots = self.slots if slots is None else slots
        positive_integer(slots=slots)
        readers, writers = self.heads
        at_first = F.one_hot(torch.tensor(0, device=self.empty.device), slots).to(self.empty.dtype)
        rows = self.empty  # (M,), or (N, M) where the slots differ
        if rows.ndim == 2:
            rows = rows.repeat(-(-slots // len(rows)), 1)[:slots]
        return State(
            self.controller.start(batch_size),
            rows.expand(batch_size, slots, self.width),
            at_first.expand(batch_size, readers, slots),
            at_first.expand(batch_size, writers, slots),
            self.empty.new_zeros(batch_size, readers, self.width),
        )

    def forward(self, x, state=None):
        """See the class: x (T, B, D), state -> y (T, B, output_size), state."""
        y, state, _ = self._run(x, state)
        return y, state

    def trace(self, x, state=None):
        """As a call, with a record: x (T, B, D), T >= 1 -> y, Trace."""
        y, _, records = self._run(x, state)
        if not records:
            raise ValueError("x: axis T is 0; there is nothing to record")
        return y, Trace(*(torch.stack(parts) for parts in zip(*records, strict=True)))

    def _run(self, x, state):
        expect(x=(x, f"T B {self.input_size}"))
        validation.same_kind("x", x, self.output.weight)
        state = self.start(x.shape[1]) if state is None else state
        expect(x=(x, "T B D"), memory=(state.memory, f"B N {self.width}"))
        outputs, records = [], []
        for x_t in x:
            y, state, record = self.step(x_t, state)
            outputs.append(y)
            records.append(record)
        size = (0, x.shape[1], self.output.out_features)
        return (torch.stack(outputs) if outputs else x.new_zeros(size)), state, records

    def step(self, x, state):
        """One step: x (B, D), state -> y (B, output_size), state, one step of a ``Trace``."""
        readers, writers = self.heads
        h, controller = self.controller(
            torch.cat([x, state.r.flatten(1)], dim=-1), state.controller
        )
        told, vectors = self.emit(h).split(
            [sum(self.heads) * self.told, self.emit.out_features - sum(self.heads) * self.told], -1
        )
        told = told.unflatten(-1, (sum(self.heads), self.told))
        told = addressing.head(told, self.width)
        reader = addressing.Head(*(part[:, :readers] for part in told))
        writer = addressing.Head(*(part[:, readers:] for part in told))
        vectors = vectors.unflatten(-1, (writers, -1))
        writing = addressing.address(state.memory, state.writing, writer)
        if self.write == "erase_add":
            erase, add = vectors.chunk(2, dim=-1)
            add = add.tanh()
            memory = addressing.write(state.memory, writing, erase.sigmoid(), add)
        else:
            add = vectors.tanh()
            memory = addressing.blend(state.memory, writing, add)
        reading = addressing.address(memory, state.reading, reader)
        r = addressing.read(memory, reading)
        y = self.output(torch.cat([h, r.flatten(1)], dim=-1))
        record = (reading, writing, told.g, told.beta, told.gamma, memory, add, r)
        return y, State(controller, memory, reading, writing, r), record


def _one_of(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
