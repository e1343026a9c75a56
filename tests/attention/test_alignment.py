"""CTC: against all paths written out, against nn.CTCLoss, and a search that finds the best."""

import itertools
import math

import numpy as np
import pytest
import torch
from problems import close

from course_utils.numpy_nn.alignment import (
    best_path,
    collapse,
    ctc,
    forward_backward,
    prefix_beam_search,
)
from course_utils.numpy_nn.gradcheck import directional
from course_utils.numpy_nn.ops import log_softmax
from course_utils.torch_nn import alignment as by_torch

RNG = np.random.default_rng(0)
V = 3
# (steps, labels): repeats, empty, as long as the steps allow, impossible
CASES = [
    (4, (1, 2)),
    (4, (1, 1)),
    (3, ()),
    (3, (1, 1)),
    (2, (1, 1)),
    (2, (1, 2, 1)),
    (0, ()),
    (0, (1,)),
]


def labellings(logits):
    """{labelling: log-probability}, from every path there is."""
    log_p = log_softmax(logits)
    total = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        weight = sum(log_p[t, k] for t, k in enumerate(path))
        labels = collapse(path)
        total[labels] = np.logaddexp(total.get(labels, -np.inf), weight)
    return total


def ragged():
    """All cases as one batch: rubbish after the labels and after the steps."""
    T, L, B = 5, 4, len(CASES)
    logits = RNG.standard_normal((T, B, V))
    targets = np.full((B, L), -7)
    for b, (_, labels) in enumerate(CASES):
        targets[b, : len(labels)] = labels
    lengths = np.array([n for n, _ in CASES])
    return logits, targets, lengths, np.array([len(labels) for _, labels in CASES])


def test_one_label_in_two_steps_by_hand():
    """P(1) = y_1 y_1 + y_1 y_blank + y_blank y_1 = 0.36 + 0.24 + 0.24: three paths."""
    logits = np.log(np.array([0.4, 0.6]))[None, None].repeat(2, axis=0)
    loss, dlogits = ctc(logits, np.array([[1]]))
    assert loss[0] == pytest.approx(-math.log(0.84))
    # given the label, the first step says 1 in 0.36 + 0.24 of 0.84
    np.testing.assert_allclose(dlogits[0, 0, 1], 0.6 - 0.60 / 0.84)


def test_the_two_passes_by_hand():
    """The same lattice: after step 1 at blank 0.4 or at the label 0.6; Σ αβ = 0.84 at each."""
    log_p = np.log(np.array([0.4, 0.6]))[None, None].repeat(2, axis=0)
    lattice = forward_backward(log_p, np.array([[1]]), np.array([2]), np.array([1]))
    np.testing.assert_allclose(np.exp(lattice.alpha[0, 0]), [0.4, 0.6, 0], atol=1e-15)
    np.testing.assert_allclose(np.exp(lattice.alpha[1, 0]), [0.16, 0.6, 0.24], atol=1e-15)
    np.testing.assert_allclose(np.exp(lattice.beta[0, 0]), [0.6, 1, 0.4], atol=1e-15)
    np.testing.assert_allclose(np.exp(lattice.alpha + lattice.beta).sum(-1), 0.84)


def test_losses_are_sums_over_all_paths():
    logits, targets, lengths, target_lengths = ragged()
    loss, _ = ctc(logits, targets, lengths, target_lengths)
    for b, (steps, labels) in enumerate(CASES):
        expected = -labellings(logits[:steps, b]).get(labels, -np.inf)
        assert loss[b] == pytest.approx(expected, abs=1e-13), CASES[b]
    assert np.isinf(loss).sum() == 3


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("blank", [0, 2])
def test_values_and_gradients_are_those_of_ctc_loss(blank, zero_infinity):
    logits, targets, lengths, target_lengths = ragged()
    swap = np.array([2, 1, 0]) if blank else np.arange(V)
    targets = np.where(targets >= 0, swap[np.maximum(targets, 0)], targets)
    how = {"blank": blank, "zero_infinity": zero_infinity}
    loss, dlogits = ctc(logits, targets, lengths, target_lengths, **how)
    z = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.CTCLoss(reduction="none", **how)(
        z.log_softmax(-1),
        torch.tensor(np.where(targets < 0, 1, targets)),
        torch.tensor(lengths),
        torch.tensor(target_lengths),
    )
    (grad,) = torch.autograd.grad(expected.sum(), z)
    np.testing.assert_allclose(loss, expected.detach().numpy(), atol=1e-13)
    np.testing.assert_allclose(dlogits, grad.numpy(), atol=1e-13)
    ours = by_torch.ctc(z, *map(torch.tensor, (targets, lengths, target_lengths)), **how)
    (grad,) = torch.autograd.grad(ours.sum(), z)
    np.testing.assert_allclose(loss, ours.detach().numpy(), atol=1e-13)
    np.testing.assert_allclose(dlogits, grad.numpy(), atol=1e-13)


