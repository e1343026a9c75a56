"""Listening: men say a vowel one after the other; who spoke, in which order? Nobody marks the cuts.

Recordings of nine speakers (Kudo, Toyama & Shimbo 1999), joined end to end; those of its training
part to learn from, those of its test part to be asked.  "ctc" names a speaker or nothing at each
frame and sums over the alignments (Graves et al. 2006); "attention" writes name by name and looks.
Trained on 1 to 4 recordings, asked for 1 to 8.  About 15 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.numpy_nn.alignment import forward_backward
from course_utils.tasks import recordings
from course_utils.tasks.batch import Batch
from course_utils.tasks.packaged import named
from course_utils.tasks.symbols import END, PAD, START, Alphabet, lengths
from course_utils.torch_nn import Recurrent, alignment
from course_utils.torch_nn.attention import Attention, padding
from course_utils.training import fit, torch_step

SPEAKERS = Alphabet("123456789")
FEATURES = 12
POOL = 2  # frames are averaged by twos, which halves the time steps


@dataclass(frozen=True)
class Config:
    """What is joined, the networks and their training; noise on the standardised input."""

    longest: int = 4
    asked: tuple = (1, 2, 4, 8)
    hidden: int = 32
    updates: int = 300
    batch: int = 24
    lr: float = 0.01
    noise: float = 0.2
    sequences: int = 100
    seeds: tuple = tuple(range(20))


QUICK = Config(longest=2, asked=(1, 2), hidden=16, updates=60, lr=0.02, sequences=30, seeds=(0,))


class Listener(torch.nn.Module):
    """Both answers from the same encoder's states."""

    def __init__(self, hidden, way):
        super().__init__()
        self.way = way
        self.encoder = Recurrent("lstm", FEATURES, hidden, bidirectional=True)
        if way == "ctc":
            self.readout = torch.nn.Linear(2 * hidden, SPEAKERS.size)
        else:
            self.embedding = torch.nn.Embedding(SPEAKERS.size, 16)
            self.decoder = Recurrent("lstm", 16, hidden)
            self.attention = Attention("additive", hidden, 2 * hidden)
            self.readout = torch.nn.Linear(3 * hidden, SPEAKERS.size)

    def encode(self, frames, many):
        """frames (T, B, 12), many (B,) -> memory (T, B, 2H) and its mask (1, B, T)."""
        return self.encoder(frames, lengths=many)[0], padding(many, len(frames))

    def decode(self, tokens, state, memory, mask):
        """tokens (L, B) -> logits (L, B, V), weights (L, B, T), state."""
        h, state = self.decoder(self.embedding(tokens), state)
        context, weights = self.attention(h, memory, mask=mask)
        return self.readout(torch.cat([context, h], dim=-1)), weights, state

    @torch.no_grad()
    def names(self, frames, many, limit):
        """What is written, a list of tuples of ids: name by name, or by the likeliest path."""
        memory, mask = self.encode(frames, many)
        if self.way == "ctc":
            return alignment.best_path(self.readout(memory), many)
        tokens, state = torch.full((1, len(many)), START), None
        written = []
        for _ in range(limit):
            logits, _, state = self.decode(tokens, state, memory, mask)
            tokens = logits.argmax(-1)
            written.append(tokens[0])
        rows = torch.stack(written, dim=1).tolist()
        return [tuple(row[: row.index(END)] if END in row else row) for row in rows]

    @torch.no_grad()
    def placed(self, frames, many, ids):
        """Where each name of ids (L, B), all of one length, lies: shares (L, B, T) of 1."""
        memory, mask = self.encode(frames, many)
        if self.way == "attention":
            shown = torch.tensor(np.concatenate([np.full_like(ids[:1], START), ids[:-1]]))
            return self.decode(shown, None, memory, mask)[1].numpy()
        log_p = self.readout(memory).log_softmax(-1).double().numpy()
        lattice = forward_backward(log_p, ids.T, many.numpy(), lengths(ids), blank=PAD)
        through = (lattice.alpha + lattice.beta)[..., 1::2]  # (T, B, L): paths that say it there
        through = np.exp(through - through.max(axis=0)).transpose(2, 1, 0)
        return through / through.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Voices:
    """Recordings of a part, ``shortest`` to ``longest`` of them joined; standardised."""

    part: str
    shortest: int
    longest: int

    def sample(self, rng, n):
        """-> x (T, n, 12); target (L, n), who speaks, PAD after the last; mask (T, n)."""
        return joined(self.part, self.drawn(rng, n))

    def drawn(self, rng, n):
        """Which recordings: n lists of places."""
        of = len(recorded(self.part)[0])
        return [rng.integers(of, size=k) for k in rng.integers(self.shortest, self.longest + 1, n)]


@cache
def recorded(part):
    """Sequences (T_k, 12), scaled by the training part and pooled, and the speakers' ids (N,)."""
    steps = np.concatenate(recordings.vowels("train").sequences)
    own = recordings.vowels(part)
    scaled = [(s - steps.mean(axis=0)) / steps.std(axis=0) for s in own.sequences]
    return [pooled(s) for s in scaled], own.labels + 3


def pooled(frames):
    """frames (T, 12) -> the mean of each POOL of them, (T // POOL, 12)."""
    whole = len(frames) // POOL
    return frames[: whole * POOL].reshape(whole, POOL, FEATURES).mean(axis=1)


