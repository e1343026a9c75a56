"""Cups and aⁿbⁿ: the answer by another way, the same by seed, and what cannot be is refused."""

import math

import numpy as np
import pytest

from course_utils.tasks import AnBn, Cups


@pytest.mark.parametrize("cups", [2, 3, 5])
def test_the_arrangement_is_that_of_cups_moved_by_hand(cups):
    from itertools import permutations

    rows = list(permutations(range(cups)))
    task = Cups(cups, 14)
    x, target, mask = task.sample(np.random.default_rng(1), 4)
    assert mask is None and x.shape == (14, 4, task.moves) and task.arrangements == len(rows)
    for n in range(4):
        row = list(range(cups))
        for t in range(14):
            move = int(x[t, n].argmax())
            if move == 1:
                row[0], row[1] = row[1], row[0]
            elif move == 2:
                row.insert(0, row.pop())
            assert rows[target[t, n]] == tuple(row)


def test_every_arrangement_is_reached_and_two_cups_are_parity():
    _, target, _ = Cups(4, 60).sample(np.random.default_rng(0), 40)
    assert set(target.ravel()) == set(range(math.factorial(4)))
    x, target, _ = Cups(2, 9).sample(np.random.default_rng(0), 5)
    np.testing.assert_array_equal(target, x[..., 1].cumsum(axis=0) % 2)


def test_the_last_b_is_the_one_that_makes_as_many_as_there_were_a():
    x, target, mask = AnBn(2, 6).sample(np.random.default_rng(3), 30)
    a, b = x.sum(axis=0).T
    np.testing.assert_array_equal(a, b)
    assert set(a) == {2, 3, 4, 5, 6} and x.shape == (12, 30, 2)
    seen = x.cumsum(axis=0)
    np.testing.assert_array_equal(mask, x[..., 1] == 1)
    np.testing.assert_array_equal(target == 1, mask & (seen[..., 0] == seen[..., 1]))


@pytest.mark.parametrize("task", [Cups(3, 5), AnBn(1, 4)])
def test_a_seed_names_a_batch(task):
    first, again, other = (task.sample(np.random.default_rng(s), 7) for s in (3, 3, 4))
    np.testing.assert_array_equal(first.x, again.x)
    assert (first.x != other.x).any()


def test_what_cannot_be_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^cups: expected 2 to 6"):
        Cups(7)
    with pytest.raises(ValueError, match=r"^shortest: expected at most"):
        AnBn(5, 4)
