"""Writing a sequence token by token: the likeliest next, or the best of several beginnings.

Both ask a function ``step(tokens (N,), state) -> log-probabilities (N, V), state`` what may come
next; state is a tuple of arrays whose first axis is N.
"""

from typing import NamedTuple

import numpy as np

from course_utils.shapes import ShapeError, positive_integer, whole


class Hypothesis(NamedTuple):
    """One sequence written so far: tokens, without start and with the end token if it has one."""

    tokens: tuple
    log_p: float
    score: float  # log_p over the length penalty
    finished: bool


def wu_penalty(alpha=0.6):
    """length -> ((5 + length) / 6)^alpha.  Wu et al. 2016, section 7; alpha 0 is no penalty."""
    return lambda length: ((5 + length) / 6) ** alpha


def mean_penalty(alpha=1.0):
    """length -> length^alpha: alpha 1 compares the mean log-probability of a token."""
    return lambda length: length**alpha


def greedy(step, state, *, start, end, limit):
    """The likeliest token at each step, for N sequences at once: ids (T, N), T <= limit.

    A sequence that has ended is filled up with end; the first of equally likely tokens is taken.
    """
    start, end = _asked(step, start, end)
    state, limit = _checked(state), whole("limit", limit, least=0)
    tokens = np.full(len(state[0]), start)
    done = np.zeros(len(tokens), bool)
    written = []
    while len(written) < limit and not done.all():
        log_p, state = step(tokens, state)
        if np.isnan(log_p[~done]).any():
            raise ValueError("step: gave a log-probability of NaN; look for it in the model")
        tokens = np.where(done, end, log_p.argmax(axis=-1))
        done |= tokens == end
        written.append(tokens)
    return np.array(written, dtype=int).reshape(len(written), len(tokens))


def beam_search(step, state, *, start, end, limit, width, penalty=None):
    """The best sequences of one source, at most ``width``, best first.

    state, that of the source, each array (1, ...).  At every step the ``width`` likeliest ways to
    go on survive; one that takes end is finished and makes room for none.  limit, the most tokens,
    end among them; what reaches it unfinished counts as it is.  penalty, a function of the length
    (end counts) that divides the log-probability, 1 if None: without one, shorter is likelier.
    Stops as soon as no survivor can still become one of the best.
    """
    start, end = _asked(step, start, end)
    width, limit = positive_integer(width=width, limit=limit)
    state = _checked(state, one=True)
    penalty = penalty or (lambda length: 1.0)
    live = [Hypothesis((), 0.0, 0.0, False)]
    best = []
    for length in range(1, limit + 1):
        tokens = np.array([h.tokens[-1] if h.tokens else start for h in live])
        log_p, state = step(tokens, state)
        if np.isnan(log_p).any():
            raise ValueError("step: gave a log-probability of NaN; look for it in the model")
        total = np.array([h.log_p for h in live])[:, None] + log_p  # (live, V)
        order = np.argsort(-total, axis=None, kind="stable")[:width]
        parents, followed = [], []
        for parent, token in zip(*np.unravel_index(order, total.shape), strict=True):
            log_here = float(total[parent, token])
            if log_here == -np.inf:
                continue
            tokens = (*live[parent].tokens, int(token))
            ended = int(token) == end
            new = Hypothesis(tokens, log_here, log_here / penalty(length), ended)
            if ended or length == limit:
                best.append(new)
            else:
                parents.append(parent)
                followed.append(new)
        live, state = followed, tuple(s[np.array(parents, dtype=int)] for s in state)
        best = sorted(best, key=lambda h: -h.score)[:width]
        if not live or (
            len(best) == width and _bound(live, length, limit, penalty) <= best[-1].score
        ):
            break
    return best


def _asked(step, start, end):
    """The tokens as integers; TypeError or ValueError by name for what cannot be asked."""
    if not callable(step):
        raise TypeError(f"step: expected a function of tokens and state, got {type(step).__name__}")
    return whole("start", start, least=0), whole("end", end, least=0)


def _checked(state, one=False):
    """state as a tuple of arrays; with ``one``, of one source."""
    if not isinstance(state, tuple | list) or not state:
        raise TypeError(f"state: expected a tuple of arrays (N, ...), got {type(state).__name__}")
    for k, each in enumerate(state):
        if not getattr(each, "shape", ()):
            raise TypeError(f"state[{k}]: expected an array (N, ...), got {each!r:.60}")
    if one and len(state[0]) != 1:
        raise ShapeError(f"state: expected one source, arrays (1, ...), got {len(state[0])} rows")
    return tuple(state)


def _bound(live, length, limit, penalty):
    """No continuation can score more: probabilities only fall, whatever length it stops at."""
    return max(live[0].log_p / penalty(n) for n in range(length + 1, limit + 1))
