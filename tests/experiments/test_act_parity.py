"""Nets side by side are the layer of the package; chances are chances; nothing is shared."""

from functools import partial

import numpy as np
import torch

from course_utils.experiments.attention.pondering import act_parity
from course_utils.lab.pondering_nets import SideBySide, sample
from course_utils.tasks import Parity
from course_utils.torch_nn.ponder import Ponder, ponder_cost

SIZE, HIDDEN, STEPS = 4, 6, 5


def problem(bias=-1.0):
    nets = SideBySide(SIZE, HIDDEN, seeds=(3, 4), halting_bias=bias)
    x, target = sample(Parity(SIZE), [np.random.default_rng(k) for k in (0, 1)], 7)
    return nets, x, target


def layer_of(nets, k):
    """The package's layer, with the weights of net k."""
    layer = Ponder("rnn", SIZE, HIDDEN, max_steps=STEPS)
    weights = layer.cell.layer
    with torch.no_grad():
        weights.weight_ih_l0.copy_(torch.cat([nets.weight_x[k], nets.flag[k, None]]).T)
        weights.weight_hh_l0.copy_(nets.weight_s[k].T)
        weights.bias_ih_l0.copy_(nets.bias_s[k])
        weights.bias_hh_l0.zero_()
        layer.halt.weight.copy_(nets.weight[k, :, 1])
        layer.halt.bias.copy_(nets.bias[k, 1])
    return layer


def test_a_net_that_ponders_is_the_layer_with_its_loss_and_gradient():
    nets, x, target = problem()
    thinks = partial(act_parity.think, "act", STEPS)
    losses = act_parity.loss(thinks, "act", 0.1, act_parity.QUICK, nets, x, target)
    losses.sum().backward()
    wrong, steps = act_parity.answers(thinks, nets, x, target)
    for k in range(2):
        layer = layer_of(nets, k)
        y, _, told = layer(x[None, k])
        logits = y[0] @ nets.weight[k, :, 0].detach() + nets.bias[k, 0].detach()
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, target[k])
        loss = entropy + 0.1 * ponder_cost(told.N, told.R).mean()
        torch.testing.assert_close(losses[k], loss)
        loss.backward()
        torch.testing.assert_close(nets.weight_s.grad[k], layer.cell.layer.weight_hh_l0.grad.T)
        torch.testing.assert_close(nets.bias.grad[k, 1], layer.halt.bias.grad[0])
        np.testing.assert_array_equal(steps[k], told.N[0])
        np.testing.assert_array_equal(wrong[k], (logits > 0) != (target[k] > 0.5))
    assert len(np.unique(steps)) > 1


def test_always_two_takes_the_second_answer():
    nets, x, _ = problem()
    answer, p, cost = act_parity.think("always", 2, nets, x)
    assert len(answer) == 2 and (cost == 2).all()
    np.testing.assert_array_equal(p[:, 0, 0], [0, 1])


def test_chances_add_up_and_stop_where_they_must():
    halt = torch.rand(5, 3, generator=torch.Generator().manual_seed(0))
    p = act_parity.chances(halt)
    torch.testing.assert_close(p.sum(0), torch.ones(3))
    torch.testing.assert_close(p[1], halt[1] * (1 - halt[0]))
    assert act_parity.chances(torch.tensor([0.2, 1.0, 0.5])).tolist() == [
        np.float32(0.2), np.float32(0.8), 0
    ]  # fmt: skip


def test_a_net_is_what_it_would_be_alone():
    both, one = SideBySide(SIZE, HIDDEN, (3, 4)), SideBySide(SIZE, HIDDEN, (4,))
    torch.testing.assert_close(both.weight_s[1], one.weight_s[0])
    rngs = [np.random.default_rng(k) for k in (0, 1)]
    x, _ = sample(Parity(SIZE), rngs, 7)
    alone, _ = sample(Parity(SIZE), [np.random.default_rng(1)], 7)
    torch.testing.assert_close(x[1], alone[0])
