"""Small encoder–decoders with a batch to translate, and a table of tokens to search."""

import numpy as np
import pytest
import torch

from course_utils.numpy_nn.seq2seq import Seq2Seq, init_seq2seq
from course_utils.torch_nn.seq2seq import Seq2Seq as TorchSeq2Seq

S, B, T = 5, 3, 4
SIZES = {"source_symbols": 7, "target_symbols": 6, "embedding": 3, "hidden": 4}
MODELS = [
    Seq2Seq(**SIZES),
    Seq2Seq(**SIZES, key="lstm", score="dot", bidirectional=False),
    Seq2Seq(**SIZES, key="rnn", score="general"),
    Seq2Seq(**SIZES, order="before"),
    Seq2Seq(**SIZES, key="lstm", score="scaled_dot", order="before", bidirectional=False),
    Seq2Seq(**SIZES, key="mingru", score=None),
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: f"{m.key}-{m.score}-{m.order}")
RNG = np.random.default_rng(0)
SOURCE, TARGET = RNG.integers(0, 7, (S, B)), RNG.integers(0, 6, (T, B))
LENGTHS = np.array([5, 2, 3])
MASK = RNG.random((T, B)) < 0.8


def parameters(model, dtype=np.float64):
    return init_seq2seq(model, np.random.default_rng(1), dtype)


def torch_model(model, params):
    options = {
        n: getattr(model, n) for n in ("key", "score", "order", "bidirectional", "start", "end")
    }
    module = TorchSeq2Seq(**SIZES, **options, dtype=torch.float64)
    module.load_state_dict({name: torch.tensor(p) for name, p in params.items()})
    return module


VOCABULARY, END, LIMIT = 3, 2, 4


def markov(seed):
    """A tiny model whose next token depends on all before: state (N, 1) is a hash of them."""
    rng = np.random.default_rng(seed)
    table = rng.normal(0, 1.5, (64, VOCABULARY))

    def step(tokens, state):
        state = (7 * state[0] + np.asarray(tokens)[:, None] + 1) % 64
        logits = table[state[:, 0].astype(int)]
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True)), (state,)

    return step, (np.zeros((1, 1)),)
