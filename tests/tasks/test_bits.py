"""Copies, recalls, selective copies, parities: the answer by another way; the same by seed."""

import numpy as np
import pytest

from course_utils.tasks import AssociativeRecall, CopyBits, Parity, RepeatCopy, SelectiveCopy

TASKS = [
    CopyBits(bits=4, shortest=2, longest=6),
    RepeatCopy(bits=3, longest=4, repeats=3),
    AssociativeRecall(bits=3, item=2, fewest=2, most=5),
    SelectiveCopy(length=12, items=4, alphabet=3),
    Parity(9),
]
tasks = pytest.mark.parametrize("task", TASKS, ids=lambda t: type(t).__name__)


@tasks
def test_a_seed_names_a_batch_and_shapes_agree(task):
    first, again, other = (task.sample(np.random.default_rng(s), 7) for s in (3, 3, 4))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.x.shape != other.x.shape or (first.x != other.x).any()
    x, target, mask = first
    assert x.shape[:2] == target.shape[:2] and x.shape[1] == 7
    assert mask is None or (mask.shape == x.shape[:2] and mask.any(axis=0).all())
    if hasattr(task, "input_size"):
        assert x.shape[2] == task.input_size and target.shape[2] == task.output_size


def lengths(task, draws=60):
    rng = np.random.default_rng(0)
    return {len(task.sample(rng, 1).x) for _ in range(draws)}


def test_lengths_span_what_was_asked_for():
    assert lengths(CopyBits(2, 2, 4)) == {5, 7, 9}
    assert lengths(RepeatCopy(2, longest=2, repeats=2)) == {4, 5, 6, 8}
    assert lengths(AssociativeRecall(3, 2, 2, 4)) == {12, 15, 18}


def test_the_copy_comes_back():
    for seed in range(5):
        x, target, mask = TASKS[0].sample(np.random.default_rng(seed), 6)
        for n in range(6):
            at = int(np.flatnonzero(x[:, n, 4])[0])
            np.testing.assert_array_equal(target[mask[:, n], n], x[:at, n, :4])
            assert not x[at + 1 :, n].any() and mask[:, n].sum() == at


def test_the_copy_comes_back_as_often_as_the_number_says():
    task = TASKS[1]
    for seed in range(8):
        x, target, mask = task.sample(np.random.default_rng(seed), 4)
        for n in range(4):
            at = int(np.flatnonzero(x[:, n, 3])[0])
            spread = np.std(np.arange(1, 11))
            repeats = round(x[at, n, 4] * spread + 5.5)
            answer = target[mask[:, n], n]
            assert 1 <= repeats <= 3
            wanted = [[*list(row), 0] for row in x[:at, n, :3]] * repeats + [[0, 0, 0, 1]]
            np.testing.assert_array_equal(answer, wanted)


def test_the_number_has_mean_0_and_variance_1():
    shown = RepeatCopy().shown(np.arange(1, 11))
    np.testing.assert_allclose([shown.mean(), shown.var()], [0, 1], atol=1e-12)
    assert RepeatCopy(scale=1, repeats=1).shown(1) == 0


def test_the_item_after_the_one_asked_for():
    task = TASKS[2]
    for seed in range(8):
        x, target, mask = task.sample(np.random.default_rng(seed), 5)
        for n in range(5):
            starts = np.flatnonzero(x[:, n, 3])
            items = [x[t + 1 : t + 3, n, :3].tolist() for t in starts]
            assert len({str(i) for i in items}) == len(items)
            first, second = np.flatnonzero(x[:, n, 4])
            assert second == first + 3
            asked = items.index(x[first + 1 : second, n, :3].tolist())
            np.testing.assert_array_equal(target[mask[:, n], n], items[asked + 1])


def test_selected_symbols_keep_their_order():
    task = TASKS[3]
    x, target, mask = task.sample(np.random.default_rng(0), 50)
    read = x.argmax(-1)
    for n in range(50):
        seen = [s for s in read[:12, n] if s < 3]
        np.testing.assert_array_equal(target[mask[:, n], n], seen)
        assert len(seen) == 4 and (read[12:, n] == 4).all()
    assert len(np.unique((read[:12] < 3).T, axis=0)) > 30  # places differ


def test_parity_counts_the_ones():
    task = TASKS[4]
    x, target, _ = task.sample(np.random.default_rng(0), 400)
    np.testing.assert_array_equal(target[0, :, 0], [list(row).count(1.0) % 2 for row in x[0]])
    assert set(np.unique(x)) == {-1, 0, 1}
    assert set(task.difficulty(x)) == set(range(1, 10))
    assert 0.4 < target.mean() < 0.6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CopyBits(bits=0), "bits: expected a positive integer"),
        (lambda: CopyBits(shortest=5, longest=4), "shortest: expected at most longest=4, got 5"),
        (lambda: RepeatCopy(fewest=11), "fewest: expected at most repeats=10, got 11"),
        (lambda: RepeatCopy(scale=0), "scale: expected a positive integer"),
        (lambda: AssociativeRecall(fewest=1), "fewest: expected at least 2"),
        (lambda: AssociativeRecall(bits=1, item=2), "bits: 2 bits an item"),
        (lambda: SelectiveCopy(length=3, items=4), "items: 4 do not fit into length=3"),
        (lambda: Parity(0), "size: expected a positive integer"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
