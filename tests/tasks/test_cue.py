"""The cue task: only the first word knows, the last one asks, the gap is as long as said."""

import numpy as np
import pytest

from course_utils.tasks import Cue


def test_only_the_first_word_is_a_cue_and_it_is_the_answer():
    task = Cue(gap=7, cues=3, fillers=5)
    x, target, mask = task.sample(np.random.default_rng(0), 200)
    words = x.argmax(-1)
    assert x.shape == (9, 200, task.words)
    np.testing.assert_array_equal(x.sum(-1), 1)
    np.testing.assert_array_equal(words[0], target)
    assert set(target) == {0, 1, 2}
    assert words[1:-1].min() == 3
    assert words[1:-1].max() == 7
    assert (words[-1] == 8).all()
    assert mask is None


def test_a_gap_of_nothing_is_refused_by_name():
    with pytest.raises(ValueError, match="gap: expected a positive integer, got 0"):
        Cue(gap=0)