def test_the_gradient_is_the_slope():
    logits = RNG.standard_normal((6, 2, 4))
    targets = np.array([[1, 1, 3], [2, 3, 2]])
    _, dlogits = ctc(logits, targets)
    found = directional(lambda z: ctc(z, targets)[0].sum(), logits, dlogits, RNG)
    assert found.error < 1e-8


def test_every_step_of_the_lattice_sums_to_the_probability():
    logits = RNG.standard_normal((6, 2, 4))
    log_p = log_softmax(logits)
    lattice = forward_backward(
        log_p, np.array([[1, 1, 3], [2, 3, 2]]), np.full(2, 6), np.full(2, 3)
    )
    through = np.logaddexp.reduce(lattice.alpha + lattice.beta, axis=-1)
    close(through, np.broadcast_to(lattice.log_p, through.shape), 1e-13)


def test_padding_counts_for_nothing_whatever_stands_there():
    logits, targets, lengths, target_lengths = ragged()
    loss, dlogits = ctc(logits, targets, lengths, target_lengths, zero_infinity=True)
    past = np.arange(len(logits))[:, None] >= lengths
    dirty = np.where(past[..., None], np.nan, logits)
    again, d = ctc(dirty, targets, lengths, target_lengths, zero_infinity=True)
    np.testing.assert_array_equal(again, loss)
    np.testing.assert_array_equal(d, dlogits)
    assert (d[past] == 0).all()
    z = torch.tensor(dirty, requires_grad=True)
    rest = map(torch.tensor, (targets, lengths, target_lengths))
    by_kernel = by_torch.ctc(z, *rest, zero_infinity=True)
    (grad,) = torch.autograd.grad(by_kernel.sum(), z)
    close(by_kernel.detach().numpy(), loss, 1e-13)
    close(grad.numpy(), dlogits, 1e-13)
    for b in (0, 1, 2):
        n, m = lengths[b], target_lengths[b]
        alone, d = ctc(logits[:n, b : b + 1], targets[b : b + 1, :m])
        close(alone, loss[b : b + 1], 1e-14)
        close(d, dlogits[:n, b : b + 1], 1e-14)


def test_float32_stays_float32_and_long_sequences_stay_finite():
    logits = (30 * RNG.standard_normal((400, 2, 5))).astype(np.float32)
    targets = RNG.integers(1, 5, (2, 60))
    loss, dlogits = ctc(logits, targets)
    assert loss.dtype == dlogits.dtype == np.float32
    exact, _ = ctc(logits.astype(float), targets)
    np.testing.assert_allclose(loss, exact, rtol=1e-5)
    assert np.isfinite(dlogits).all()


# -- decoding --------------------------------------------------------------------------------------


def test_merge_first_then_drop():
    """Graves 2006, section 3.1: B(a−ab−) = B(−aa−−abb) = aab."""
    assert collapse((1, 0, 1, 2, 0)) == collapse((0, 1, 1, 0, 0, 1, 2, 2)) == (1, 1, 2)


def test_best_path_follows_the_largest():
    logits = RNG.standard_normal((7, 4, V))
    lengths = np.array([7, 3, 0, 5])
    found = best_path(logits, lengths)
    assert found == by_torch.best_path(torch.tensor(logits), torch.tensor(lengths))
    for b, n in enumerate(lengths):
        assert found[b] == collapse(logits[:n, b].argmax(-1))
    assert len(best_path(logits)) == 4


