"""Where dropout's masks go in an LSTM and how often they are drawn: memory, and overfitting.

Seven ways, one probability.  "cue": the class stands in the first step, noise follows; every update
has new sequences, so there is nothing to overfit and only the harm shows.  "digits": a hundred
scanned digits read row by row, always the same ones, so that the good shows too.  All seeds train
side by side, as one batch of matrices.  Less than a CPU second a seed and way.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.lab.statistics import median
from course_utils.tasks import Digits

WAYS = ("none", "layers", "h_fresh", "h_one", "candidate", "cell", "zoneout")


@dataclass(frozen=True)
class Config:
    """The probability of every mask; the two tasks and their training."""

    p: float = 0.25
    gap: int = 20
    classes: int = 4
    cue_hidden: int = 16
    cue_updates: int = 300
    cue_batch: int = 32
    images: int = 100
    digits_hidden: int = 32
    digits_updates: int = 250
    lr: float = 0.01
    seeds: tuple = tuple(range(20))


QUICK = Config(
    gap=8,
    classes=2,
    cue_hidden=8,
    cue_updates=40,
    images=50,
    digits_updates=12,
    lr=0.04,
    seeds=(0, 1),
)


def run(config, progress=iter):
    """By task and way: accuracy on sequences never trained on, each seed and the median."""
    results = {"of": len(config.seeds), "chance": 1 / config.classes}
    for task in (cue, digits):
        found = results[task.__name__] = {}
        for way in progress(WAYS):
            rows = task(config, way)
            found[way] = {name: median(values) for name, values in rows.items()}
            found[way]["by_seed"] = rows["test"]
            found[way]["solved"] = sum(value > 0.95 for value in rows["test"])
    return results


def cue(config, way):
    """Accuracy at the end of a gap full of noise, after training on ever new sequences."""
    rngs = [np.random.default_rng((seed, 1)) for seed in config.seeds]
    nets = Nets(config, way, 2 * config.classes, config.cue_hidden, config.classes)
    for _ in range(config.cue_updates):
        nets.update(*stacked([cues(config, rng, config.cue_batch) for rng in rngs]))
    fresh = [cues(config, np.random.default_rng((seed, 2)), 300) for seed in config.seeds]
    return {"test": nets.accuracy(*stacked(fresh))}


def cues(config, rng, n):
    """x (T, n, 2K): a class of K in the first step, then noise on the other K; its id (n,)."""
    K = config.classes
    label = rng.integers(K, size=n)
    x = np.zeros((config.gap + 1, n, 2 * K), np.float32)
    x[0, :, :K] = np.eye(K)[label]
    x[1:, :, K:] = rng.standard_normal((config.gap, n, K))
    return x, label


def digits(config, way):
    """Accuracy on 500 digits, and on those trained on, after training on few."""
    train, test = [], []
    for seed in config.seeds:
        train.append(
            rows_of(Digits("train").sample(np.random.default_rng((seed, 3)), config.images))
        )
        test.append(rows_of(Digits("test").sample(np.random.default_rng((seed, 4)), 500)))
    nets = Nets(config, way, train[0][0].shape[-1], config.digits_hidden, 10)
    batch = stacked(train)
    for _ in range(config.digits_updates):
        nets.update(*batch)
    return {"test": nets.accuracy(*stacked(test)), "seen": nets.accuracy(*batch)}


def rows_of(images):
    """Pixels (64, n, 1), one a step -> rows (8, n, 8), eight pixels a step; the digits (n,)."""
    return images.x.reshape(8, 8, -1).transpose(0, 2, 1), images.target


def stacked(batches):
    """[(x (T, n, D), target (n,))] of S seeds -> tensors (S, T, n, D), (S, n)."""
    x, target = zip(*batches, strict=True)
    return torch.tensor(np.stack(x), dtype=torch.float32), torch.tensor(np.stack(target))


class Nets:
    """S LSTMs with a readout, side by side: every weight has a leading axis S."""

    def __init__(self, config, way, inputs, hidden, outputs):
        self.way, self.p, S = way, config.p, len(config.seeds)
        bound = hidden**-0.5
        shapes = {
            "W": (4 * hidden, inputs), "U": (4 * hidden, hidden), "b": (1, 4 * hidden),
            "V": (outputs, hidden), "d": (1, outputs),
        }  # fmt: skip
        draws = [torch.Generator().manual_seed(seed) for seed in config.seeds]
        self.weights = {
            name: torch.stack([(2 * torch.rand(shape, generator=g) - 1) * bound for g in draws])
            for name, shape in shapes.items()
        }
        self.weights["b"][:, :, hidden : 2 * hidden] += 2  # forget gates start nearly open
        self.masks = torch.Generator().manual_seed(S)
        for value in self.weights.values():
            value.requires_grad_()
        self.optimizer = torch.optim.Adam(self.weights.values(), lr=config.lr)

    def keep(self, like):
        """Inverted dropout: zeros with probability p, else 1 / (1 - p)."""
        return (torch.rand(like.shape, generator=self.masks) >= self.p).float() / (1 - self.p)

    def logits(self, x, train):
        """x (S, T, n, D) -> logits after the last step (S, n, K)."""
        w, way = self.weights, self.way if train else ("expected" if self.way == "zoneout" else "")
        h = c = x.new_zeros(*x.shape[:1], x.shape[2], w["U"].shape[-1])
        one = self.keep(h) if way == "h_one" else None  # drawn once for the whole sequence
        for x_t in x.unbind(1):
            x_t = x_t * self.keep(x_t) if way == "layers" else x_t
            seen = h * (self.keep(h) if way == "h_fresh" else 1 if one is None else one)
            a_i, a_f, a_g, a_o = (x_t @ w["W"].mT + seen @ w["U"].mT + w["b"]).chunk(4, -1)
            g = a_g.tanh() * (self.keep(a_g) if way == "candidate" else 1)
            new_c = a_f.sigmoid() * c + a_i.sigmoid() * g
            new_c = new_c * self.keep(c) if way == "cell" else new_c
            new_h = a_o.sigmoid() * new_c.tanh()
            h, c = self.zoned(way, h, new_h), self.zoned(way, c, new_c)
        h = h * self.keep(h) if way == "layers" else h
        return h @ w["V"].mT + w["d"]

    def zoned(self, way, old, new):
        """Zoneout: keep the old value with probability p; its expectation when testing."""
        if way == "zoneout":
            return torch.where(torch.rand(new.shape, generator=self.masks) < self.p, old, new)
        return self.p * old + (1 - self.p) * new if way == "expected" else new

    def update(self, x, target):
        """One step of Adam for every net on its own loss."""
        self.optimizer.zero_grad()
        logits = self.logits(x, train=True)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
        (loss * len(x)).backward()
        for value in self.weights.values():  # entry by entry: no net's gradient scales another's
            value.grad.clamp_(-0.1, 0.1)
        self.optimizer.step()

    @torch.no_grad()
    def accuracy(self, x, target):
        """Share of right answers of each net, a list of S."""
        return (self.logits(x, train=False).argmax(-1) == target).float().mean(1).tolist()
