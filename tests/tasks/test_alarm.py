"""The alarm rings where it is due, and a ring beside its step is a miss."""

import numpy as np
import pytest

from course_utils.tasks import Alarm


def test_it_is_due_so_many_steps_after_each_pulse():
    task = Alarm(70, 6)
    x, target, mask = task.sample(np.random.default_rng(0), 50)
    assert mask is None and x.shape == (70, 50, 1)
    np.testing.assert_array_equal(target[6:], x[:-6, :, 0])
    assert not target[:6].any()
    for k in range(50):
        gaps = np.diff(np.flatnonzero(x[:, k, 0]))
        assert 7 <= gaps.min() and gaps.max() <= 18
        assert np.flatnonzero(x[:, k, 0])[0] < 6
        assert np.flatnonzero(x[:, k, 0])[-1] >= 70 - 18


def test_a_ring_too_many_or_beside_its_step_is_a_miss():
    task = Alarm(12, 3)
    target = np.zeros((12, 1), int)
    target[[4, 10]] = 1
    rings = np.stack([target] * 4)
    assert task.missed(rings, target).tolist() == [0, 0, 0, 0]
    rings[1, 7] = 1  # between: the second is spoilt
    rings[2, 4], rings[2, 5] = 0, 1  # one step late: that one is missed and the next spoilt
    rings[3, 11] = 1  # after the last due ring nothing is looked at
    assert task.missed(rings, target).tolist() == [0, 0.5, 1, 0]
    assert task.missed(np.zeros_like(target), target) == 1


@pytest.mark.parametrize("bad", [{"delay": 0}, {"length": 20}, {"length": 2.5}])
def test_a_stream_too_short_is_refused(bad):
    with pytest.raises((ValueError, TypeError), match=next(iter(bad))):
        Alarm(**bad)
