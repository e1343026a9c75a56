"""Listening, with a pen for a voice: strokes come in, letters go out, nobody says which is where.

"ctc" says a letter or nothing at each step and sums over the alignments (Graves et al. 2006);
"attention" writes letter by letter and looks.  Trained on words of 1 to 4 letters, asked for 1 to
8.  About 28 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.tasks import Pen
from course_utils.tasks.symbols import END, PAD, START, lengths
from course_utils.torch_nn import Recurrent, alignment
from course_utils.torch_nn.attention import Attention, padding
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """The pen, the networks and their training."""

    letters: str = "acelnotu"
    longest: int = 4
    asked: tuple = (1, 2, 4, 6, 8)
    spacing: float = 0.5
    hidden: int = 32
    updates: int = 400
    batch: int = 24
    lr: float = 0.01
    words: int = 100
    seeds: tuple = tuple(range(3))


QUICK = Config(
    letters="lo", longest=2, asked=(1, 4), spacing=1.0, hidden=16, updates=70, words=20, seeds=(0,)
)


class Reader(torch.nn.Module):
    """Both answers from the same encoder's states."""

    def __init__(self, symbols, hidden, way):
        super().__init__()
        self.way = way
        self.encoder = Recurrent("lstm", 3, hidden, bidirectional=True)
        if way == "ctc":
            self.readout = torch.nn.Linear(2 * hidden, symbols)
        else:
            self.embedding = torch.nn.Embedding(symbols, 16)
            self.decoder = Recurrent("lstm", 16, hidden)
            self.attention = Attention("additive", hidden, 2 * hidden)
            self.readout = torch.nn.Linear(3 * hidden, symbols)

    def encode(self, steps, many):
        """steps (T, B, 3), many (B,) -> memory (T, B, 2H) and its mask (1, B, T)."""
        return self.encoder(steps, lengths=many)[0], padding(many, len(steps))

    def decode(self, tokens, state, memory, mask):
        """tokens (L, B) -> logits (L, B, V), weights (L, B, T), state."""
        h, state = self.decoder(self.embedding(tokens), state)
        context, weights = self.attention(h, memory, mask=mask)
        return self.readout(torch.cat([context, h], dim=-1)), weights, state

    @torch.no_grad()
    def read(self, steps, many, limit):
        """What is written, a list of tuples of ids; a letter at a time, or the likeliest path."""
        memory, mask = self.encode(steps, many)
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


def run(config, progress=iter):
    """By way and length: the share of words read without a mistake; one word's alignment."""
    results = {"of": len(config.seeds), "asked": list(config.asked)}
    for way in progress(("ctc", "attention")):
        rows = over_seeds(partial(run_seed, config, way), config.seeds, progress)
        by_seed = [row["right"] for row in rows]
        right = [median(column) for column in zip(*by_seed, strict=True)]
        trained = config.asked.index(config.longest) if config.longest in config.asked else 0
        results[way] = {
            "right": right,
            "by_seed": by_seed,
            "trained": right[trained],
            "trained_by_seed": [row[trained] for row in by_seed],
            "furthest": right[-1],
            "furthest_by_seed": [row[-1] for row in by_seed],
            "picture": rows[0]["picture"],
        }
    return results


def run_seed(config, way, seed):
    """One reader, trained on short words."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pen = Pen(1, config.longest, config.letters, config.spacing)
    model = Reader(pen.alphabet.size, config.hidden, way)
    step = torch_step(model, charged, lambda: pen.sample(rng, config.batch), lr=config.lr)
    fit(step, config.updates, bar=False)
    right = []
    for length in config.asked:
        asked = Pen(length, length, config.letters, config.spacing)
        batch = asked.sample(np.random.default_rng((seed, length)), config.words)
        steps, many = torch.tensor(batch.target, dtype=torch.float32), batch.mask.sum(axis=0)
        read = model.read(steps, torch.tensor(many), length + 3)
        wanted = [tuple(column.tolist()) for column in batch.x.T]
        right.append(float(np.mean([a == b for a, b in zip(read, wanted, strict=True)])))
    return {"right": right, "picture": picture(model, pen, seed)}


def charged(model, batch):
    """CTC's loss, or the cross-entropy of each letter given those before it."""
    steps, many = torch.tensor(batch.target, dtype=torch.float32), batch.mask.sum(axis=0)
    memory, mask = model.encode(steps, torch.tensor(many))
    count = lengths(batch.x)
    if model.way == "ctc":
        loss = alignment.ctc(
            model.readout(memory), torch.tensor(batch.x.T), torch.tensor(many), torch.tensor(count),
            blank=PAD, zero_infinity=True,
        )  # fmt: skip
        return (loss / torch.tensor(count)).mean()
    text = np.concatenate([batch.x, np.full_like(batch.x[:1], PAD)])
    text[count, np.arange(len(count))] = END
    shown = np.concatenate([np.full_like(text[:1], START), text[:-1]])
    logits, *_ = model.decode(torch.tensor(shown), None, memory, mask)
    flat = torch.tensor(text).flatten()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), flat, ignore_index=PAD)


@torch.no_grad()
def picture(model, pen, seed):
    """One word: its strokes, and by letter where attention lay, or what CTC said at each step."""
    word = (pen.letters[:2] * pen.longest)[: pen.longest]
    steps = pen.write(word, np.random.default_rng(seed))
    many = torch.tensor([len(steps)])
    memory, mask = model.encode(torch.tensor(steps[:, None], dtype=torch.float32), many)
    ids = pen.alphabet.encode([word], end=True)
    if model.way == "ctc":
        said = model.readout(memory)[:, 0].softmax(-1)
        weights = said[:, [*sorted(set(ids[:-1, 0].tolist())), PAD]].T
    else:
        shown = np.concatenate([[[START]], ids[:-1]])
        weights = model.decode(torch.tensor(shown), None, memory, mask)[1][:, 0]
    return {
        "word": word,
        "steps": steps.round(3).tolist(),
        "weights": np.round(weights.tolist(), 3).tolist(),
    }
