"""The copy task: what is read, what is answered, and the loss of an answer without memory."""

import numpy as np
import pytest

from course_utils.tasks import Copy


def test_the_items_come_back_after_delay_and_go_sign():
    task = Copy(delay=6, items=3, alphabet=4)
    x, target, mask = task.sample(np.random.default_rng(0), 400)
    assert x.shape == (12, 400, 6)
    read = x.argmax(-1)
    np.testing.assert_array_equal(read[:3], target[-3:])
    np.testing.assert_array_equal(np.unique(read[:3]), [0, 1, 2, 3])
    assert (target[:-3] == 4).all()
    assert (read[8] == 5).all()
    assert (read == 5).sum() == 400
    assert (np.delete(read, [0, 1, 2, 8], axis=0) == 4).all()
    assert mask is None


def test_the_memoryless_loss_is_that_of_blank_and_then_even_odds():
    task = Copy(delay=6, items=3, alphabet=4)
    _, target, _ = task.sample(np.random.default_rng(0), 10)
    p = np.zeros((12, 5))
    p[:9, 4] = 1
    p[9:, :4] = 0.25
    loss = -np.log(np.take_along_axis(p[:, None].repeat(10, 1), target[..., None], -1)).mean()
    np.testing.assert_allclose(task.memoryless, loss)


def test_sizes_are_refused_by_name():
    with pytest.raises(ValueError, match="delay: expected a positive integer, got 0"):
        Copy(delay=0)
