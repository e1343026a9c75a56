"""Digits pixel by pixel: nothing is lost, nothing leaks from part to part, and errors help."""

import sys

import numpy as np
import pytest

from course_utils.tasks import Digits, digits

PARTS = tuple(digits.PARTS)


@pytest.fixture
def _no_scikit_learn(monkeypatch):
    digits.load.cache_clear()
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    yield
    digits.load.cache_clear()


@pytest.mark.usefixtures("_no_scikit_learn")
def test_without_scikit_learn_the_error_says_what_to_install():
    with pytest.raises(digits.DigitsError, match="pip install scikit-learn"):
        Digits().all()


def test_an_unknown_part_is_refused_by_name():
    with pytest.raises(ValueError, match="part: expected one of train, validation, test, got 'te'"):
        Digits("te")


class TestWithData:
    @pytest.fixture(autouse=True)
    def _needs_data(self):
        pytest.importorskip("sklearn")

    def test_every_picture_is_in_one_part_and_only_one(self):
        rows = np.concatenate([Digits(part).rows for part in PARTS])
        np.testing.assert_array_equal(np.sort(rows), np.arange(1797))

    @pytest.mark.parametrize("permuted", [False, True])
    def test_the_pixels_put_back_are_the_picture(self, permuted):
        task = Digits("test", permuted=permuted)
        x, target, mask = task.all()
        images, labels = digits.load()
        back = np.empty((64, len(task.rows)))
        back[task.order] = x[..., 0]
        np.testing.assert_array_equal(back.T.reshape(-1, 8, 8) * 16, images[task.rows])
        np.testing.assert_array_equal(target, labels[task.rows])
        assert x.shape == (64, len(target), 1)
        assert mask is None

    def test_one_permutation_for_all_parts_and_it_is_one(self):
        orders = [Digits(part, permuted=True).order for part in PARTS]
        np.testing.assert_array_equal(np.sort(orders[0]), np.arange(64))
        assert (orders[0] != np.arange(64)).any()
        for order in orders[1:]:
            np.testing.assert_array_equal(order, orders[0])

    def test_a_batch_is_drawn_from_its_own_part(self):
        task = Digits("validation")
        whole = {tuple(row) for row in task.all().x[..., 0].T}
        x, target, _ = task.sample(np.random.default_rng(3), 40)
        assert {tuple(row) for row in x[..., 0].T} <= whole
        assert x.shape == (64, 40, 1)
        assert set(target) <= set(range(10))

    def test_the_same_generator_gives_the_same_batch(self):
        one, two = (Digits().sample(np.random.default_rng(5), 7) for _ in range(2))
        np.testing.assert_array_equal(one.x, two.x)
        np.testing.assert_array_equal(one.target, two.target)

    def test_other_data_are_noticed(self, monkeypatch):
        digits.load.cache_clear()
        monkeypatch.setattr(digits, "SHA256", "0" * 64)
        with pytest.raises(digits.DigitsError, match="not the ones this course was written with"):
            digits.load()
        digits.load.cache_clear()

    def test_what_is_handed_out_cannot_be_written_to(self):
        images, _ = digits.load()
        with pytest.raises(ValueError, match="read-only"):
            images[0, 0, 0] = 1
