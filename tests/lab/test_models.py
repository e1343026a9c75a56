"""What the experiments' small networks and their loop promise."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_utils.lab.numpy_models import Net, numpy_step
from course_utils.lab.solving import train_until_solved
from course_utils.numpy_nn import losses, optim
from course_utils.tasks import Batch

T, B, D, H, N = 6, 5, 3, 4, 2


def draw(rng):
    return Batch(rng.standard_normal((T, B, D)), rng.standard_normal((T, B, N)))


def everything(net):
    return {k: p.copy() for k, p in net.params.items()}


def test_what_is_frozen_stays_and_all_else_learns():
    rng = np.random.default_rng(0)
    net = Net("lstm", D, H, N, 1, lr=0.1, frozen=("W_xf", "out_bias"))
    before, rows = everything(net), slice(H, 2 * H)  # of f: the gates are stacked i, f, g, o
    numpy_step(net, lambda: draw(rng), losses.mse)()
    for name, now in everything(net).items():
        moved = now != before[name]
        stays = np.zeros_like(moved)
        if name == "weight_ih":
            stays[rows] = True
        if name == "out_bias":
            stays[...] = True
        np.testing.assert_array_equal(moved, ~stays, err_msg=name)


def test_plain_descent_goes_down_the_gradient_by_its_rate():
    net = Net("lstm_1997", D, H, N, 1, lr=0.25, clip=np.inf, optimiser=optim.SGD)
    batch, before = draw(np.random.default_rng(0)), everything(net)

    def loss(params):
        other = Net("lstm_1997", D, H, N, 1, lr=0)
        other.params = params
        return losses.mse(other(batch.x)[0], batch.target)[0]

    numpy_step(net, lambda: batch, losses.mse)()
    for name, now in everything(net).items():
        wide = {k: p.astype(float) for k, p in before.items()}
        place = tuple(n // 2 for n in now.shape)
        slopes = []
        for nudge in (1e-5, -1e-5):
            nudged = wide | {name: wide[name].copy()}
            nudged[name][place] += nudge
            slopes.append(loss(nudged))
        expected = before[name][place] - 0.25 * (slopes[0] - slopes[1]) / 2e-5
        assert now[place] == pytest.approx(expected, abs=1e-6), name  # the net is in float32


@pytest.mark.parametrize(("shares", "solved", "updates"), [((0.5, 0.1), True, 60),
                                                           ((0.5, 0.2), False, 75)])  # fmt: skip
def test_training_ends_at_the_first_check_that_is_right_enough(shares, solved, updates):
    config = SimpleNamespace(updates=75, every=30, batch=4, wrong=0.1)
    checks = iter(shares)
    found = train_until_solved(config, lambda: 1.0, lambda: next(checks))
    assert (found["solved"], found["sequences"]) == (solved, updates * 4)
    assert found["wrong"] == shares[-1]
    assert len(found["loss"]) > 1 and set(found["loss"]) == {1.0}
