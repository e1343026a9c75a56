"""Squared errors of a layer and its readout, and their gradients on compiled code, full or cut.

The readable backward passes that stop early (``numpy_nn.truncation``) walk a readable tape.  Two
of them need none, for a cut only says which states count as given:

* in chunks, each chunk starts from a state that is given.  So all chunks are run at once, side by
  side in the batch, each from the state that a first pass has left it.
* where error flows back through the cell state alone, h of the step before is given: it is one more
  input, and the layer has no recurrent weights.

Results are the readable ones' to rounding, in the precision of the parameters.  Where Numba or
SciPy is missing the readable layer runs.  With a workspace (``fast.Workspace``) the next call of
the same sizes overwrites the gradients.
"""

import numpy as np

from course_utils import numpy_nn
from course_utils.lab.numpy_models import at_last, compiled_layers, layer_of, read, read_backward
from course_utils.numpy_nn import fast, losses
from course_utils.numpy_nn.cells import get_cell
from course_utils.specs import get_spec

__all__ = ["cell_state_only", "chunked", "double", "full", "single"]


def full(key, params, x, target, last=False, workspace=None):
    """Mean squared error of the answers at every step, or with ``last`` of the last alone.

    params as from ``init_model``; x (T, B, D), target (T, B, N) or (B, N) -> loss, answers, grads.
    """
    layers, x, target = _prepared(params, x, target, workspace)
    y, _, tape = layers.unroll(key, layer_of(params), x)
    loss, answers, dy, readout = _errors(params, y, target, last)
    return loss, answers, layers.unroll_backward(tape, dy)[2] | readout


def chunked(key, params, x, target, every, workspace=None):
    """As ``full``, with no gradient from one chunk of ``every`` steps to the chunk before.

    What ``truncation.truncated_backward`` gives; x (T, B, D), target (T, B, N).
    """
    T, B, _ = x.shape
    if every >= T:
        return full(key, params, x, target, workspace=workspace)
    layers, x, target = _prepared(params, x, target, workspace)
    layer = layer_of(params)
    begins = _begins(layers, key, layer, x, every)
    y, _, tape = layers.unroll(key, layer, _fold(x, every), begins)
    loss, answers, dy, readout = _errors(params, _unfold(y, T, B), target)
    return loss, answers, layers.unroll_backward(tape, _fold(dy, every))[2] | readout


def cell_state_only(params, x, target, last=False, workspace=None):
    """As ``full``, of an LSTM whose error flows back through its cell state alone.

    What ``truncation.cell_state_only_backward`` gives.
    """
    layers, x, target = _prepared(params, x, target, workspace)
    layer = layer_of(params)
    D, W = x.shape[-1], layer["weight_hh"]
    h, *_ = layers.unroll("lstm", layer, x)
    h_prev = np.concatenate([np.zeros_like(h[:1]), h[:-1]])
    given = layer | {
        "weight_ih": np.concatenate([layer["weight_ih"], W], axis=1),
        "weight_hh": np.zeros_like(W),
    }
    y, _, tape = layers.unroll("lstm", given, np.concatenate([x, h_prev], axis=-1))
    loss, answers, dy, readout = _errors(params, y, target, last)
    *_, grads = layers.unroll_backward(tape, dy)
    both = grads["weight_ih"]
    split = {"weight_ih": both[:, :D], "weight_hh": both[:, D:]}
    return loss, answers, grads | split | readout


class _Compiled:
    """``fast`` in one workspace."""

    def __init__(self, workspace):
        self.workspace = workspace

    def unroll(self, key, params, x, state0=None):
        return fast.unroll(key, params, x, state0, self.workspace)

    unroll_backward = staticmethod(fast.unroll_backward)


def _prepared(params, x, target, workspace):
    """What has ``unroll`` and ``unroll_backward``; x and target in the parameters' precision."""
    dtype = params["out_weight"].dtype
    layers = _Compiled(workspace) if compiled_layers() else numpy_nn
    return layers, x.astype(dtype, copy=False), target.astype(dtype, copy=False)


def single(params):
    """The parameters in single precision."""
    return {name: p.astype(np.float32) for name, p in params.items()}


def double(params):
    """The parameters in double precision."""
    return {name: p.astype(np.float64) for name, p in params.items()}


def _errors(params, y, target, last=False):
    """Outputs y (T, B, H) -> loss, answers, dy (T, B, H), the readout's gradients."""
    seen = y[-1] if last else y
    answers = read(params, seen)
    loss, danswers = losses.mse(answers, target)
    dy, readout = read_backward(params, seen, danswers)
    return loss, answers, (at_last(dy, len(y)) if last else dy), readout


def _begins(layers, key, layer, x, every):
    """The states in which the chunks start, each (chunks * B, H)."""
    spec, starts = get_spec(key), range(every, len(x), every)
    hidden = layer["weight_hh"].shape[1]
    states = [get_cell(key).State(*spec.initial_state(x, hidden))]
    if spec.states == ("h",):  # the outputs are the states: one pass shows them all
        y, *_ = layers.unroll(key, layer, x[: starts[-1]])
        states += [type(states[0])(y[start - 1]) for start in starts]
    else:
        for start in starts:
            _, last, _ = layers.unroll(key, layer, x[start - every : start], states[-1])
            states.append(type(last)(*(s.copy() for s in last)))
    return type(states[0])(*(np.concatenate(parts) for parts in zip(*states, strict=True)))


def _fold(x, every):
    """x (T, B, N) -> chunks side by side (every, chunks * B, N), the last filled up with zeros."""
    T, B, N = x.shape
    chunks = -(-T // every)
    filled = np.concatenate([x, np.zeros((chunks * every - T, B, N), x.dtype)])
    return filled.reshape(chunks, every, B, N).swapaxes(0, 1).reshape(every, chunks * B, N)


def _unfold(y, T, B):
    """The way back: y (every, chunks * B, N) -> (T, B, N)."""
    every, N = len(y), y.shape[-1]
    return y.reshape(every, -1, B, N).swapaxes(0, 1).reshape(-1, B, N)[:T]
