"""What a random search says: known components are found again, and what is compared is paired."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_utils.lab import comparing, searching
from course_utils.lab.searched_tasks import TASKS

EFFECTS = {"rate": 1.0, "size": 0.5, "cell": 0.7, "cell_rate": 0.6, "rate_size": 0.4, "net": 0.8}


def made(rng, C=4, D=60, R=2):
    """y (C, D, R) with effects of the sizes above, as standard deviations, and their bins."""
    bins = {"rate": rng.permutation(np.arange(D) % 6), "size": rng.permutation(np.arange(D) % 3)}
    effect = {
        "rate": rng.standard_normal(6)[bins["rate"]],
        "size": rng.standard_normal(3)[bins["size"]],
        "cell": rng.standard_normal(C)[:, None],
        "cell_rate": rng.standard_normal((C, 6))[:, bins["rate"]],
        "rate_size": rng.standard_normal((6, 3))[bins["rate"], bins["size"]],
    }
    y = sum(EFFECTS[name] * e for name, e in effect.items()) + np.zeros((C, D))
    return y[..., None] + EFFECTS["net"] * rng.standard_normal((C, D, R)), bins


def test_variances_that_were_put_in_come_out_on_average():
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(200):
        y, bins = made(rng)
        shares = comparing.parts(y, bins)
        assert sum(shares.values()) == pytest.approx(1)
        rows.append({name: share * y.var() for name, share in shares.items()})
    mean = {name: np.mean([row[name] for row in rows]) for name in rows[0]}
    # a sample of k levels has (k - 1) / k of the variance, and its interactions move the mains
    assert mean["net"] == pytest.approx(0.64, rel=0.05)
    assert mean["cell"] == pytest.approx(0.49 * 3 / 4 + 0.36 / 6 * 3 / 4, rel=0.2)
    assert mean["cell_rate"] == pytest.approx(0.36 * 3 / 4 * 5 / 6, rel=0.15)
    assert mean["rate"] == pytest.approx((1 + 0.16 / 3 + 0.36 / 4) * 5 / 6, rel=0.15)
    assert mean["rate_size"] == pytest.approx(0.16 * 5 / 6 * 2 / 3, rel=0.3)
    assert abs(mean["rest"]) < 0.05 * sum(mean.values())


def test_a_factor_that_does_nothing_has_no_share_on_average():
    rng = np.random.default_rng(1)
    draws = [comparing.component(rng.standard_normal(72), rng.permutation(72) % 6)
             for _ in range(400)]  # fmt: skip
    assert abs(np.mean(draws)) < 3 * np.std(draws) / 20
    assert np.mean(np.array(draws) > 0) < 0.6


def test_the_best_are_chosen_by_validation_and_judged_by_test():
    validation = np.array([[0.3, 0.1], [0.2, 0.4]])
    test = np.array([[9.0, 2.0], [1.0, 5.0]])
    assert comparing.best(validation, test, 0.25) == 2.0
    assert comparing.best(validation, test, 0.5) == 1.5
    assert comparing.best(validation, test, 1e-9) == 2.0


def test_a_cell_is_as_good_as_itself_and_a_worse_one_is_seen():
    rng = np.random.default_rng(0)
    loss = np.exp(rng.standard_normal((40, 2)))
    test = np.stack([loss, loss, 1.5 * loss])
    same, twin, worse = comparing.over_first(test, test, 0.1, 0.95)
    assert same == twin == {"ratio": 1.0, "low": 1.0, "high": 1.0}
    assert 1 < worse["low"] <= worse["ratio"] == pytest.approx(1.5)  # paired: no noise between


@pytest.mark.parametrize("name", TASKS)
def test_a_task_trains_and_judges_all_nets_alike(name):
    task = TASKS[name]()
    x, target = next(iter(task.pieces(np.random.default_rng(0), 2)))
    assert len(list(task.pieces(np.random.default_rng(0), 3))) == 3
    answers = np.random.default_rng(1).standard_normal((2, *x.shape[:2], task.outputs))
    answers = answers.astype(np.float32)
    losses, danswers = task.loss(answers, target)
    moved = answers + 1e-3 * np.sign(danswers)
    assert (task.loss(moved, target)[0] > losses).all()
    assert danswers.dtype == np.float32
    first, second = task.held_out(0), task.held_out(1)
    assert first[0].shape == second[0].shape and (first[0] != second[0]).any()
    shown = np.zeros((2, *first[0].shape[:2], task.outputs), np.float32)
    if name == "adding":
        shown[0, -1] = first[1]
    elif name == "reber":
        shown[0] = np.eye(7)[first[1]]  # right where only one symbol may come
    else:
        shown[0] = np.eye(task.outputs)[first[1]]
    wrong = task.wrong(shown, first[1])
    assert wrong[0] == 0 < wrong[1]


def test_arrays_joined_come_apart_again_in_the_order_of_the_nets():
    rng = np.random.default_rng(0)
    nets = {"a": rng.standard_normal((3, 2, 4)), "b": rng.standard_normal((3, 5))}
    flat, apart = searching.joined(nets)
    assert flat.shape == (3, 13)
    for name, values in apart(flat).items():
        np.testing.assert_array_equal(values, nets[name])
    turned = {"b": nets["b"], "a": nets["a"]}  # gradients come in an order of their own
    np.testing.assert_array_equal(searching.joined(turned, nets)[0], flat)


@pytest.mark.parametrize("block", [0, 1])
def test_every_part_of_either_range_holds_one_draw_and_sizes_take_turns(block):
    config = SimpleNamespace(draws=10, rates=(1e-3, 1e-1), biases=(0.0, 5.0), sizes=(4, 12))
    drawn = searching.draw(config, block)
    assert (drawn["size"] == (4, 12)[block]).all()
    rates = comparing.position(np.log(drawn["rate"]), np.log(config.rates), 10)
    biases = comparing.position(drawn["bias"], config.biases, 10)
    assert sorted(rates) == sorted(biases) == list(range(10))
    assert list(rates) != list(biases)
