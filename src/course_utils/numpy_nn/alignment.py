"""Alignment without attention: connectionist temporal classification (Graves et al. 2006).

A network says one symbol or "blank" a step; a path says a labelling if what is left after merging
repeats and dropping blanks is that labelling.  Its probability sums over all paths, by one pass
from the left and one from the right over l' = blank, l_1, blank, l_2, …, blank, in logarithms.
"""

from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn.ops import log_softmax
from course_utils.numpy_nn.validation import floating, running
from course_utils.shapes import ShapeError, expect, expect_ids, positive_integer


class Lattice(NamedTuple):
    """Sums over the ways through l', in logarithms, and the probability of the labelling.

    alpha[t, b, s]: of all beginnings that stand at l'_s after step t, that step included; beta: of
    all endings that go on from there, that step not included.  So alpha + beta sums over the paths
    through s at t.  Both (T, B, 2L + 1); log_p (B,).
    """

    alpha: np.ndarray
    beta: np.ndarray
    log_p: np.ndarray
    extended: np.ndarray  # l' (B, 2L + 1)


def ctc(logits, targets, lengths=None, target_lengths=None, *, blank=0, zero_infinity=False):
    """Negative log-likelihood of the targets, summed over all alignments, and its gradient.

    logits (T, B, V); targets (B, L), integers other than blank; lengths (B,) of the logits, T if
    None; target_lengths (B,), L if None: what stands after may be anything.  Returns loss (B,) and
    dlogits, the gradient of the losses' sum: softmax minus the probability, given the targets, that
    the path says each symbol at each step (Graves et al. 2006, eq. 16).

    A target that no path can say (it needs a step for each label, and one for a blank between two
    equal ones) has loss inf and a gradient of NaN; with zero_infinity both are 0.  All as
    nn.CTCLoss.
    """
    T, B, V = _sizes(logits, blank)
    targets, target_lengths = _checked(targets, target_lengths, B, V, blank)
    there = np.ones((T, B), bool) if lengths is None else running(lengths, T, B)
    lengths = there.sum(axis=0)
    logits = np.where(there[..., None], logits, 0).astype(logits.dtype)  # padding may be NaN
    log_p = log_softmax(logits)
    lattice = forward_backward(log_p, targets, lengths, target_lengths, blank=blank)
    loss = -lattice.log_p
    impossible = np.isneginf(lattice.log_p)
    through = lattice.alpha + lattice.beta - np.where(impossible, 0, lattice.log_p)[:, None]
    said = np.zeros_like(log_p)
    for s, symbols in enumerate(lattice.extended.T):  # l' repeats symbols, so they are added
        said[:, np.arange(B), symbols] += np.exp(through[..., s])
    dlogits = np.where(there[..., None], np.exp(log_p) - said, 0)
    dlogits[:, impossible] = np.where(there[:, impossible, None], 0 if zero_infinity else np.nan, 0)
    if zero_infinity:
        loss = np.where(impossible, 0, loss)
    return loss, dlogits


def forward_backward(log_p, targets, lengths, target_lengths, *, blank=0):
    """The two passes: log_p (T, B, V), targets (B, L) without rubbish, lengths (B,) -> Lattice.

    Graves et al. 2006, eqs 5 to 8 from the left.  From the right as eqs 9 to 11, but without the
    factor of the step itself, so that nothing has to be divided out.
    """
    (T, B, _), S = log_p.shape, 2 * targets.shape[1] + 1
    extended = np.full((B, S), blank)
    extended[:, 1::2] = targets
    # from s − 2 to s only over a blank between two labels that differ
    jump = np.zeros((B, S), bool)
    jump[:, 2:] = (extended[:, 2:] != blank) & (extended[:, 2:] != extended[:, :-2])
    say = np.take_along_axis(log_p, extended[None], axis=-1)  # (T, B, S)
    places, ends = np.arange(S), 2 * target_lengths[:, None]  # the last blank of each row
    first = np.where(places < 2, 0, -np.inf).astype(log_p.dtype)
    final = np.where((places == ends) | (places == ends - 1), 0, -np.inf).astype(log_p.dtype)

    alpha, beta = np.full((2, T, B, S), -np.inf, log_p.dtype)
    before = np.broadcast_to(first, (B, S))  # as if step −1 had allowed both beginnings
    for t in range(T):
        reach = before
        if t:
            reach = np.logaddexp(before, _moved(before, 1))
            reach = np.logaddexp(reach, np.where(jump, _moved(before, 2), -np.inf))
        before = alpha[t] = reach + say[t]
    last = lengths - 1
    for t in reversed(range(T)):
        if t + 1 < T:
            ahead = beta[t + 1] + say[t + 1]
            reach = np.logaddexp(ahead, _moved(ahead, -1))
            over = _moved(np.where(jump, ahead, -np.inf), -2)
            beta[t] = np.logaddexp(reach, over)
        beta[t] = np.where((t == last)[:, None], final, beta[t])

    start = np.where(target_lengths == 0, 0, -np.inf).astype(log_p.dtype)
    total = start  # where there is no step at all, only the empty labelling is possible
    if T:
        at_last = alpha[np.maximum(last, 0), np.arange(B)] + final
        total = np.where(last < 0, start, np.logaddexp.reduce(at_last, axis=-1))
    return Lattice(alpha, beta, total.astype(log_p.dtype), extended)


