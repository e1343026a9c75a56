"""The timing tasks and the counting language ask what they say."""

import numpy as np
import pytest

from course_utils.tasks.counts import AnBn
from course_utils.tasks.intervals import SHAPES, SpikeDelay, Spikes, Wave


@pytest.mark.parametrize("shape", SHAPES)
def test_a_wave_repeats_itself_and_fills_its_range(shape):
    x, y, _ = Wave(shape, 10, 3).sample(np.random.default_rng(0), 2)
    assert x.shape == y.shape == (30, 2, 1) and not x.any()
    np.testing.assert_array_equal(y[:10], y[20:])
    assert y.max() == 1 and y.min() == -1 and abs(y[:10].mean()) < 1e-12


def test_spikes_come_at_every_period():
    x, y, _ = Spikes(5, 3).sample(np.random.default_rng(0), 2)
    assert not x.any()
    np.testing.assert_array_equal(np.flatnonzero(y[:, 0, 0]), [5, 10, 15])


def test_the_delay_is_what_lies_between_the_spikes():
    x, y, mask = SpikeDelay(10, 4).sample(np.random.default_rng(0), 50)
    seen = set()
    for n in range(50):
        at = np.flatnonzero(x[:, n, 0])
        gaps = np.diff(at)
        assert len(at) == 5 and set(gaps) <= {10, 11}
        np.testing.assert_array_equal(np.flatnonzero(mask[:, n]), at[1:])
        np.testing.assert_array_equal(y[at[1:], n, 0], gaps == 11)
        seen |= set(gaps)
    assert seen == {10, 11} and y[~mask].sum() == 0


def test_a_string_has_as_many_b_as_a_and_then_its_end():
    counts = [1, 3, 2]
    x, target, mask = AnBn.strings(counts)
    for n, count in enumerate(counts):
        read = x[:, n].argmax(-1)[x[:, n].any(-1)]
        assert read.tolist() == [0] + [1] * count + [2] * count
        asked = np.flatnonzero(mask[:, n])
        assert asked.tolist() == list(range(count + 1, 2 * count + 1))
        assert target[asked, n].tolist() == [0] * (count - 1) + [1]
    drawn = AnBn(2, 5).sample(np.random.default_rng(0), 200).x
    assert set(drawn[..., 1].sum(0)) == {2, 3, 4, 5}


@pytest.mark.parametrize("task", [Wave(), Spikes(), SpikeDelay(), AnBn()], ids=str)
def test_a_seed_names_a_batch(task):
    first, again = (task.sample(np.random.default_rng(3), 5) for _ in range(2))
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.target, again.target)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Wave("sine"), "shape: there is no 'sine'; choose from cosine, triangle"),
        (lambda: Wave(period=0), "period: expected"),
        (lambda: Spikes(spikes=0), "spikes: expected"),
        (lambda: SpikeDelay(period=2.5), "period: expected"),
        (lambda: AnBn(5, 2), "low: 5 is more than high, 2"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
