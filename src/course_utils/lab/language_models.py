"""Character models that several experiments train, measure and let write."""

import numpy as np
import torch

from course_utils import torch_nn
from course_utils.numpy_nn.validation import numbers
from course_utils.tasks.text import streams
from course_utils.training import fit, torch_step


class CharModel(torch.nn.Module):
    """Embedding, recurrent layers, readout: ids (T, B) -> logits (T, B, V) and the last state.

    Dropout falls on what goes up (into each layer, into the readout), never on what goes on in
    time.
    """

    def __init__(self, size, embedding, hidden, layers=1, dropout=0.0, key="lstm"):
        super().__init__()
        self.embedding = torch.nn.Embedding(size, embedding)
        self.layer = torch_nn.Recurrent(
            key, embedding, hidden, num_layers=layers, dropout=dropout if layers > 1 else 0.0
        )
        self.drop = torch.nn.Dropout(dropout)
        self.readout = torch.nn.Linear(hidden, size)

    def forward(self, ids, state=None):
        y, state = self.layer(self.drop(self.embedding(ids)), state)
        return self.readout(self.drop(y)), state


def train(model, passes, *, batch, length, lr, watch=None):
    """Adam, its rate falling linearly to a twentieth; the state carried from chunk to chunk.

    passes: a list of id arrays of one length or nearly, one a pass; every pass begins with an
    empty memory.  watch(model) is called after each pass -> what it returned, and the losses in
    bits.
    """
    lengths = [sum(1 for _ in streams(ids, batch, length)) for ids in passes]
    optimiser = torch.optim.Adam(model.parameters(), lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, sum(lengths))
    carried, seen, losses = {}, [], []

    def loss_of(model, chunk):
        x, y = (torch.from_numpy(a.copy()) for a in chunk)
        logits, state = model(x, carried["state"])
        carried["state"] = detached(state)
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())

    for ids, updates in zip(passes, lengths, strict=True):
        model.train()
        carried["state"] = None
        chunks = streams(ids, batch, length)
        update = torch_step(model, loss_of, lambda chunks=chunks: next(chunks), optimiser=optimiser)

        def step(update=update):
            loss = update()
            schedule.step()
            return loss

        losses.append(np.array(fit(step, updates, bar=False).loss) / np.log(2))
        model.eval()
        if watch is not None:
            seen.append(watch(model))
    return seen, losses


def detached(state):
    """The same numbers, cut off from the graph that computed them."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def bits(model, ids):
    """Mean bits per character of ids (N,) after the first, read in one pass from zero states."""
    model.eval()
    x = torch.from_numpy(ids.copy())[:, None]
    with torch.no_grad():
        logits, _ = model(x[:-1])
        nats = torch.nn.functional.cross_entropy(logits[:, 0], x[1:, 0])
        return nats.item() / float(np.log(2))


def surprises(model, ids, before=(), empty_every=None, chunk=20_000):
    """Bits of each character of ids (N,) given those before it -> (N,), from a state that has read
    ``before``; without it the first character is predicted from the uniform distribution.

    empty_every: read in pieces of so many characters, each from an empty memory, as one would
    whose evaluation forgets to carry the state.  chunk: characters at a time, which memory decides
    and nothing else.
    """
    model.eval()
    whole = np.concatenate([np.asarray(before, np.int64), ids])
    with torch.no_grad():
        if empty_every:
            n = len(whole) // empty_every
            x = torch.from_numpy(whole[: n * empty_every].reshape(n, -1).T.copy())
            logits, y = model(x)[0].flatten(0, 1), x
            shift = torch.log_softmax(logits, -1).reshape(*x.shape, -1)
            nats = -shift[:-1].gather(-1, y[1:, :, None])[..., 0]
            first = torch.full((1, n), float(np.log(shift.shape[-1])))
            bits = torch.cat([first, nats]).T.flatten().numpy() / np.log(2)
            return bits[len(before) :]
        x = torch.from_numpy(whole.copy())[:, None]
        state, parts = None, []
        for piece in x[:-1].split(chunk):
            logits, state = model(piece, state)
            parts.append(torch.log_softmax(logits[:, 0], -1))
        logp = torch.cat(parts)
        bits = -logp.gather(-1, x[1:])[:, 0].numpy() / np.log(2)
        first = [] if len(before) else [np.log2(logp.shape[-1])]
    return np.concatenate([first, bits])[-len(ids) :]


def write(model, start, n, rows, temperature, seed):
    """Ids (n, rows), each drawn from softmax(logits / temperature) and fed back.

    start: ids (m,) read first, from an empty memory, the same in every row.
    """
    numbers("temperature", temperature, positive=True)
    model.eval()
    rng = np.random.default_rng(seed)
    x = torch.as_tensor(np.asarray(start, np.int64))[:, None].expand(-1, rows)
    state, ids = None, []
    with torch.no_grad():
        for _ in range(n):
            logits, state = model(x, state)
            p = torch.softmax(logits[-1].double() / temperature, -1).numpy()
            drawn = (p.cumsum(-1) > rng.random((rows, 1)) * p.sum(-1, keepdims=True)).argmax(-1)
            ids.append(drawn)
            x = torch.from_numpy(drawn)[None]
    return np.array(ids)
