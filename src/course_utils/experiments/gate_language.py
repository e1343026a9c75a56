"""Does a new subject make the cell forget the old one?  Look into trained networks."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils import torch_nn
from course_utils.specs import SPECS
from course_utils.tasks.subjects import MEN, PRONOUNS, WOMEN, WORDS, Subjects, gender
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """The language, the networks, and training."""

    length: int = 40
    hidden: int = 12
    batch: int = 32
    lr: float = 0.01
    updates: int = 1500
    seeds: tuple = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)


QUICK = Config(updates=500, seeds=(0,))
SENTENCE = "Ada walked home then she sang quietly Alan slowly walked home again then he sang"


class Model(torch.nn.Module):
    """One-hot words, an LSTM, logits of the next word."""

    def __init__(self, hidden):
        super().__init__()
        self.layer = torch_nn.Recurrent("lstm", len(WORDS), hidden)
        self.readout = torch.nn.Linear(hidden, len(WORDS))

    def forward(self, ids):
        y, _ = self.layer(one_hot(ids))
        return self.readout(y)


def one_hot(ids):
    """(T, n) -> (T, n, V) float32."""
    return torch.nn.functional.one_hot(torch.as_tensor(ids), len(WORDS)).float()


def run(config, progress=iter):
    """Per seed: agreement of the pronouns, and the gates of the unit that knows the gender."""
    rows = [one_seed(config, seed) for seed in progress(config.seeds)]
    forgets = [row["forget_new"] < row["forget_filler"] for row in rows]
    return {
        "seeds": [{k: v for k, v in row.items() if k != "trace"} for row in rows],
        "agreement": float(np.median([row["agreement"] for row in rows])),
        "forget_new": float(np.median([row["forget_new"] for row in rows])),
        "forget_same": float(np.median([row["forget_same"] for row in rows])),
        "forget_filler": float(np.median([row["forget_filler"] for row in rows])),
        "correlation": float(np.median([row["correlation"] for row in rows])),
        "forgets": sum(forgets),
        "of": len(rows),
        "trace": rows[0]["trace"],
    }


def one_seed(config, seed):
    """Train, find the cell most correlated with the gender, read its gates on new text."""
    torch.manual_seed(seed)
    task, rng = Subjects(config.length), np.random.default_rng((seed, 1))
    model = Model(config.hidden)

    def loss_of(net, batch):
        logits = net(batch.x)
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), torch.as_tensor(batch.target).flatten()
        )

    fit(
        torch_step(model, loss_of, lambda: task.sample(rng, config.batch), lr=config.lr),
        config.updates,
        bar=False,
    )
    new = task.sample(np.random.default_rng((seed, 2)), 300)
    inside = gates(model, new.x)
    known = gender(new.x)
    correlation = [np.corrcoef(inside["c"][..., k].ravel(), known.ravel())[0, 1]
                   for k in range(config.hidden)]  # fmt: skip
    unit = int(np.argmax(np.abs(correlation)))
    f = inside["f"][..., unit]
    named = new.x < len(WOMEN) + len(MEN)
    changed = np.zeros_like(named)
    changed[1:] = named[1:] & (known[1:] != known[:-1])
    same = named & ~changed
    same[0] = False
    filler = new.x >= len(WOMEN) + len(MEN) + len(PRONOUNS)
    filler[:2] = False
    words = SENTENCE.split()
    ids = np.array([[WORDS.index(word)] for word in words])
    seen = gates(model, ids)
    sign = float(np.sign(correlation[unit]))
    return {
        "agreement": agreement(model, new),
        "correlation": float(abs(correlation[unit])),
        "forget_new": float(f[changed].mean()),
        "forget_same": float(f[same].mean()),
        "forget_filler": float(f[filler].mean()),
        "trace": {"words": words, "c": (sign * seen["c"][:, 0, unit]).round(3).tolist()}
        | {k: seen[k][:, 0, unit].round(3).tolist() for k in "ifo"},
    }


def gates(model, ids):
    """Gates and cell state at each step, by the printed equations: name -> (T, n, H)."""
    params = torch_nn.to_numpy(model.layer)
    x = one_hot(ids).numpy()
    spec, prev, found = SPECS["lstm"], None, []
    for x_t in x:
        if prev is None:
            prev = (np.zeros((x.shape[1], model.layer.hidden_size), np.float32),) * 2
        values = spec.oracle(params, x_t, prev)
        prev = (values["h"], values["c"])
        found.append([values[name] for name in "ifoc"])
    return dict(zip("ifoc", np.moveaxis(np.array(found, float), 1, 0), strict=True))


def agreement(model, batch):
    """Share of pronouns before which the right one got the higher probability."""
    first = len(WOMEN) + len(MEN)
    with torch.no_grad():
        logits = model(batch.x).numpy()
    asked = (batch.target == first) | (batch.target == first + 1)
    guess = first + (logits[..., first + 1] > logits[..., first])
    return float((guess == batch.target)[asked].mean())
