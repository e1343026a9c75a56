"""The Turing machine: equal to NumPy's parts, step by step; rows apart; it learns."""

import numpy as np
import pytest
import torch
from kinds import by_kind
from problems import close

from course_utils import numpy_nn, torch_nn
from course_utils.numpy_nn import memory
from course_utils.shapes import ShapeError
from course_utils.torch_nn.memory import TuringMachine

T, B, D, O = 4, 3, 5, 2
WRITES = ("erase_add", "blend")
STARTS = ("constant", "learned", "random")  # of the memory


def build(controller="lstm", seed=0, **options):
    torch.manual_seed(seed)
    options = {"hidden_size": 8, "slots": 6, "width": 3, "dtype": torch.float64} | options
    machine = TuringMachine(D, O, controller=controller, **options)
    x = torch.randn(T, B, D, dtype=options["dtype"])
    return machine, x


def by_numpy(machine, x, key):
    """The same machine from ``numpy_nn``: cell step, head, address, write, read."""
    linear = {
        n: (m.weight.detach().numpy(), m.bias.detach().numpy())
        for n, m in (("emit", machine.emit), ("output", machine.output))
    }
    params = torch_nn.to_numpy(machine.controller.layer)
    cell, (readers, writers) = numpy_nn.get_cell(key), machine.heads
    width, N = machine.width, machine.slots
    state = cell.State(*(s.numpy() for s in machine.controller.start(B)))
    M = np.broadcast_to(machine.empty.detach().numpy(), (B, N, width))
    w = np.zeros((B, readers + writers, N))
    w[..., 0] = 1
    r, outputs = np.zeros((B, readers, width)), []
    for x_t in x.numpy():
        state, _ = cell.step(params, np.concatenate([x_t, r.reshape(B, -1)], -1), state)
        a = state[0] @ linear["emit"][0].T + linear["emit"][1]
        count = (readers + writers) * machine.told
        told, _ = memory.head(a[:, :count].reshape(B, readers + writers, machine.told), width)
        vectors = a[:, count:].reshape(B, writers, -1)
        writing, _ = memory.address(M, w[:, readers:], memory.Head(*(p[:, readers:] for p in told)))
        if machine.write == "erase_add":
            erase = 1 / (1 + np.exp(-vectors[..., :width]))
            M, _ = memory.write(M, writing, erase, np.tanh(vectors[..., width:]))
        else:
            M, _ = memory.blend(M, writing, np.tanh(vectors))
        reading, _ = memory.address(M, w[:, :readers], memory.Head(*(p[:, :readers] for p in told)))
        r, _ = memory.read(M, reading)
        w = np.concatenate([reading, writing], axis=1)
        weight, bias = linear["output"]
        outputs.append(np.concatenate([state[0], r.reshape(B, -1)], -1) @ weight.T + bias)
    return np.stack(outputs), M, w


@pytest.mark.parametrize(
    ("key", "write", "initial"),
    [("lstm", "erase_add", "learned"), ("gru", "blend", "learned"), ("gru", "erase_add", "random"),
     ("lstm", "blend", "constant")],
)  # fmt: skip
def test_the_machine_equals_numpy(key, write, initial):
    machine, x = build(key, write=write, read_heads=2, write_heads=3, memory=initial)
    y, state = machine(x)
    outputs, M, w = by_numpy(machine, x, key)
    close(y.detach().numpy(), outputs, 1e-12)
    close(state.memory.detach().numpy(), M, 1e-12)
    close(torch.cat([state.reading, state.writing], 1).detach().numpy(), w, 1e-12)


@pytest.mark.parametrize("key", ["feedforward", *by_kind()])
def test_every_cell_can_control_and_every_parameter_is_trained(key):
    machine, x = build(key, memory="learned", dtype=torch.float32)
    y, _ = machine(x)
    assert y.shape == (T, B, O) and y.dtype == torch.float32
    (y * torch.randn_like(y)).sum().backward()
    for name, p in machine.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), name


