"""What experiments on attention share: what is right, what is shown, what is estimated."""

import numpy as np
import pytest
import torch

from course_utils.experiments.attention.alignment import hard_soft, unshifted, writing
from course_utils.lab.lookup_nets import LookupNets, charged, questions
from course_utils.lab.translators import exact, trained, written
from course_utils.numpy_nn.seq2seq import Seq2Seq
from course_utils.tasks import DigitStrings, Pen
from course_utils.tasks.symbols import END, PAD

SIZES = {"positions": 4, "symbols": 6, "classes": 3}


def test_a_sequence_counts_only_with_its_end_and_nothing_is_asked_behind_it():
    target = np.array([[5, 5, 5], [6, END, 6], [END, PAD, END]])
    ids = np.array([[5, 5, 5], [6, END, 6], [END, END, 7], [END, END, END]])
    np.testing.assert_array_equal(exact(ids, target), [True, True, False])
    np.testing.assert_array_equal(exact(ids[:2], target), [True, True, True])


def test_training_is_drawn_from_the_seed_alone_and_changes_what_is_written():
    task, model = DigitStrings(1, 2), Seq2Seq(13, 13, embedding=4, hidden=5)
    first, again = (trained(model, task, 3, updates=2) for _ in range(2))
    assert first[1] == again[1] and len(first[1]) == 2
    x, *_ = task.sample(np.random.default_rng(0), 6)
    assert written(model, first[0], x, 4).shape[1] == 6
    for name, p in first[0].items():
        np.testing.assert_array_equal(p, again[0][name])


def test_unshifted_row_t_plus_1_has_read_what_it_is_asked():
    target = np.array([[4, 5], [6, END], [END, PAD]])
    shown, asked = unshifted.unshifted(target)
    read = np.concatenate([np.full((1, 2), 1), shown[:-1]])  # one step late, as seq2seq shows it
    np.testing.assert_array_equal(read[1:], asked[1:])
    assert (asked[0] == PAD).all(), "the first row, which has read START, is not charged"


def test_keys_are_all_different_and_the_answer_stands_at_the_query():
    asked = questions([np.random.default_rng(k) for k in (0, 1)], 50, **SIZES)
    assert all(len(set(row)) == 4 for row in asked.keys.flatten(0, 1).tolist())
    place = (asked.keys == asked.query[..., None]).int().argmax(-1, keepdim=True)
    assert torch.equal(asked.values.gather(-1, place)[..., 0], asked.answer)


@pytest.mark.parametrize("baseline", [0.0, 1.7])
def test_the_mean_of_all_draws_is_the_exact_gradient_whatever_the_baseline(baseline):
    net = LookupNets([0], symbols=6, classes=3, size=5)
    asked = questions([np.random.default_rng(0)], 1, **SIZES)
    config = hard_soft.Config(**SIZES, seeds=(0,))
    exact_loss, _ = hard_soft.lost(net, asked, "expected", None, None)
    (wanted,) = torch.autograd.grad(exact_loss.sum(), [net.weights["query"]])
    total = torch.zeros_like(wanted)
    weights = net.attend(asked)[0].softmax(-1)[0, 0].detach()
    for place, weight in enumerate(weights):
        one_hot = torch.eye(len(weights))[place][None, None]
        cost = charged(net.read(one_hot, asked), asked.answer)
        log_w = net.attend(asked)[0].log_softmax(-1)[..., place]
        estimate = cost + (cost.detach() - baseline) * log_w
        (grad,) = torch.autograd.grad(estimate.sum(), [net.weights["query"]])
        total += weight * grad
    torch.testing.assert_close(total, wanted, rtol=1e-4, atol=1e-6)
    assert config.positions == 4


def test_every_step_of_a_pen_belongs_to_a_letter_in_order():
    steps = Pen(letters="ace", jitter=0.05).write("ace", np.random.default_rng(0))
    owner = writing.owners("ace", steps[:, 2])
    assert len(owner) == len(steps) and (np.diff(owner) >= 0).all()
    np.testing.assert_array_equal(np.unique(owner), [0, 1, 2])
    ends = np.flatnonzero(steps[:, 2])
    assert owner[ends[-1]] == 2 and owner[0] == 0 and len(ends) == 4  # an a has two strokes
