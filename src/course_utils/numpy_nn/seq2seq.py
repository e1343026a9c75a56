"""Encoder–decoder: one network reads, another writes, and attention tells the second where to look.

Teacher forcing shows the decoder the right tokens, one step late: y_{t-1} where y_t is asked.

Attention comes before or after the decoder's step.  Before (Bahdanau et al. 2015), the context is
found by the last state and read by the cell.  After (Luong et al. 2015, without input feeding), it
is found by the new state and fed to nothing, so that all steps are one ``unroll``, one ``attend``.
Both end in the same two layers, of context and state.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_utils.numpy_nn import ops
from course_utils.numpy_nn.attention import (
    attend,
    attend_backward,
    attentive,
    attentive_backward,
    init_score,
    padding,
)
from course_utils.numpy_nn.init import init_params
from course_utils.numpy_nn.stack import unroll_stack, unroll_stack_backward
from course_utils.numpy_nn.unroll import unroll, unroll_backward
from course_utils.numpy_nn.validation import cotangent, dtype_of, running
from course_utils.shapes import expect, expect_ids, generator, positive_integer

# One step of the decoder after its cell, given the context c; Luong et al. 2015, section 3
EQUATIONS = (
    "a = tanh(W_c @ concat(c, h) + b_c)",
    "y = W_s @ a + b_s",
)
SYMBOLS = {"a": r"\tilde h_t"}


@dataclass(frozen=True)
class Seq2Seq:
    """What the model is made of.

    key names the cell of both networks; score, that of the attention, or None for the fixed vector
    alone: the encoder's last state, from which the decoder always starts (with ``bidirectional``,
    the state of the way back, which ends at the first token: Bahdanau's ←h_1, without his layer).
    order, whether the decoder attends ``"after"`` its step or ``"before"``.  start is the token the
    decoder sees first, end the one that it ends with.
    """

    source_symbols: int
    target_symbols: int
    key: str = "gru"
    embedding: int = 16
    hidden: int = 32
    score: str | None = "additive"
    order: str = "after"
    bidirectional: bool = True
    start: int = 1
    end: int = 2

    def __post_init__(self):
        if self.order not in ("after", "before"):
            raise ValueError(f'order: expected "after" or "before", got {self.order!r}')
        sizes = ("source_symbols", "target_symbols", "embedding", "hidden")
        positive_integer(**{name: getattr(self, name) for name in sizes})
        for name in ("start", "end"):
            expect_ids(name, getattr(self, name), self.target_symbols)

    @property
    def reads(self):
        """Features that a step of the decoder reads: a token and, attending before, a context."""
        return self.embedding + (self.memory if self.score and self.order == "before" else 0)

    @property
    def memory(self):
        """Features of what the encoder hands to the attention."""
        return self.hidden * (2 if self.bidirectional else 1)


class Encoded(NamedTuple):
    """What the decoder gets: memory (S, B, M), mask (1, B, S), the initial states, each (B, H)."""

    memory: np.ndarray
    mask: np.ndarray
    state: tuple


class Seq2SeqTape(NamedTuple):
    """What ``seq2seq_backward`` needs: made by ``seq2seq``."""

    model: Seq2Seq
    params: dict
    source: np.ndarray
    inputs: np.ndarray
    encoder: tuple
    decoder: tuple
    attention: tuple | None  # of attention after the step
    states: np.ndarray  # of the decoder, (T, B, H)
    both: np.ndarray | None  # context and state, (T, B, M + H)
    attended: np.ndarray | None  # (T, B, H)


def init_seq2seq(model, rng, dtype=np.float64):
    """Parameters, a flat dict with the names of ``torch_nn.Seq2Seq``'s state_dict."""
    if not isinstance(model, Seq2Seq):
        raise TypeError(f"model: expected a Seq2Seq, got {type(model).__name__}")
    generator(rng)
    dtype = dtype_of(dtype)
    E, H, V = model.embedding, model.hidden, model.target_symbols
    params = {
        "source_embedding.weight": rng.standard_normal((model.source_symbols, E)),
        "target_embedding.weight": rng.standard_normal((V, E)),
    }
    for suffix in ("", "_reverse")[: 1 + model.bidirectional]:
        cell = init_params(model.key, E, H, rng)
        params |= {f"encoder.{name}_l0{suffix}": p for name, p in cell.items()}
    cell = init_params(model.key, model.reads, H, rng)
    params |= {f"decoder.{name}_l0": p for name, p in cell.items()}
    if model.score:
        score = init_score(model.score, H, model.memory, rng)
        params |= {f"attention.{name}": p for name, p in score.items()}
        params |= _layer("combine", H, model.memory + H, rng)
    params |= _layer("readout", V, H, rng)
    return {name: p.astype(dtype) for name, p in params.items()}


def shifted(target, start):
    """target (T, B) -> the decoder's inputs (T, B): the start token, then all but the last."""
    return np.concatenate([np.full_like(target[:1], start), target[:-1]])


def encode(model, params, source, lengths=None):
    """source (S, B), token ids; lengths (B,), S if None -> Encoded, tape."""
    S, B = (expect(source=(source, "S B"))[axis] for axis in "SB")
    source = _read(params, source, lengths)
    x = ops.embed(params["source_embedding.weight"], source)  # (S, B, E)
    ways = [_part(params, "encoder.", "_l0"), _part(params, "encoder.", "_l0_reverse")]
    layers = [tuple(ways) if model.bidirectional else ways[0]]
    memory, last, tape = unroll_stack(model.key, layers, x, lengths=lengths)
    mask = padding(np.full(B, S) if lengths is None else lengths, S)
    return Encoded(memory, mask, tuple(s[-1] for s in last)), tape


