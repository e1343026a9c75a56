"""Writing: a pen that looks through a window at the letter it is to write (Graves 2013, section 5).

An LSTM reads the last step of the pen and what its window shows, and predicts the next step: its
mean, not a mixture as in the paper, for our pen's hand is nearly steady.  How often the window's
highest weight lies on the letter that is being written; and, of seed 0, words in its own hand.
About 12 CPU seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.tasks import Pen
from course_utils.tasks.pen import LETTERS
from course_utils.tasks.symbols import lengths
from course_utils.torch_nn.attention import Window
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """The pen, the network and its training."""

    letters: str = "celo"
    longest: int = 3
    spacing: float = 0.6
    jitter: float = 0.02
    hidden: int = 48
    components: int = 2
    updates: int = 400
    batch: int = 24
    lr: float = 0.01
    words: tuple = ("ole", "eco", "cole")
    seeds: tuple = tuple(range(20))


QUICK = Config(
    letters="lo", longest=2, spacing=1.0, jitter=0.0, hidden=24, updates=60, words=("lo",),
    seeds=(0,),
)  # fmt: skip


class Writer(torch.nn.Module):
    """An LSTM cell and a window over a one-hot text; it says dx, dy and whether a stroke ends."""

    def __init__(self, symbols, hidden, components):
        super().__init__()
        self.symbols = symbols
        self.cell = torch.nn.LSTMCell(3 + symbols, hidden)
        self.window = Window(hidden, components, pace=0.1)
        self.readout = torch.nn.Linear(hidden + symbols, 3)

    def forward(self, text, steps, count):
        """text (U, B), ids; steps (T, B, 3), or None to write alone -> says (count, B, 3), phi."""
        B = text.shape[1]
        seen = torch.nn.functional.one_hot(text, self.symbols).float()
        many = torch.tensor(lengths(text.numpy()))
        h = c = seen.new_zeros(B, self.cell.hidden_size)
        w, kappa, pen = seen[0] * 0, self.window.zeros(B), seen.new_zeros(B, 3)
        says, weights = [], []
        for t in range(count):
            h, c = self.cell(torch.cat([pen, w], dim=-1), (h, c))
            w, kappa, phi = self.window(h, kappa, seen, many)
            said = self.readout(torch.cat([h, w], dim=-1))
            says.append(said)
            weights.append(phi)
            own = torch.cat([said[:, :2], (said[:, 2:] > 0).float()], dim=-1)
            pen = own if steps is None else steps[t]
        return torch.stack(says), torch.stack(weights)


def run(config, progress=iter):
    """How often the window is at the letter being written; the error of a step; words written."""
    rows = over_seeds(partial(run_seed, config), config.seeds, progress)
    names = ("at_letter", "chance", "error", "still")
    medians = {name: median(rows, name) for name in names}
    by_seed = {f"{name}_by_seed": [row[name] for row in rows] for name in names}
    return {"of": len(rows), **medians, **by_seed, "pictures": rows[0]["pictures"]}


def run_seed(config, seed):
    """One writer, trained on random words."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pen = Pen(1, config.longest, config.letters, config.spacing, config.jitter)
    model = Writer(pen.alphabet.size, config.hidden, config.components)
    step = torch_step(model, charged, lambda: pen.sample(rng, config.batch), lr=config.lr)
    fit(step, config.updates, bar=False)
    hits, chances, errors, stills = [], [], [], []
    rng = np.random.default_rng((seed, 1))
    for _ in range(60):
        word = "".join(rng.choice(list(config.letters), config.longest))
        steps = torch.tensor(pen.write(word, rng)[:, None], dtype=torch.float32)
        text = torch.tensor(pen.alphabet.encode([word]))
        with torch.no_grad():
            says, phi = model(text, steps, len(steps))
        owner = owners(word, steps[:, 0, 2].numpy())
        hits.append(float((phi[:, 0].argmax(-1).numpy() == owner).mean()))
        chances.append(1 / len(word))
        errors.append(float(((says - steps)[..., :2] ** 2).mean()))
        stills.append(float((steps[..., :2] ** 2).mean()))
    return {
        "at_letter": float(np.mean(hits)),
        "chance": float(np.mean(chances)),
        "error": float(np.mean(errors)),
        "still": float(np.mean(stills)),
        "pictures": [picture(model, pen, word, config) for word in config.words],
    }


def charged(model, batch):
    """Squared error of dx and dy, cross-entropy of the stroke's end, where there is a step."""
    steps = torch.tensor(batch.target, dtype=torch.float32)
    says, _ = model(torch.tensor(batch.x), steps, len(steps))
    mask = torch.tensor(batch.mask)
    moved = ((says - steps)[..., :2] ** 2).sum(-1)
    ends = torch.nn.functional.binary_cross_entropy_with_logits(
        says[..., 2], steps[..., 2], reduction="none"
    )
    return (moved + 0.3 * ends)[mask].mean()


def owners(word, ends):
    """Which letter each step belongs to; ends (T,), 1 where a stroke ends."""
    strokes = np.repeat(np.arange(len(word)), [len(LETTERS[letter]) for letter in word])
    return strokes[(np.cumsum(ends) - ends).astype(int)]


@torch.no_grad()
def picture(model, pen, word, config):
    """A word written alone: its steps (T, 3) and the window's weights (T, U)."""
    steady = Pen(1, config.longest, config.letters, config.spacing, 0.0)
    count = len(steady.write(word, np.random.default_rng(0)))
    says, phi = model(torch.tensor(pen.alphabet.encode([word])), None, count)
    steps = torch.cat([says[:, 0, :2], (says[:, 0, 2:] > 0).float()], dim=-1)
    return {
        "word": word,
        "steps": np.round(steps.tolist(), 3).tolist(),
        "phi": np.round(phi[:, 0].tolist(), 3).tolist(),
    }