def joined(part, rows):
    """The recordings at ``rows``, lists of places, end to end: a Batch as `Voices.sample`."""
    sequences, speakers = recorded(part)
    long = [np.concatenate([sequences[k] for k in row]) for row in rows]
    x = np.zeros((max(map(len, long)), len(rows), FEATURES), np.float32)
    mask = np.zeros(x.shape[:2], bool)
    target = np.full((max(map(len, rows)), len(rows)), PAD)
    for k, (frames, row) in enumerate(zip(long, rows, strict=True)):
        x[: len(frames), k], mask[: len(frames), k] = frames, True
        target[: len(row), k] = speakers[row]
    return Batch(x, target, mask)


def owners(part, rows):
    """Which recording of its row each frame belongs to (T, n), -1 in the padding."""
    spans = [np.repeat(range(len(r)), [len(recorded(part)[0][k]) for k in r]) for r in rows]
    out = np.full((max(map(len, spans)), len(rows)), -1)
    for k, span in enumerate(spans):
        out[: len(span), k] = span
    return out


def data(config):
    """The two files, together by one hash."""
    return named(*recordings.FILES["vowels"].values())


def run(config, progress=iter):
    """By way and length: sequences right, names wrong, share of the alignment in its recording."""
    results = {"of": len(config.seeds), "asked": list(config.asked)}
    for way in progress(("ctc", "attention")):
        rows = over_seeds(partial(run_seed, config, way), config.seeds, progress)
        found = results[way] = {}
        for name in ("right", "wrong", "inside"):
            by_seed = [row[name] for row in rows]
            found[name] = [median(column) for column in zip(*by_seed, strict=True)]
            found[f"{name}_by_length"] = [list(column) for column in zip(*by_seed, strict=True)]
        found["picture"] = rows[0]["picture"]
    results["chance"] = [1 / n for n in config.asked]
    return results


def run_seed(config, way, seed):
    """One listener, trained on short sequences."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model, voices = Listener(config.hidden, way), Voices("train", 1, config.longest)

    def noisy():
        batch = voices.sample(rng, config.batch)
        noise = rng.normal(scale=config.noise, size=batch.x.shape)
        return batch._replace(x=(batch.x + noise).astype(np.float32))

    fit(torch_step(model, charged, noisy, lr=config.lr), config.updates, bar=False)
    found = {"right": [], "wrong": [], "inside": []}
    for length in config.asked:
        rng = np.random.default_rng((seed, length))
        rows = Voices("test", length, length).drawn(rng, config.sequences)
        batch = joined("test", rows)
        frames, many = torch.tensor(batch.x), torch.tensor(batch.mask.sum(axis=0))
        said = model.names(frames, many, length + 3)
        wanted = [tuple(column.tolist()) for column in batch.target.T]
        apart = [edits(a, b) for a, b in zip(said, wanted, strict=True)]
        found["right"].append(float(np.mean([d == 0 for d in apart])))
        found["wrong"].append(float(np.mean(apart) / length))
        places = model.placed(frames, many, batch.target)  # (L, B, T)
        own = owners("test", rows).T == np.arange(length)[:, None, None]
        found["inside"].append(float((places * own).sum(axis=-1).mean()))
    return {**found, "picture": picture(model, config.longest)}


def charged(model, batch):
    """CTC's loss, or the cross-entropy of each name given those before it."""
    frames, many = torch.tensor(batch.x), torch.tensor(batch.mask.sum(axis=0))
    memory, mask = model.encode(frames, many)
    count = lengths(batch.target)
    if model.way == "ctc":
        loss = alignment.ctc(
            model.readout(memory), torch.tensor(batch.target.T), many, torch.tensor(count),
            blank=PAD, zero_infinity=True,
        )  # fmt: skip
        return (loss / torch.tensor(count)).mean()
    text = np.concatenate([batch.target, np.full_like(batch.target[:1], PAD)])
    text[count, np.arange(len(count))] = END
    shown = np.concatenate([np.full_like(text[:1], START), text[:-1]])
    logits, *_ = model.decode(torch.tensor(shown), None, memory, mask)
    flat = torch.tensor(text).flatten()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), flat, ignore_index=PAD)


def edits(a, b):
    """How many insertions, deletions and substitutions make b of a (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


@torch.no_grad()
def picture(model, count):
    """One sequence of the test part: who speaks, where each begins, what is heard at each frame.

    weights (count, T) of attention, or what CTC says of those speakers and, last, of the blank.
    """
    rows = Voices("test", count, count).drawn(np.random.default_rng(0), 1)
    batch = joined("test", rows)
    frames, many = torch.tensor(batch.x), torch.tensor(batch.mask.sum(axis=0))
    if model.way == "ctc":
        said = model.readout(model.encode(frames, many)[0])[:, 0].softmax(-1).numpy()
        weights = said[:, [*batch.target[:, 0], PAD]].T
    else:
        weights = model.placed(frames, many, batch.target)[:, 0]
    return {
        "speakers": [int(k) - 2 for k in batch.target[:, 0]],
        "starts": np.flatnonzero(np.diff(owners("test", rows)[:, 0], prepend=-1)).tolist(),
        "frames": int(many[0]),
        "said": [[int(k) - 2 for k in name] for name in model.names(frames, many, count + 3)],
        "weights": np.round(weights.tolist(), 3).tolist(),
    }
