"""Encoder–decoder with attention as a module; ``search`` writes with it."""

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.shapes import expect, expect_ids, positive_integer
from course_utils.torch_nn import validation
from course_utils.torch_nn.attention import Attention, padding
from course_utils.torch_nn.recurrent import Recurrent


class Seq2Seq(nn.Module):
    """One network reads, another writes, and attention tells the second where to look.

    key names the cell of both; score, that of ``Attention``, or None for the fixed vector alone:
    the encoder's last state, from which the decoder always starts (with ``bidirectional``, the
    state of the way back).  order, whether the decoder attends ``"after"`` its step, by its new
    state (Luong et al. 2015, without input feeding), or ``"before"``, by the last one, and reads
    the context (Bahdanau et al. 2015).  start is the token the decoder sees first, end the one it
    ends with.

    ``logits, weights = model(source, target, lengths)``: source (S, B), target (T, B), token ids,
    lengths (B,) of the sources.  Teacher forcing: logits (T, B, V) at t are given the targets
    before t; weights (T, B, S), None without attention.
    """

    def __init__(
        self,
        source_symbols,
        target_symbols,
        *,
        key="gru",
        embedding=16,
        hidden=32,
        score="additive",
        order="after",
        bidirectional=True,
        start=1,
        end=2,
        device=None,
        dtype=None,
    ):
        super().__init__()
        factory = {"device": device, "dtype": validation.dtype_of(dtype)}
        memory = hidden * (2 if bidirectional else 1)
        if order not in ("after", "before"):
            raise ValueError(f'order: expected "after" or "before", got {order!r}')
        positive_integer(source_symbols=source_symbols)
        target_symbols = positive_integer(target_symbols=target_symbols)
        expect_ids("start", start, target_symbols)
        expect_ids("end", end, target_symbols)
        self.start, self.end, self.order = start, end, order
        reads = embedding + (memory if score and order == "before" else 0)
        self.source_embedding = nn.Embedding(source_symbols, embedding, **factory)
        self.target_embedding = nn.Embedding(target_symbols, embedding, **factory)
        self.encoder = Recurrent(key, embedding, hidden, bidirectional=bidirectional, **factory)
        self.decoder = Recurrent(key, reads, hidden, **factory)
        self.attention = Attention(score, hidden, memory, **factory) if score else None
        self.combine = nn.Linear(memory + hidden, hidden, **factory) if score else None
        self.readout = nn.Linear(hidden, target_symbols, **factory)

    def forward(self, source, target, lengths=None):
        """See the class: teacher forcing."""
        expect(source=(source, "S B"), target=(target, "T B"))
        memory, mask, state = self.encode(source, lengths)
        first = torch.full_like(target[:1], self.start)
        inputs = torch.cat([first, target[:-1]])
        logits, weights, _ = self.decode(inputs, state, memory, mask)
        return logits, weights

    def encode(self, source, lengths=None):
        """source (S, B) -> memory (S, B, M), mask (1, B, S), the decoder's first states (B, H)."""
        S, B = source.shape
        if lengths is not None:  # what stands after a sequence may be anything
            lengths = validation.check_lengths(lengths, S, B)
            there = torch.arange(S, device=source.device)[:, None] < lengths.to(source.device)
            source = source.masked_fill(~there, 0)
        validation.check_ids("source", source, self.source_embedding.num_embeddings)
        memory, last = self.encoder(self.source_embedding(source), lengths=lengths)
        last = last if isinstance(last, tuple) else (last,)
        lengths = torch.full((B,), S) if lengths is None else lengths
        return memory, padding(lengths, S).to(source.device), tuple(s[-1] for s in last)

    def decode(self, inputs, state, memory, mask):
        """inputs (T, B), ids; state, tuple of (B, H) -> logits (T, B, V), weights, new state."""
        validation.check_ids("target", inputs, self.target_embedding.num_embeddings)
        x, weights = self.target_embedding(inputs), None
        if self.attention is None:
            top, state = self._advance(x, state)
        elif self.order == "after":
            top, state = self._advance(x, state)
            context, weights = self.attention(top, memory, mask=mask)
        else:
            steps = []
            for x_t in x.split(1):
                seen, weight = self.attention(state[0][None], memory, mask=mask)
                h, state = self._advance(torch.cat([x_t, seen], dim=-1), state)
                steps.append((h, seen, weight))
            top, context, weights = map(torch.cat, zip(*steps, strict=True))
        if self.attention is not None:
            top = self.combine(torch.cat([context, top], dim=-1)).tanh()
        return self.readout(top), weights, state

    def _advance(self, x, state):
        """x (T, B, ·), state of (B, H) -> states (T, B, H), the last of them as a tuple."""
        hx = tuple(s[None] for s in state)
        y, last = self.decoder(x, hx if len(hx) > 1 else hx[0])
        return y, tuple(s[0] for s in (last if isinstance(last, tuple) else (last,)))

    def next_token(self, memory, mask):
        """A function for ``search``: tokens (N,), states -> log-probabilities (N, V), new states.

        N hypotheses of one source, or one for each of N sources.
        """

        def step(tokens, state):
            here = memory.expand(-1, len(tokens), -1), mask.expand(-1, len(tokens), -1)
            logits, _, state = self.decode(tokens[None], state, *here)
            return F.log_softmax(logits[0], dim=-1), state

        return step