def collapse(path, blank=0):
    """A path's labelling: merge repeats, then drop blanks, (0, 1, 1, 0, 1) -> (1, 1).

    B of Graves et al. 2006, section 3.1.
    """
    path = [int(k) for k in path]
    merged = [k for n, k in enumerate(path) if n == 0 or k != path[n - 1]]
    return tuple(k for k in merged if k != blank)


def best_path(logits, lengths=None, *, blank=0):
    """The labelling of the likeliest path, for each row: a list of tuples.

    logits (T, B, V), lengths (B,), T if None.  Not always the likeliest labelling: several paths
    may say another one.
    """
    T, B, _ = _sizes(logits, blank)
    lengths = np.full(B, T) if lengths is None else running(lengths, T, B).sum(axis=0)
    paths = logits.argmax(axis=-1)
    return [collapse(paths[:n, b], blank) for b, n in enumerate(lengths)]


def prefix_beam_search(logits, width, *, blank=0):
    """The likeliest labellings of one sequence: logits (T, V) -> [(labels, log-probability), …].

    At every step the ``width`` likeliest beginnings survive, each with all its paths, those that
    end in blank and those that end in its last label apart: only after a blank may that label come
    again.  Exact as soon as nothing is dropped.  Graves 2012, section 7.5; Hannun et al. 2014.
    """
    width = positive_integer(width=width)
    _sizes(logits, blank, "T V")
    if np.isnan(logits).any():
        raise ValueError("logits: NaN is never likely; look for it in the model")
    beam = {(): (0.0, -np.inf)}  # labels: log-probability of ending in blank, and in the last label
    for row in log_softmax(logits).tolist():
        following = {}
        for labels, (in_blank, in_label) in beam.items():
            both = np.logaddexp(in_blank, in_label)
            _add(following, labels, 0, both + row[blank])
            for k, log_k in enumerate(row):
                if k == blank:
                    continue
                repeats = bool(labels) and labels[-1] == k
                if repeats:
                    _add(following, labels, 1, in_label + log_k)
                _add(following, (*labels, k), 1, (in_blank if repeats else both) + log_k)
        kept = sorted(following.items(), key=lambda item: -np.logaddexp(*item[1]))[:width]
        beam = dict(kept)
    labellings = [(labels, float(np.logaddexp(*parts))) for labels, parts in beam.items()]
    return [entry for entry in labellings if entry[1] > -np.inf]


def _add(beam, labels, which, log_p):
    parts = list(beam.get(labels, (-np.inf, -np.inf)))
    parts[which] = np.logaddexp(parts[which], log_p)
    beam[labels] = tuple(parts)


def _moved(rows, places):
    """rows (B, S) shifted along S, −inf where nothing comes from."""
    out = np.full_like(rows, -np.inf)
    if places > 0:
        out[:, places:] = rows[:, :-places]
    else:
        out[:, :places] = rows[:, -places:]
    return out


def _sizes(logits, blank, axes="T B V"):
    """The sizes of checked logits, of whose symbols the blank is one."""
    sizes = expect(logits=(logits, axes))
    floating("f", logits=logits)
    expect_ids("blank", blank, sizes["V"])
    return tuple(sizes[axis] for axis in axes.split())


def _checked(targets, target_lengths, B, V, blank):
    """Integers (B, L) with blank wherever no label stands, and how many labels each row has."""
    targets = np.asarray(targets)
    if targets.ndim != 2 or len(targets) != B or targets.dtype.kind not in "iu":
        raise ShapeError(
            f"targets: expected integers, shape ({B}, L) (B, L), "
            f"got {targets.dtype} {targets.shape}"
        )
    L = targets.shape[1]
    if target_lengths is None:
        there = np.ones((B, L), bool)
    else:
        there = running(target_lengths, L, B, "target_lengths", "L").T
    labels = targets[there]
    if labels.size and (labels.min() < 0 or labels.max() >= V):
        bad = int(labels.min() if labels.min() < 0 else labels.max())
        raise IndexError(f"targets: {bad} is outside the {V} symbols of the logits")
    if (labels == blank).any():
        raise ValueError(f"targets: {blank} is the blank, which is no label; choose another blank")
    return np.where(there, targets, blank), there.sum(axis=1)
