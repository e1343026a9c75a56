"""Table questions: the answer follows from the words alone; the program finds it."""

import numpy as np
import pytest

from course_utils.numpy_nn import programmer
from course_utils.tasks import TableQuestions
from course_utils.tasks.tables import KINDS

TASK = TableQuestions(KINDS, rows=5, columns=3, largest=6)


def by_reading(task, q, b):
    """(is_lookup, scalar, cells) of question b, from its words, names, numbers and table."""
    words = [task.vocabulary[w] for w in q.words[: q.lengths[b], b]]
    names = [task.vocabulary[w] for w in q.names[b]]
    table = [dict(zip(names, row, strict=True)) for row in q.table[b]]
    numbers = iter(q.numbers[b])
    answer, *rest = words
    if answer == "difference":
        return False, sum(r[rest[0]] for r in table) - sum(r[rest[1]] for r in table), set()
    shown = rest.pop(0) if answer != "count" else None
    keep = [True] * len(table)
    join = "and"
    if rest:
        assert rest.pop(0) == "where"
    while rest:
        column, sign, word, *rest = rest
        assert word == "<number>"
        number = next(numbers)
        holds = [r[column] > number if sign == "greater" else r[column] < number for r in table]
        keep = [(k and h) if join == "and" else (k or h) for k, h in zip(keep, holds, strict=True)]
        join = rest.pop(0) if rest else join
    if answer == "show":
        return True, 0, {(i, names.index(shown)) for i, k in enumerate(keep) if k}
    kept = [r for r, k in zip(table, keep, strict=True) if k]
    return False, len(kept) if answer == "count" else sum(r[shown] for r in kept), set()


def test_the_answer_follows_from_the_words():
    q = TASK.sample(np.random.default_rng(0), 400)
    for b in range(400):
        is_lookup, scalar, cells = by_reading(TASK, q, b)
        assert (q.is_lookup[b], q.scalar[b]) == (is_lookup, scalar)
        assert set(map(tuple, np.argwhere(q.cells[b]))) == cells
    said = {" ".join(TASK.vocabulary[w] for w in q.words[: q.lengths[b], b]) for b in range(400)}
    assert len(said) > 200 and len({p[-1][0] for p in q.programs}) == 4


def test_numbers_stand_where_the_words_say():
    q = TASK.sample(np.random.default_rng(1), 100)
    number = TASK.vocabulary.index("<number>")
    for b in range(100):
        at = q.number_at[b][q.number_at[b] >= 0]
        np.testing.assert_array_equal(at, np.flatnonzero(q.words[:, b] == number))
        assert not q.numbers[b][q.number_at[b] < 0].any()
        assert not q.words[q.lengths[b] :, b].any() and q.words[: q.lengths[b], b].all()
        assert len(set(q.names[b])) == 3


def weights(q, steps):
    """The programs of q as weights for ``execute``, with resets in front."""
    n, C = q.names.shape
    op, col = np.zeros((steps, n, 9)), np.zeros((steps, n, C))
    which = np.zeros((n, 2, 2))
    for b, program in enumerate(q.programs):
        padded = [("reset", 0, 0)] * (steps - len(program)) + list(program)
        for t, (name, column, number) in enumerate(padded):
            op[t, b, programmer.OPERATIONS.index(name)] = col[t, b, column] = 1
            if name in ("greater", "lesser"):
                which[b, int(name == "lesser"), number] = 1
    return op, col, which


@pytest.mark.parametrize("extra", [0, 2])
def test_the_program_finds_the_answer(extra):
    q = TASK.sample(np.random.default_rng(2), 300)
    answer, _ = programmer.execute(q.table, q.numbers, *weights(q, TASK.steps + extra))
    np.testing.assert_array_equal(answer.scalar, q.scalar)
    np.testing.assert_array_equal(answer.lookup, q.cells)
    assert max(len(p) for p in q.programs) == TASK.steps == 4


@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_what_each_kind_needs(kind):
    task = TableQuestions((kind,))
    q = task.sample(np.random.default_rng(3), 20)
    assert {len(p) for p in q.programs} == {task.steps}


def test_a_seed_names_a_batch_and_none_may_be_asked():
    first, again, other = (TASK.sample(np.random.default_rng(s), 6) for s in (3, 3, 4))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b) if isinstance(a, np.ndarray) else None
    assert first.programs == again.programs and first.programs != other.programs
    empty = TASK.sample(np.random.default_rng(0), 0)
    assert empty.words.shape == (0, 0) and empty.table.shape == (0, 5, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TableQuestions(("mean",)), r"kinds: \['mean'\]; there are: sum, "),
        (lambda: TableQuestions(()), "kinds: none"),
        (lambda: TableQuestions(rows=0), "rows: expected a positive integer"),
        (lambda: TableQuestions(("sum_and",), columns=1), "columns: expected 2 to 8"),
        (lambda: TableQuestions(columns=9), "columns: expected 1 to 8"),
        (lambda: TableQuestions(largest=0), "largest: expected a positive integer"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
