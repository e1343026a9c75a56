"""Does a new subject make the cell forget the old one, and do its gates decide?

Look into trained networks; then hold gates, cut the path through c or through h, and see what
breaks.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils import torch_nn
from course_utils.lab.ablation import CUTS, HELD, ablate, scores
from course_utils.lab.gate_bias import set_layer_bias
from course_utils.lab.statistics import median
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
    keeps: float = 0.99  # where the forget gates of the second kind of net start
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
    """Per seed: agreement of the pronouns, and the gates of the unit that knows the gender.

    The nets start with the usual weights; under ``keeps``, with forget gates nearly open as well.
    """
    rows, kept = [], []
    for seed in progress(config.seeds):
        rows.append(one_seed(config, seed))
        kept.append(one_seed(config, seed, config.keeps))
    forgets = [row["forget_new"] < row["forget_filler"] for row in rows]
    return {
        "seeds": untraced(rows),
        **middle(rows),
        "keeps": middle(kept) | {"seeds": untraced(kept)},
        "forgets": sum(forgets),
        "of": len(rows),
        "trace": rows[0]["trace"],
    }


def untraced(rows):
    """The rows without the traces of single sentences."""
    return [{k: v for k, v in row.items() if k != "trace"} for row in rows]


def middle(rows):
    """Medians over the seeds."""
    names = "agreement correlation forget_new forget_same forget_filler carried".split()
    medians = {name: median(rows, name) for name in names}
    for way, keys in (("held", HELD), ("cut", CUTS)):
        medians[way] = {k: median(rows, way, k) for k in keys}
    return medians


def one_seed(config, seed, keeps=None):
    """Train, find the cell most correlated with the gender, read its gates on new text.

    keeps: what share of the cell state the forget gates let pass at the start; None leaves the
    usual weights.
    """
    torch.manual_seed(seed)
    task, rng = Subjects(config.length), np.random.default_rng((seed, 1))
    model = Model(config.hidden)
    if keeps is not None:
        set_layer_bias(model.layer, "f", np.log(keeps / (1 - keeps)))

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
    params, x = torch_nn.to_numpy(model.layer), one_hot(new.x).numpy()
    seen = ablate(params, x)
    known = gender(new.x)
    correlation = [np.corrcoef(seen["c"][..., k].ravel(), known.ravel())[0, 1]
                   for k in range(config.hidden)]  # fmt: skip
    unit = int(np.argmax(np.abs(correlation)))
    f = seen["f"][..., unit]
    named = new.x < len(WOMEN) + len(MEN)
    changed = np.zeros_like(named)
    changed[1:] = named[1:] & (known[1:] != known[:-1])
    same = named & ~changed
    same[0] = False
    filler = new.x >= len(WOMEN) + len(MEN) + len(PRONOUNS)
    filler[:2] = False
    words = SENTENCE.split()
    ids = np.array([[WORDS.index(word)] for word in words])
    told = ablate(params, one_hot(ids).numpy())
    sign = float(np.sign(correlation[unit]))
    return {
        "agreement": agreement(model, new, seen["h"]),
        **scores(params, x, lambda h: agreement(model, new, h)),
        "carried": float(np.median(carried_share(seen, new, unit))),
        "correlation": float(abs(correlation[unit])),
        "forget_new": float(f[changed].mean()),
        "forget_same": float(f[same].mean()),
        "forget_filler": float(f[filler].mean()),
        "trace": {"words": words, "c": (sign * told["c"][:, 0, unit]).round(3).tolist()}
        | {k: told[k][:, 0, unit].round(3).tolist() for k in "ifo"},
    }


def asked(batch):
    """Where the next word is a pronoun (T, n)."""
    first = len(WOMEN) + len(MEN)
    return (batch.target == first) | (batch.target == first + 1)


def agreement(model, batch, h):
    """Share of pronouns before which the right one gets the higher probability, read from h."""
    first = len(WOMEN) + len(MEN)
    weight, bias = (p.detach().numpy() for p in model.readout.parameters())
    logits = h @ weight.T + bias
    guess = first + (logits[..., first + 1] > logits[..., first])
    return float((guess == batch.target)[asked(batch)].mean())


def carried_share(seen, batch, unit):
    """What part of the unit's content, before each pronoun, was written at the last name.

    That is what came along the cell state, shrunk by every forget gate on the way, over all that is
    there; the rest was written since, or is older.  Pronouns right after a name are left out:
    nothing had to be carried to them.
    """
    f, c = seen["f"][..., unit], seen["c"][..., unit]
    written = (seen["i"] * seen["g"])[..., unit]
    named = batch.x < len(WOMEN) + len(MEN)
    carried = np.zeros_like(c)
    for t in range(len(c)):  # carried (T, n): restarted by a name, else multiplied by f
        carried[t] = np.where(named[t], written[t], f[t] * carried[t - 1])
    return (carried / c)[asked(batch) & ~named]
