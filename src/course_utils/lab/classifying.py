"""Classifying sequences: summary features, dynamic time warping, and recurrent nets."""

from copy import deepcopy

import numpy as np
import torch

from course_utils import numpy_nn, torch_nn
from course_utils.training import fit, torch_step


def summaries(x, lengths):
    """What can be said of a sequence without its order, and how far it went: (n, 5 D + 1).

    x (T, n, D) filled up behind lengths (n,).  Mean, spread, least and largest value of each
    channel, last minus first value, and the length.
    """
    there = (np.arange(len(x))[:, None] < lengths)[..., None]  # (T, n, 1)
    mean = np.where(there, x, 0).sum(0) / lengths[:, None]
    spread = np.sqrt((np.where(there, x - mean, 0) ** 2).sum(0) / lengths[:, None])
    low, high = np.where(there, x, np.inf).min(0), np.where(there, x, -np.inf).max(0)
    change = x[lengths - 1, np.arange(x.shape[1])] - x[0]
    return np.concatenate([mean, spread, low, high, change, lengths[:, None]], 1)


def logistic(train, labels, test, strength=1.0):
    """Class of each row of ``test`` by logistic regression; features scaled on ``train`` alone."""
    from sklearn.linear_model import LogisticRegression  # extra [digits] brings scikit-learn
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))
    return model.fit(train, labels).predict(test)


def warped(x, lengths, others, other_lengths):
    """Dynamic time warping: the cost (n, m) of the cheapest alignment of each pair.

    x (T, n, D), others (S, m, D).  The cost of a pair of steps is their squared distance; an
    alignment starts at both first steps, ends at both last ones and moves by one step in either or
    in both.  All pairs side by side.  Sakoe & Chiba 1978, the symmetric form without weights, and
    without a window.
    """
    T, S = len(x), len(others)
    n, m = len(lengths), len(other_lengths)
    before = np.full((S + 1, n, m), np.inf)  # row t - 1 of the table; column 0 is outside
    before[0] = 0
    cost = np.empty((n, m))
    for t in range(T):
        row = np.full((S + 1, n, m), np.inf)
        far = (x[t] ** 2).sum(-1)[:, None]  # (n, 1)
        for s in range(S):
            step = far + (others[s] ** 2).sum(-1) - 2 * x[t] @ others[s].T  # (n, m)
            row[s + 1] = step + np.minimum(np.minimum(before[s], before[s + 1]), row[s])
        for pair_end in np.unique(other_lengths):
            here = np.ix_(lengths == t + 1, other_lengths == pair_end)
            cost[here] = row[pair_end][here]
        before = row
    return cost


def nearest(distances, labels):
    """The label (n,) of the nearest of m, from distances (n, m)."""
    return labels[distances.argmin(1)]


class Reader(torch.nn.Module):
    """x (T, n, D) and lengths -> logits (n, classes), from the last state of each sequence.

    Tokens (T, n) are read as one-hot vectors of ``inputs``; tokens beyond are padding.
    retention: as for ``numpy_nn.init_params``; drop: the share of the last state that dropout takes
    in training.
    """

    def __init__(self, key, inputs, hidden, classes, seed, *, retention=None, drop=0.2):
        super().__init__()
        rng = np.random.default_rng(seed)
        params = numpy_nn.init_params(key, inputs, hidden, rng, np.float32, retention=retention)
        self.inputs, self.layer = inputs, torch_nn.from_numpy(key, params)
        self.drop, self.readout = torch.nn.Dropout(drop), torch.nn.Linear(hidden, classes)
        with torch.no_grad():
            for p in self.readout.parameters():
                p.copy_(torch.from_numpy(rng.uniform(-(hidden**-0.5), hidden**-0.5, p.shape)))

    def forward(self, x, lengths):
        if x.ndim == 2:
            x = torch.nn.functional.one_hot(x, self.inputs + 1)[..., : self.inputs].float()
        x = x[: int(lengths.max())]
        y, _ = self.layer(x, lengths=lengths)
        last = y[lengths - 1, torch.arange(len(lengths))]
        return self.readout(self.drop(last))


def learn(model, train, held, *, updates, batch, lr, seed, noise=0.0, every=50):
    """Train a Reader; keeps the weights that are right most often on ``held``.

    train, held: (x, lengths, labels), arrays, scaled; noise: standard deviation of what is added to
    the inputs in training.  Returns the share that is right on ``held``.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 1))
    x, lengths, labels = as_tensors(*train)
    best = [-1.0, None]

    def sample():
        rows = torch.from_numpy(rng.integers(len(labels), size=batch))
        chosen = x[:, rows]
        if noise:
            chosen = chosen + noise * torch.from_numpy(rng.standard_normal(chosen.shape)).float()
        return chosen, lengths[rows], labels[rows]

    def loss(net, drawn):
        return torch.nn.functional.cross_entropy(net(*drawn[:2]), drawn[2])

    def check():
        right = float((classes(model, *held[:2]) == held[2]).mean())
        model.train()
        if right >= best[0]:
            best[:] = right, deepcopy(model.state_dict())
        return right

    step = torch_step(model, loss, sample, lr=lr)
    fit(step, updates, check=check, every=min(every, updates), bar=False)
    model.load_state_dict(best[1])
    return best[0]


def as_tensors(x, lengths, *labels):
    """Tokens stay whole numbers, the rest is float32."""
    x = torch.from_numpy(np.asarray(x))
    rest = [torch.from_numpy(np.asarray(v)) for v in (lengths, *labels)]
    return [x if x.ndim == 2 else x.float(), *rest]


@torch.no_grad()
def classes(model, x, lengths):
    """The class (n,) that a Reader gives each sequence, without dropout."""
    model.eval()
    return model(*as_tensors(x, lengths)).argmax(-1).numpy()