def seq2seq(model, params, source, target, lengths=None):
    """Teacher forcing: source (S, B), target (T, B), token ids; lengths (B,) of the sources.

    Returns logits (T, B, V), those at t given the targets before t; the weights of the attention
    (T, B, S), None without one; and a tape.
    """
    expect(source=(source, "S B"), target=(target, "T B"))
    source = _read(params, source, lengths)
    encoded, encoder = encode(model, params, source, lengths)
    inputs = shifted(target, model.start)
    logits, weights, _, decoder, *kept = _decode(model, params, encoded, inputs, encoded.state)
    return logits, weights, Seq2SeqTape(model, params, source, inputs, encoder, decoder, *kept)


def seq2seq_backward(tape, dlogits):
    """dlogits (T, B, V) -> grads with the keys of params."""
    model, params = tape.model, tape.params
    grads, dmemory = {}, 0
    shape = (*tape.states.shape[:2], len(params["readout.weight"]))
    dlogits = cotangent("dlogits", dlogits, tape.states.dtype, shape)
    top = tape.states if tape.attended is None else tape.attended
    dtop, grads["readout.weight"], grads["readout.bias"] = ops.affine_backward(
        params["readout.weight"], top, dlogits
    )
    if not model.score:
        dx, dstate, cell = unroll_backward(tape.decoder, dtop)
        score = {}
    else:
        da = dtop * (1 - tape.attended**2)  # attended = tanh(combine @ both)
        dboth, grads["combine.weight"], grads["combine.bias"] = ops.affine_backward(
            params["combine.weight"], tape.both, da
        )
        dcontext, dstates = np.split(dboth, [model.memory], axis=-1)
        if model.order == "before":
            dx, dmemory, dstate, cell, score = attentive_backward(tape.decoder, dstates, dcontext)
        else:
            dqueries, dmemory, _, score = attend_backward(tape.attention, dcontext)
            dx, dstate, cell = unroll_backward(tape.decoder, dstates + dqueries)
    grads |= {f"attention.{name}": g for name, g in score.items()}
    grads |= {f"decoder.{name}_l0": cell[name] for name in _part(params, "decoder.", "_l0")}
    grads["target_embedding.weight"] = ops.embed_backward(
        params["target_embedding.weight"], tape.inputs, dx
    )
    S, B = tape.source.shape
    dmemory = dmemory + np.zeros((S, B, model.memory), dx.dtype)
    dlast = tuple(np.stack([np.zeros_like(d)] * model.bidirectional + [d]) for d in dstate)
    dx, _, layer_grads = unroll_stack_backward(tape.encoder, dmemory, dlast)
    ways = layer_grads[0] if model.bidirectional else (layer_grads[0],)
    for suffix, way in zip(("", "_reverse"), ways, strict=False):
        grads |= {f"encoder.{name}_l0{suffix}": g for name, g in way.items()}
    grads["source_embedding.weight"] = ops.embed_backward(
        params["source_embedding.weight"], tape.source, dx
    )
    return {name: grads[name] for name in params}


def next_token(model, params, encoded):
    """A function for ``search``: tokens (N,), states -> log-probabilities (N, V), new states.

    N hypotheses of one source, or one for each of N sources.
    """

    def step(tokens, state):
        N = len(tokens)
        memory = np.broadcast_to(encoded.memory, (len(encoded.memory), N, model.memory))
        mask = np.broadcast_to(encoded.mask, (1, N, len(memory)))
        here = Encoded(memory, mask, state)
        logits, _, state, *_ = _decode(model, params, here, np.asarray(tokens)[None], state)
        return ops.log_softmax(logits[0]), tuple(state)

    return step


def _decode(model, params, encoded, inputs, state):
    """inputs (T, B) -> logits, weights, last states and what the way back needs."""
    x = ops.embed(params["target_embedding.weight"], inputs)
    cell, score = _part(params, "decoder.", "_l0"), _part(params, "attention.")
    memory, mask, state = encoded.memory, encoded.mask, tuple(state)
    weights, attention, both, attended = None, None, None, None
    if not model.score:
        states, last, decoder = unroll(model.key, cell, x, state)
    elif model.order == "before":
        states, context, weights, last, decoder = attentive(
            model.key, cell, model.score, score, x, memory, state, mask
        )
    else:
        states, last, decoder = unroll(model.key, cell, x, state)
        context, weights, attention = attend(model.score, score, states, memory, mask=mask)
    top = states
    if model.score:
        both = np.concatenate([context, states], axis=-1)
        top = attended = np.tanh(ops.affine(params["combine.weight"], params["combine.bias"], both))
    logits = ops.affine(params["readout.weight"], params["readout.bias"], top)
    return logits, weights, last, decoder, attention, states, both, attended


def _read(params, source, lengths):
    """The tokens that are looked up: what stands after a sequence may be anything, here it is 0."""
    there = running(lengths, *source.shape)
    V = len(params["source_embedding.weight"])
    return expect_ids("source", source, V, there)


def _layer(name, rows, columns, rng):
    bound = 1 / np.sqrt(columns)
    return {
        f"{name}.weight": rng.uniform(-bound, bound, (rows, columns)),
        f"{name}.bias": rng.uniform(-bound, bound, rows),
    }


def _part(params, prefix, suffix=""):
    """The parameters of one part, by its own names."""
    return {
        name.removeprefix(prefix).removesuffix(suffix): p
        for name, p in params.items()
        if name.startswith(prefix) and name.endswith(suffix)
    }
