"""What the chapter on structure stands on: clocks, deep stacks, nets together, an exact filter."""

import itertools

import numpy as np
import pytest
import torch

from course_utils import numpy_nn
from course_utils.counting import counted
from course_utils.lab import clocks
from course_utils.lab.deep_stacks import KINDS, DeepStack, layer_of
from course_utils.lab.hidden_switch import HiddenSwitch
from course_utils.lab.modules_together import Together

PERIODS = [(1, 2, 4, 8), (1, 1, 3), (2, 3, 7), (5,)]
periods_of = pytest.mark.parametrize("periods", PERIODS, ids=str)


def clockwork(periods, size=2, D=3, T=20, B=4):
    rng = np.random.default_rng(len(periods))
    config = {"periods": periods}
    params = numpy_nn.init_params("clockwork", D, size * len(periods), rng, config=config)
    return params, rng.standard_normal((T, B, D)), config


@periods_of
def test_leaving_out_what_rests_changes_nothing_but_the_work(periods):
    params, x, config = clockwork(periods)
    y, log = counted(clocks.unroll, params, x, periods)
    whole, *_ = numpy_nn.unroll("clockwork", params, x, config=config)
    np.testing.assert_allclose(y, whole, rtol=0, atol=1e-14)
    expected = [clocks.multiplications(periods, 2, 3, t) for t in range(len(x))]
    assert log.flops == 2 * x.shape[1] * sum(expected)


@periods_of
def test_the_mean_cost_is_that_of_a_whole_turn_and_weights_are_those_that_are_left(periods):
    turn = int(np.lcm.reduce(periods))
    every = [clocks.multiplications(periods, 2, 3, t) for t in range(turn)]
    assert clocks.mean_multiplications(periods, 2, 3) == pytest.approx(np.mean(every), rel=1e-12)
    params, *_ = clockwork(periods)
    left = sum(np.count_nonzero(params[name]) for name in ("weight_ih", "weight_hh", "bias_ih"))
    assert clocks.weights(periods, 2, 3) == left


@periods_of
def test_the_schedule_says_which_states_may_change(periods):
    params, x, config = clockwork(periods)
    y, *_ = numpy_nn.unroll("clockwork", params, x, config=config)
    before = np.concatenate([np.zeros_like(y[:1]), y[:-1]])
    moved = (y != before).any(axis=1).reshape(len(x), len(periods), 2).all(axis=2)
    assert (moved.T == clocks.schedule(periods, len(x))).all()


def test_periods_that_fall_are_refused():
    with pytest.raises(ValueError, match="periods: expected them to rise"):
        clocks.unroll(*clockwork((1, 2))[:2], (2, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_nets_together_are_the_nets_alone_and_so_are_updates(kind):
    nets, lrs = [DeepStack(kind, 3, 4, 5, 3, seed) for seed in range(3)], [0.1, 0.01, 0.001]
    rng = np.random.default_rng(0)
    together = Together(nets, lr=lrs, clip=0.05)
    alone = [torch.optim.Adam(net.parameters(), lr) for net, lr in zip(nets, lrs, strict=True)]
    for scale in (1, 3, 0.1):  # Adam does not see one scale, but the changes of scale
        x = scale * rng.standard_normal((3, 2, 6, 3)).astype(np.float32)
        target = rng.integers(5, size=(3, 6))
        losses = together.update(x, target)
        for k, (net, optimiser) in enumerate(zip(nets, alone, strict=True)):
            answers = net(torch.from_numpy(x[k]))
            loss = torch.nn.functional.cross_entropy(answers, torch.from_numpy(target[k]))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 0.05)
            optimiser.step()
            assert losses[k] == pytest.approx(loss.item(), rel=1e-4)
    for k, net in enumerate(nets):
        expected = net(torch.from_numpy(x[k])).detach().numpy()
        np.testing.assert_allclose(together(x)[k], expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_has_parameters_and_what_is_no_layers_says_so(kind):
    names = [name for name, _ in DeepStack(kind, 3, 4, 5, 3, 0).named_parameters()]
    assert {layer_of(name, kind) for name in names} - {None} == {0, 1, 2}
    assert layer_of("readout.weight", kind) is None


def test_layers_connected_in_another_way_are_refused():
    with pytest.raises(ValueError, match="kind: expected one of plain"):
        DeepStack("dense", 3, 4, 5, 3, 0)


def test_filter_and_smoother_are_the_sums_over_all_ways():
    task = HiddenSwitch(5, turn=0.2, noise=0.8)
    x, target, _ = task.sample(np.random.default_rng(1), 3)
    assert x.shape == (5, 3, 1) and set(np.unique(target)) <= {0, 1}
    for b in range(3):
        for name, known in (("filtered", lambda t: t + 1), ("smoothed", lambda t: 5)):
            for t in range(5):
                share, total = 0.0, 0.0
                for way in itertools.product((0, 1), repeat=known(t)):
                    turns = sum(a != b for a, b in itertools.pairwise(way))
                    p = 0.2**turns * 0.8 ** (len(way) - 1 - turns)
                    p *= np.exp(-sum(
                        (x[s, b, 0] - (2 * at - 1)) ** 2 for s, at in enumerate(way)
                    ) / (2 * 0.8**2))  # fmt: skip
                    total += p
                    share += p * way[t]
                found = getattr(task, name)(x)[t, b]
                assert found == pytest.approx(share / total, rel=1e-9)
