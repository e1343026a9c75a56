"""The table executor and the programmer: tables by hand, gradients, NumPy = torch, rows, noise."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import asked
from problems import close

from course_utils import equations
from course_utils.numpy_nn import gradcheck, programmer
from course_utils.shapes import ShapeError
from course_utils.spec import NUMPY
from course_utils.tasks import TableQuestions
from course_utils.tasks.tables import KINDS
from course_utils.torch_nn import programmer as torch_programmer
from course_utils.torch_nn.programmer import GradientNoise, Programmer

T, B, R, C, Q, O = 5, 3, 4, 2, 2, 9
OPERATIONS = programmer.OPERATIONS


def make(seed=0, T=T, B=B, dtype=np.float64):
    """table, numbers, op, col, which: a soft program, no two rows equal."""
    rng = np.random.default_rng(seed)
    soft = lambda *shape: rng.dirichlet(np.ones(shape[-1]), shape[:-1])  # noqa: E731
    values = rng.normal(0, 3, (B, R, C)), rng.standard_normal((B, Q)), soft(T, B, O), soft(T, B, C)
    return tuple(v.astype(dtype) for v in (*values, soft(B, 2, Q)))


def one_program(table, *steps, numbers=(0.0,), which=((1.0,), (1.0,))):
    """Run (operation, column) steps on one table (R, C) given as a list."""
    table = np.array([table], float)
    op = np.array([[[float(name == o) for o in OPERATIONS]] for name, _ in steps])
    col = np.eye(table.shape[2])[[[c] for _, c in steps]]
    return programmer.execute(table, np.array([numbers]), op, col, np.array([which]))[0]


TABLE = [[1, 10], [2, 20], [3, 30]]


@pytest.mark.parametrize(
    ("steps", "scalar"),
    [
        ([("sum", 0)], 6),
        ([("greater", 0), ("sum", 1)], 50),  # rows with more than 1.5 apples
        ([("lesser", 0), ("count", 0)], 1),
        ([("greater", 0), ("lesser", 0), ("and", 0), ("count", 0)], 0),
        ([("greater", 0), ("lesser", 0), ("or", 0), ("count", 0)], 3),
        ([("sum", 1), ("reset", 0), ("sum", 0), ("difference", 0)], 60 - 6),
        ([("sum", 0), ("sum", 0)], 0),  # a sum selects no rows
        ([("greater", 0), ("reset", 0), ("count", 0)], 3),
    ],
)
def test_programs_worked_by_hand(steps, scalar):
    answer = one_program(TABLE, *steps, numbers=(1.5,))
    assert answer.scalar[0] == scalar and not answer.lookup.any()
    assert answer.scalars.shape == (len(steps), 1) and answer.rows.shape == (len(steps), 1, 3)


def test_a_lookup_shows_the_cells_of_the_rows_selected():
    answer = one_program(TABLE, ("greater", 0), ("assign", 1), numbers=(1.5,))
    np.testing.assert_array_equal(answer.lookup[0], [[0, 0], [0, 1], [0, 1]])
    assert answer.scalar[0] == 0


def test_half_a_sum_and_half_a_count_is_half_of_both():
    op = np.zeros((1, 1, O))
    op[..., :2] = 0.5
    answer, _ = programmer.execute(
        np.array([TABLE], float), np.zeros((1, 1)), op, np.full((1, 1, 2), 0.5), np.ones((1, 2, 1))
    )
    assert answer.scalar[0] == 0.5 * (0.5 * 6 + 0.5 * 60) + 0.5 * 3


def cotangents(seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(B), rng.standard_normal((B, R, C))


def test_backward_is_the_central_difference():
    """min, max and comparisons are not analytic."""
    inputs = make()
    dscalar, dlookup = cotangents()
    _, caches = programmer.execute(*inputs)
    gradients = programmer.execute_backward(caches, dscalar, dlookup)
    for k, gradient in zip((2, 3, 4), gradients, strict=True):

        def loss(v, k=k):
            answer, _ = programmer.execute(*inputs[:k], v, *inputs[k + 1 :])
            return (answer.scalar * dscalar).sum() + (answer.lookup * dlookup).sum()

        rng = np.random.default_rng(2)
        assert gradcheck.directional(loss, inputs[k], gradient, rng).error < 1e-8


EQUAL_ROWS = ("reset", "reset", "and", "or", "sum")


@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_equals_torch_with_gradients_and_keeps_the_dtype(dtype, hard):
    """The hard program compares equal rows: both pass half of a gradient to each."""
    table, numbers, *program = make(3, dtype=dtype)
    if hard:
        program = [programmer.harden(w) for w in program]
        for t, name in enumerate(EQUAL_ROWS):
            program[0][t] = np.array(OPERATIONS) == name
    answer, caches = programmer.execute(table, numbers, *program)
    leaves = [torch.tensor(w, requires_grad=True) for w in program]
    theirs = torch_programmer.execute(torch.tensor(table), torch.tensor(numbers), *leaves)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    for ours, other in zip(answer, theirs, strict=True):
        assert ours.dtype == dtype
        close(ours, other.detach().numpy(), tolerance)
    dscalar, dlookup = (d.astype(dtype) for d in cotangents())
    loss = (theirs.scalar * torch.tensor(dscalar)).sum()
    (loss + (theirs.lookup * torch.tensor(dlookup)).sum()).backward()
    gradients = programmer.execute_backward(caches, dscalar, dlookup)
    for ours, leaf in zip(gradients, leaves, strict=True):
        assert ours.dtype == dtype
        close(ours, leaf.grad.numpy(), tolerance)
    if hard:
        for w in program:
            np.testing.assert_array_equal(torch_programmer.harden(torch.tensor(w)).numpy(), w)


def test_a_batch_row_equals_a_batch_of_one():
    table, numbers, op, col, which = make(4)
    answer, _ = programmer.execute(table, numbers, op, col, which)
    for b in range(B):
        row = slice(b, b + 1)
        alone, _ = programmer.execute(table[row], numbers[row], op[:, row], col[:, row], which[row])
        close(alone.scalar, answer.scalar[row], 1e-13)
        close(alone.lookup, answer.lookup[row], 1e-13)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_soft_rows_and_lookups_stay_between_0_and_1(seed, T):
    answer, _ = programmer.execute(*make(seed, T=T))
    for part in (answer.rows, answer.lookup):
        assert (part >= 0).all() and (part <= 1 + 1e-12).all()


@pytest.mark.parametrize(("T", "B"), [(0, 3), (5, 0), (0, 0)])
def test_no_steps_and_no_rows(T, B):
    table, numbers, op, col, which = make(5, T=T, B=B)
    answer, _ = programmer.execute(table, numbers, op, col, which)
    theirs = torch_programmer.execute(*map(torch.tensor, (table, numbers, op, col, which)))
    for ours, other in zip(answer, theirs, strict=True):
        assert ours.shape == tuple(other.shape) and not ours.any()
    assert answer.scalar.shape == (B,) and answer.rows.shape == (T, B, R)
    if T == 0:
        with pytest.raises(ValueError, match="caches: no steps were run"):
            programmer.execute_backward([], answer.scalar, answer.lookup)


def test_the_equation_lines_compute_what_the_executor_computes():
    table, numbers, op, col, which = make(6, T=4)
    _, caches = programmer.execute(table, numbers, op, col, which)
    last = caches[-1]
    for b in range(B):
        rows_1, rows_2, scalar_1, scalar_3 = (v[b : b + 1] for v in last.before)
        given = {"rows_prev": rows_1, "rows_2": rows_2, "ToColumns": table[b].T}
        given |= {"scalar_prev": scalar_1, "scalar_3": scalar_3}
        found = equations.evaluate(programmer.EQUATIONS, given, NUMPY)
        sums, _, count, difference, _, _, both, either = last.results
        close(found["sums"][0], sums[b], 1e-13)
        close(found["counted"][0, 0], count[b], 1e-13)
        close(found["difference"][0], difference[b], 1e-13)
        close(found["both"][0], both[b], 1e-13)
        close(found["either"][0], either[b], 1e-13)
    assert "\\max" in equations.latex(programmer.EQUATIONS, programmer.SYMBOLS)


def test_a_program_is_printed_as_one():
    steps = [("greater", 1), ("lesser", 0), ("and", 0), ("assign", 1), ("sum", 0), ("reset", 0)]
    op = np.array([[float(name == o) for o in OPERATIONS] for name, _ in steps])
    which = np.array([[0.9, 0.1], [0.2, 0.8]])
    lines = programmer.program(
        op, np.eye(2)[[c for _, c in steps]], which, "ab", np.array([3, 7.5])
    )
    assert lines == [
        "rows = b > 3",
        "rows = a < 7.5",
        "rows = last and the one before",
        "answer = b of rows",
        "scalar = sum of a over rows",
        "rows = all",
    ]


# -- the model -------------------------------------------------------------------------------------


def build(seed=0, key="rnn", n=6, **options):
    torch.manual_seed(seed)
    task = TableQuestions(KINDS, rows=4)
    model = Programmer(len(task.vocabulary), hidden_size=8, key=key, **options)
    return model, *asked(task, np.random.default_rng(seed), n)


@pytest.mark.parametrize("key", ["rnn", "lstm"])
def test_the_model_runs_its_own_program_and_trains_every_parameter(key):
    model, question, wanted = build(key=key, n=24)
    answer, program = model(*question)
    for part in program[:2]:
        close(part.sum(-1).detach().numpy(), np.ones(part.shape[:-1]), 1e-6)
    has_number = (question[-1] >= 0).any(-1)
    close(program.which.sum(-1).detach().numpy(), has_number[:, None].repeat(1, 2).numpy(), 1e-6)
    again, _ = programmer.execute(
        question[3].numpy(), question[4].numpy(), *(p.detach().numpy() for p in program)
    )
    close(again.scalar, answer.scalar.detach().numpy(), 1e-5)
    torch_programmer.programmer_loss(answer, *wanted).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.any(), name


def test_rows_of_a_ragged_batch_are_questions_of_their_own():
    model, question, _ = build(n=6)
    answer, program = model(*question)
    words, lengths, *others = question
    assert len(set(lengths.tolist())) > 1
    for b in range(6):
        alone, p = model(
            words[: lengths[b], b : b + 1], *(o[b : b + 1] for o in (lengths, *others))
        )
        close(alone.scalar.detach().numpy(), answer.scalar[b : b + 1].detach().numpy(), 1e-5)
        close(p.op[:, 0].detach().numpy(), program.op[:, b].detach().numpy(), 1e-5)


def test_a_number_is_known_by_its_place():
    """The two numbers of a question change places, with their weights, and are not alike."""
    model, question, _ = build(n=24)
    *others, numbers, at = question
    both = (at >= 0).all(-1)
    _, program = model(*others, numbers, at)
    _, turned = model(*others, numbers.flip(-1), at.flip(-1))
    close(turned.which.flip(-1).detach().numpy(), program.which.detach().numpy(), 1e-6)
    assert both.any() and ((program.which[both] - 0.5).abs() > 1e-4).all()


def test_hard_choices_run_the_hardened_program():
    model, question, _ = build()
    _, soft = model(*question)
    answer, hard = model(*question, hard=True)
    assert set(torch.cat([p.flatten() for p in hard]).unique().tolist()) == {0, 1}
    np.testing.assert_array_equal(hard.op.argmax(-1), soft.op.argmax(-1))
    assert (answer.rows == answer.rows.round()).all()
    assert not hard.which[(question[-1] < 0).all(-1)].any()


def test_right_answers_are_right_and_of_the_right_sort():
    op = torch.zeros(1, 3, O)
    op[0, :2, 0] = op[0, 2, OPERATIONS.index("assign")] = 1
    program = torch_programmer.Program(op, None, None)
    cells = torch.zeros(3, 2, 2, dtype=torch.bool)
    cells[2, 0, 0] = True
    answer = torch_programmer.Answer(torch.tensor([4.4, 5.6, 0]), cells * 0.9, None, None)
    scalar, is_lookup = torch.tensor([4.0, 5.0, 0.0]), torch.tensor([False, False, True])
    right = torch_programmer.correct(answer, program, is_lookup, scalar, cells)
    assert right.tolist() == [True, False, True]
    wrong_sort = torch_programmer.correct(answer, program, ~is_lookup, scalar, cells)
    assert wrong_sort.tolist() == [False, False, False]


def test_the_loss_is_huber_or_cross_entropy():
    lookup = torch.tensor([[[0.5, 1.0]], [[0.25, 0.0]]])
    answer = torch_programmer.Answer(torch.tensor([3.0, 0.0]), lookup, None, None)
    cells = torch.tensor([[[False, False]], [[True, False]]])
    loss = torch_programmer.programmer_loss(
        answer,
        torch.tensor([False, True]),
        torch.tensor([0.0, 0.0]),
        cells,
        delta=1.0,
        lookup_weight=3.0,
    )
    close(loss.item(), np.float64((2.5 + 3 * np.log(4) / 2) / 2), 1e-6)


def test_gradient_noise_has_the_variance_it_should_and_leaves_when_told():
    p = torch.nn.Parameter(torch.zeros(20_000, dtype=torch.float64))
    still = torch.nn.Parameter(torch.zeros(3))
    optimiser = torch.optim.SGD([p, still], lr=1.0)
    noise = GradientNoise(optimiser, eta=0.3, generator=torch.Generator().manual_seed(0))
    for t in range(3):
        p.grad = torch.ones_like(p)
        before = p.detach().clone()
        optimiser.step()
        moved = before - p.detach()
        assert abs(moved.mean().item() - 1) < 0.02
        np.testing.assert_allclose(moved.var().item(), 0.3 / (1 + t) ** 0.55, rtol=0.03)
    noise.remove()
    p.grad = torch.ones_like(p)
    before = p.detach().clone()
    optimiser.step()
    close((before - p.detach()).numpy(), np.ones(20_000), 1e-14)
    assert not still.any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.execute(*make()[:2], *make(7, B=2)[2:]), ShapeError, "op: axis B should be 3"),
        (lambda m: m.execute(*make()[:3], *make()[2:4]), ShapeError, "col: axis C should be 2"),
        (lambda m: m.execute(*make()[:4], make()[4][:, :1]), ShapeError, "which: expected size 2"),
    ],
)
@pytest.mark.parametrize("module", [programmer, torch_programmer], ids=["numpy", "torch"])
def test_what_the_executor_refuses(module, call, error, message):
    with pytest.raises(error, match=message):
        call(module)


def test_what_the_model_refuses():
    model, question, wanted = build()
    with pytest.raises(ValueError, match="steps: expected a positive"):
        Programmer(5, steps=0)
    with pytest.raises(ShapeError, match="names: axis B"):
        model(*question[:2], question[2][:1], *question[3:])
    with pytest.raises(TypeError, match=r"table: expected torch.float32"):
        model(*question[:3], question[3].double(), *question[4:])
    with pytest.raises(ShapeError, match="scalar: axis B"):
        torch_programmer.programmer_loss(model(*question)[0], wanted[0], wanted[1][:2], wanted[2])
    with pytest.raises(ValueError, match="eta: expected a variance"):
        torch_programmer.add_gradient_noise([], 0, eta=-1)
