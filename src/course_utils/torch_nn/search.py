"""Writing a sequence token by token: the likeliest next, or the best of several beginnings.

Both ask a function ``step(tokens (N,), state) -> log-probabilities (N, V), state`` what may come
next; state is a tuple of tensors whose first axis is N.
"""

import torch

from course_utils.shapes import ShapeError, positive_integer, whole


def wu_penalty(alpha=0.6):
    """length -> ((5 + length) / 6)^alpha.  Wu et al. 2016, section 7; alpha 0 is no penalty."""
    return lambda length: ((5 + length) / 6) ** alpha


def mean_penalty(alpha=1.0):
    """length -> length^alpha: alpha 1 compares the mean log-probability of a token."""
    return lambda length: length**alpha


@torch.no_grad()
def greedy(step, state, *, start, end, limit):
    """The likeliest token at each step, for N sequences at once: ids (T, N), T <= limit.

    A sequence that has ended is filled up with end.
    """
    start, end = _asked(step, start, end)
    state, limit = _checked(state), whole("limit", limit, least=0)
    tokens = torch.full((len(state[0]),), start, device=state[0].device)
    done = torch.zeros_like(tokens, dtype=torch.bool)
    written = []
    while len(written) < limit and not done.all():
        log_p, state = step(tokens, state)
        if log_p[~done].isnan().any():
            raise ValueError("step: gave a log-probability of NaN; look for it in the model")
        tokens = log_p.argmax(dim=-1).masked_fill(done, end)
        done = done | (tokens == end)
        written.append(tokens)
    return torch.stack(written) if written else tokens.new_empty(0, len(tokens))


@torch.no_grad()
def beam_search(step, state, *, start, end, limit, width, penalty=None):
    """The best sequences of one source, at most ``width``, best first: [(tokens, score), …].

    state, that of the source, each (1, ...).  At every step the ``width`` likeliest ways to go on
    survive; one that takes end is finished.  penalty, a function of the length (end counts) that
    divides the log-probability, 1 if None.  limit, the most tokens; what reaches it unfinished
    counts as it is.  Stops as soon as no survivor can still become one of the best.
    """
    start, end = _asked(step, start, end)
    width, limit = positive_integer(width=width, limit=limit)
    state = _checked(state, one=True)
    penalty = penalty or (lambda length: 1.0)
    device = state[0].device
    history = torch.empty(1, 0, dtype=torch.long, device=device)  # (live, length)
    log_p = torch.zeros(1, dtype=state[0].dtype, device=device)
    tokens, best = torch.full((1,), start, device=device), []
    for length in range(1, limit + 1):
        following, state = step(tokens, state)
        if following.isnan().any():
            raise ValueError("step: gave a log-probability of NaN; look for it in the model")
        total = (log_p[:, None] + following).flatten()
        log_p, flat = total.topk(min(width, len(total)))
        log_p, flat = log_p[log_p > -torch.inf], flat[log_p > -torch.inf]
        parents = flat.div(following.shape[1], rounding_mode="floor")
        tokens = flat % following.shape[1]
        history = torch.cat([history[parents], tokens[:, None]], dim=1)
        ended = (tokens == end) if length < limit else torch.ones_like(tokens, dtype=torch.bool)
        scores = (log_p[ended] / penalty(length)).tolist()
        best += zip(map(tuple, history[ended].tolist()), scores, strict=True)
        best = sorted(best, key=lambda entry: -entry[1])[:width]
        history, tokens, log_p = history[~ended], tokens[~ended], log_p[~ended]
        state = tuple(s[parents[~ended]] for s in state)
        if not len(tokens):
            break
        hope = max(log_p[0].item() / penalty(n) for n in range(length + 1, limit + 1))
        if len(best) == width and best[-1][1] >= hope:
            break
    return best


def _asked(step, start, end):
    """The tokens as integers; TypeError or ValueError by name for what cannot be asked."""
    if not callable(step):
        raise TypeError(f"step: expected a function of tokens and state, got {type(step).__name__}")
    return whole("start", start, least=0), whole("end", end, least=0)


def _checked(state, one=False):
    """state as a tuple of tensors; with ``one``, of one source."""
    if not isinstance(state, tuple | list) or not state:
        raise TypeError(f"state: expected a tuple of tensors (N, ...), got {type(state).__name__}")
    for k, each in enumerate(state):
        if not getattr(each, "shape", ()):
            raise TypeError(f"state[{k}]: expected a tensor (N, ...), got {each!r:.60}")
    if one and len(state[0]) != 1:
        raise ShapeError(f"state: expected one source, tensors (1, ...), got {len(state[0])} rows")
    return tuple(state)