@pytest.mark.parametrize("seed", range(3))
def test_a_wide_prefix_beam_finds_every_labelling(seed):
    logits = np.random.default_rng(seed).normal(0, 2, (5, V))
    expected = sorted(labellings(logits).items(), key=lambda entry: -entry[1])
    found = prefix_beam_search(logits, width=10_000)
    assert [labels for labels, _ in found] == [labels for labels, _ in expected]
    np.testing.assert_allclose([p for _, p in found], [p for _, p in expected], atol=1e-12)
    best, log_p = prefix_beam_search(logits, width=8)[0]
    assert best == expected[0][0] and log_p <= expected[0][1] + 1e-12


def test_the_likeliest_path_may_say_an_unlikely_labelling():
    """Blank 0.6 twice says "" with 0.36; three other paths say "1" with 0.64."""
    logits = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert best_path(logits[:, None]) == [()]
    (best, log_p), *_ = prefix_beam_search(logits, width=4)
    assert best == (1,) and log_p == pytest.approx(math.log(0.64))


@pytest.mark.parametrize(
    "changed, error, message",
    [
        ({"targets": np.array([[0, 1]])}, ValueError, "targets: 0 is the blank"),
        ({"targets": np.array([[1, 3]])}, IndexError, "targets: 3 is outside the 3 symbols"),
        ({"targets": np.array([[1, -1]])}, IndexError, "targets: -1 is outside"),
        ({"targets": np.array([[1, 2]] * 2)}, ValueError, "targets"),
        ({"lengths": np.array([5])}, ValueError, "lengths: expected 0 to T=4"),
        ({"target_lengths": np.array([3])}, ValueError, "target_lengths: expected 0 to L=2"),
        ({"targets": np.array([[1.0, 2.0]])}, (TypeError, ValueError), "targets: expected integ"),
        ({"targets": np.array([[True, True]])}, (TypeError, ValueError), "targets: expected integ"),
        ({"logits": np.zeros((4, 1, V), int)}, TypeError, "logits: expected .*floating"),
        ({"logits": np.zeros((4, V))}, ValueError, "logits: expected 3 axes"),
        ({"blank": 3}, IndexError, "blank: 3 is outside"),
        ({"blank": -1}, IndexError, "blank: -1 is outside"),
        ({"blank": 0.5}, TypeError, "blank: expected integers"),
        ({"blank": True}, TypeError, "blank: expected integers"),
    ],
)
def test_what_is_refused(changed, error, message):
    given = {"logits": np.zeros((4, 1, V)), "targets": np.array([[1, 2]])} | changed
    with pytest.raises(error, match=message):
        ctc(**given)
    with pytest.raises(error, match=message):
        by_torch.ctc(
            **{n: torch.tensor(v) if isinstance(v, np.ndarray) else v for n, v in given.items()}
        )
    if "logits" in changed or "blank" in changed:
        given = {name: given[name] for name in ("logits", "blank") if name in given}
        with pytest.raises(error, match=message):
            best_path(**given)
        with pytest.raises(error, match=message):
            by_torch.best_path(torch.tensor(given.pop("logits")), **given)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("T, B", [(0, 2), (4, 0), (0, 0), (4, 2)])
def test_both_keep_the_dtype_and_take_no_steps_and_no_rows(T, B, dtype):
    logits, targets = RNG.standard_normal((T, B, V)).astype(dtype), np.full((B, 1), 2)
    loss, dlogits = ctc(logits, targets)
    leaf = torch.tensor(logits, requires_grad=True)
    by = by_torch.ctc(leaf, torch.tensor(targets))
    by.sum().backward()
    assert loss.dtype == dlogits.dtype == by.detach().numpy().dtype == np.dtype(dtype)
    np.testing.assert_allclose(by.detach().numpy(), loss, rtol=3e-3)
    assert leaf.grad.shape == dlogits.shape


@pytest.mark.parametrize("width", [0, -1, 2.5, True, None])
def test_a_prefix_beam_has_a_width(width):
    with pytest.raises(ValueError, match="width: expected a positive integer"):
        prefix_beam_search(np.zeros((2, V)), width)


def test_a_prefix_beam_says_that_nan_is_no_probability():
    with pytest.raises(ValueError, match="logits: NaN"):
        prefix_beam_search(np.full((2, V), np.nan), 2)
