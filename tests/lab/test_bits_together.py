"""Machines side by side are what each of them is alone: outputs, updates, and one that diverges."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.lab import bit_machines as bits
from course_utils.lab import bits_together as together
from course_utils.tasks import CopyBits

TASK, SEEDS = CopyBits(2, 1, 3), (4, 5, 6)
SIZES = {"hidden_size": 6, "slots": 5, "width": 3}


def side_by_side(**options):
    return together.Together(TASK, SEEDS, **SIZES, **options)


def alone(seed, **options):
    torch.manual_seed(seed)
    return bits.Machine(TASK, **SIZES, **options)


@pytest.mark.parametrize("options", [{"controller": "feedforward"}, {"memory": "learned"}])
def test_each_answers_as_it_does_alone(options):
    nets, x = side_by_side(**options), torch.rand(7, 3, 2, 3)
    y = nets(x, 8)
    for k, seed in enumerate(SEEDS):
        expected = alone(seed, **options)(x[:, k], 8)
        torch.testing.assert_close(y[:, k], expected)
        torch.testing.assert_close(nets.one(k)(x[:, k], 8), expected)


@pytest.mark.parametrize("clip", [None, 0.01])
def test_each_is_trained_as_it_is_alone(clip):
    nets = side_by_side(controller="feedforward")
    together.train(nets, 1, updates=4, batch=2, lr=1e-2, clip=clip, every=2)
    for k, seed in enumerate(SEEDS):
        net, rng = alone(seed, controller="feedforward"), np.random.default_rng(1)
        optimiser = torch.optim.RMSprop(net.parameters(), 1e-2, alpha=0.95, momentum=0.9)
        for _ in range(4):
            x, target, keep = together.batches(TASK, rng, len(SEEDS), 2)
            loss = F.binary_cross_entropy_with_logits(net(x[:, k])[keep], target[keep, k])
            optimiser.zero_grad()
            loss.backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimiser.step()
        for name, p in net.named_parameters():
            torch.testing.assert_close(nets.params[name][k], p, rtol=1e-3, atol=1e-5)


def test_one_that_diverges_leaves_the_others_alone():
    curves = []
    for broken in (False, True):
        nets = side_by_side(controller="feedforward")
        if broken:
            with torch.no_grad():
                next(iter(nets.params.values()))[1] = torch.nan
        curves.append(together.train(nets, 1, updates=2, batch=2, lr=1e-2, every=1))
    np.testing.assert_array_equal(curves[1][[0, 2]], curves[0][[0, 2]])
    assert np.isnan(curves[1][1]).all()
    wrong = together.wrong_bits(nets, TASK, 0)
    assert wrong[1] == 0.5 and (wrong[[0, 2]] > 0).all()


def test_wrong_bits_are_those_of_each_alone():
    nets = side_by_side(controller="feedforward")
    expected = [bits.wrong_bits(alone(s, controller="feedforward"), TASK, 3, 9) for s in SEEDS]
    np.testing.assert_allclose(together.wrong_bits(nets, TASK, 3, 9), expected, atol=1e-6)


def test_groups_keep_the_order_of_the_seeds():
    rows = together.in_groups(lambda seeds: [(len(seeds), s) for s in seeds], (3, 1, 2), 2)
    assert rows == [(2, 3), (2, 1), (1, 2)]
