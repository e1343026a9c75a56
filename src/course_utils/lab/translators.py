"""Encoder–decoders that experiments train in NumPy, and what they write by themselves."""

import numpy as np

from course_utils.numpy_nn import losses, optim, search
from course_utils.numpy_nn.seq2seq import (
    encode,
    init_seq2seq,
    next_token,
    seq2seq,
    seq2seq_backward,
)
from course_utils.tasks.symbols import END, PAD, lengths
from course_utils.training import NumpyStep, fit


def trained(model, task, seed, *, updates, batch=32, lr=0.01, lesson=None):
    """A model after so many updates of Adam on new samples: its parameters and the losses.

    task.sample(rng, n) gives x (S, n) and target (T, n), ids filled up with PAD, which is not
    charged.  lesson(target) -> what is shown one step late, and what is asked; both are the target
    where it is None: teacher forcing.  float32.
    """
    rng = np.random.default_rng(seed)

    def loss_and_grads(params, both):
        x, target, *_ = both
        shown, asked = lesson(target) if lesson else (target, target)
        logits, _, tape = seq2seq(model, params, x, shown, lengths(x))
        loss, dlogits = losses.cross_entropy(logits, asked, asked != PAD)
        return loss, seq2seq_backward(tape, dlogits)

    start = init_seq2seq(model, rng, np.float32)
    step = NumpyStep(start, loss_and_grads, lambda: task.sample(rng, batch), optim.Adam(lr=lr))
    history = fit(step, updates, bar=False)
    return step.params, history.loss


def written(model, params, x, limit):
    """What the model writes for sources x (S, n), greedily: ids (T, n), T <= limit."""
    encoded, _ = encode(model, params, x, lengths(x))
    step = next_token(model, params, encoded)
    return search.greedy(step, encoded.state, start=model.start, end=model.end, limit=limit)


def exact(ids, target):
    """Which sequences (n,) are right from the first token to END; ids (T, n), target (T', n)."""
    steps = max(len(ids), len(target))
    padded = [
        np.concatenate([a, np.full((steps - len(a), a.shape[1]), END)]) for a in (ids, target)
    ]
    padded[1] = np.where(padded[1] == PAD, END, padded[1])
    return (padded[0] == padded[1]).all(axis=0)


def weights(params):
    """How many numbers a dict of arrays holds."""
    return sum(p.size for p in params.values())