def test_splitting_a_sequence_changes_nothing():
    machine, x = build()
    y, last = machine(x)
    first, state = machine(x[:1])
    rest, end = machine(x[1:], state)
    close(torch.cat([first, rest]).detach().numpy(), y.detach().numpy(), 1e-14)
    close(end.memory.detach().numpy(), last.memory.detach().numpy(), 1e-14)


def test_a_batch_row_equals_a_batch_of_one():
    machine, x = build(read_heads=2)
    y, _ = machine(x)
    for b in range(B):
        close(machine(x[:, b : b + 1])[0][:, 0].detach().numpy(), y[:, b].detach().numpy(), 1e-13)


def test_the_trace_is_what_the_machine_did():
    machine, x = build(read_heads=2, write_heads=1)
    y, trace = machine.trace(x)
    same, state = machine(x)
    close(y.detach().numpy(), same.detach().numpy(), 1e-15)
    assert trace.reading.shape == (T, B, 2, 6) and trace.writing.shape == (T, B, 1, 6)
    assert trace.g.shape == trace.beta.shape == trace.gamma.shape == (T, B, 3)
    assert trace.added.shape == (T, B, 1, 3) and trace.r.shape == (T, B, 2, 3)
    close(trace.memory[-1].detach().numpy(), state.memory.detach().numpy(), 1e-15)
    for w in (trace.reading, trace.writing):
        close(w.sum(-1).detach().numpy(), np.ones(w.shape[:-1]), 1e-12)


@pytest.mark.parametrize("initial", STARTS)
def test_the_memory_may_grow_after_training(initial):
    machine, x = build(memory=initial)
    y, state = machine(x, machine.start(B, slots=14))
    assert state.memory.shape == (B, 14, 3) and y.isfinite().all()
    names = [name for name, _ in machine.named_parameters()]
    assert ("empty" in names) == (initial == "learned")


@pytest.mark.parametrize("initial", STARTS)
def test_a_memory_starts_alike_for_all_rows_and_in_every_slot_unless_it_is_random(initial):
    machine, _ = build(memory=initial)
    few, many = (machine.start(B, slots).memory for slots in (4, 14))
    assert (many == many[:1]).all() and (many[:, :4] == few).all()
    assert (many[:, 6:12] == many[:, :6]).all() and (many[:, 12:] == many[:, :2]).all()  # six slots
    alike = (many[0, :6, None] == many[0, None, :6]).all(-1)  # (N, N)
    assert alike.all() != (initial == "random")
    assert alike.sum() == (6 if initial == "random" else 36)
    assert (build(seed=1, memory=initial)[0].empty == machine.empty).all() == (
        initial == "constant"
    )


@pytest.mark.parametrize("shape", [(0, B, D), (T, 0, D), (0, 0, D)])
def test_no_steps_and_no_rows(shape):
    machine, _ = build()
    y, state = machine(torch.zeros(shape, dtype=torch.float64))
    assert y.shape == (*shape[:2], O) and state.memory.shape == (shape[1], 6, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, x: TuringMachine(D, O, slots=0), ValueError, "slots: expected a positive"),
        (lambda m, x: TuringMachine(D, O, shifts=2), ValueError, "shifts: expected an odd"),
        (lambda m, x: TuringMachine(D, O, write="add"), ValueError, "write: expected one of"),
        (lambda m, x: TuringMachine(D, O, memory="zero"), ValueError, "memory: expected one of"),
        (lambda m, x: TuringMachine(D, O, controller="lstn"), KeyError, "lstn"),
        (lambda m, x: m(x[..., :2]), ShapeError, "x: expected size 5, got 2"),
        (lambda m, x: m(x.float()), TypeError, "x: expected torch.float64"),
        (lambda m, x: m(x, m.start(B + 1)), ShapeError, "memory: axis B should be 3"),
        (lambda m, x: m.start(B, slots=0), ValueError, "slots: expected a positive"),
        (lambda m, x: m.trace(x[:0]), ValueError, "x: axis T is 0"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(*build())
