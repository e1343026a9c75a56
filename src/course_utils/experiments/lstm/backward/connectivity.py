"""Which earlier characters does a prediction depend on?  LSTMs on Python's help text.

The gradient of a prediction with respect to every character before it, and what the prediction
costs when that character is another; both where a mark closes that was opened before; the loss when
the network is given only the last k characters; the loss on text it has trained on; and the loss
when all that is older than k characters is exchanged for another passage, counted apart for places
whose last characters stood in the training text, so that a table could know them, and for places
where they did not.  A small network, and a larger one that has trained longer.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from course_utils.lab import language_models as lm
from course_utils.lab.probing import CLOSES, OPENS
from course_utils.lab.statistics import median
from course_utils.tasks.ngram import KneserNey
from course_utils.tasks.text import python_help


@dataclass(frozen=True)
class Config:
    """The small network, as in charlm with fewer passes; contexts, and places in held-out text."""

    embedding: int = 32
    hidden: int = 128
    dropout: float = 0.0
    batch: int = 32
    length: int = 64
    passes: int = 5
    lr: float = 5e-3
    characters: int = 10**9
    contexts: tuple = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    places: int = 1000
    order: int = 8  # of the table of counts: it has seen a place whose last order - 1 it knows
    kept: tuple = (8, 16, 32, 64)  # the characters that an exchange leaves
    exchanged: int = 2000  # places at which the past is exchanged
    apart: tuple = (8, 40)  # characters from an opening mark to its closing one
    shown: tuple = (108, 20)  # characters of the passage before the predictions, predictions
    others: int = 16  # characters that take the place of each of the passage
    larger: tuple = (256, 0.3, 16, 4e-3)  # units, dropout, passes, first rate, as in text_lm
    seeds: tuple = (0, 1, 2)


QUICK = Config(
    hidden=32, passes=2, characters=60_000, contexts=(1, 8, 64), places=200, kept=(8, 16),
    exchanged=300, larger=(48, 0.0, 3, 1e-2), seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """Medians over seeds for the small network, and under ``large`` for the larger.

    ``trace``: what the first of the larger ones does with one passage.
    """
    text = read(config)
    table = KneserNey(text.train, config.order, len(text.vocabulary))
    larger = dict(zip(("hidden", "dropout", "passes", "lr"), config.larger, strict=True))
    wanted = [(c, seed) for c in (config, replace(config, **larger)) for seed in config.seeds]
    rows = [one_seed(c, text, table, seed) for c, seed in progress(wanted)]
    n = len(config.seeds)
    return {"contexts": list(config.contexts), "nets": n} | summary(config, rows[:n]) | {
        "large": summary(config, rows[n:]), "trace": rows[n]["trace"],
    }  # fmt: skip


def summary(config, rows):
    """Medians over the seeds of one network."""
    context = np.median([row["context"] for row in rows], axis=0)
    reach = np.median([row["reach"] for row in rows], axis=0)
    return {
        "bits": dict(zip(map(str, config.contexts), context.tolist(), strict=True)),
        "by_seed": [row["context"] for row in rows],
        "reach": reach.tolist(),
        "last_ten": float(reach[:10].sum() / reach.sum()),
        "seen": median(rows, "seen"),
        "held_out": median(rows, "held_out"),
        "past": {kind: medians([row["past"][kind] for row in rows]) for kind in rows[0]["past"]},
        "marks": {kind: medians([row["marks"][kind] for row in rows]) for kind in rows[0]["marks"]},
    }


def medians(rows):
    """The median of each number over the seeds, and all numbers by seed."""
    return {k: float(np.median([row[k] for row in rows])) for k in rows[0]} | {
        "by_seed": {k: [row[k] for row in rows] for k in rows[0]}
    }


def read(config):
    """The text, or its beginning."""
    text = python_help()
    return type(text)(text.name, text.characters[: config.characters], text.share)


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def one_seed(config, text, table, seed):
    """Train; losses by context, mean sensitivities by distance, loss on seen and unseen text, loss
    with an exchanged past, sensitivities to the marks that opened, and one passage to look at."""
    model = train(config, text, seed)
    longest = max(config.contexts)
    rng = np.random.default_rng((seed, 1))
    places = rng.integers(longest, len(text.held_out) - 1, config.places)
    windows = text.held_out[places[None] + np.arange(-longest, 1)[:, None]]  # (longest + 1, n)
    sensitivity = connections(model, windows[-65:])  # (64, n), nearest first
    return {
        "context": [given(model, windows, k) for k in config.contexts],
        "reach": sensitivity.mean(axis=1).tolist(),
        "seen": lm.bits(model, text.train[-len(text.held_out) :]),
        "held_out": lm.bits(model, text.held_out),
        "past": past(config, model, table, text.held_out, longest, seed),
        "marks": marks(config, model, text),
        "trace": passage(config, model, text, seed),
    }


def train(config, text, seed):
    """A character model, the state carried from chunk to chunk."""
    torch.manual_seed(seed)
    model = lm.CharModel(
        len(text.vocabulary), config.embedding, config.hidden, dropout=config.dropout
    )
    passes = [text.train] * config.passes
    lm.train(model, passes, batch=config.batch, length=config.length, lr=config.lr)
    return model


def given(model, windows, k):
    """Bits per character of the last row of windows (T, n), given the k characters before it."""
    return float(last_bits(model, windows[-k - 1 :]).mean())


def last_bits(model, windows):
    """Bits of the last row of windows (T, n), given the rows before it -> (n,)."""
    ids = torch.from_numpy(windows.copy())
    with torch.no_grad():
        y, _ = model.layer(model.embedding(ids[:-1]))
        logp = torch.log_softmax(model.readout(y[-1]), dim=-1)
    return -logp.gather(1, ids[-1][:, None])[:, 0].numpy().astype(float) / np.log(2)


def past(config, model, table, ids, longest, seed):
    """Bits with the past as it was and exchanged, where the table knows the context and where not.

    intact: all characters as they stand; table: the same places by counting; other_k: what is older
    than k characters comes from another place of the text; shuffled: what is older than the second
    k is in random order; cost: of other_k at that k; error: of the mean cost.
    """
    rng = np.random.default_rng((seed, 2))
    places = rng.integers(longest, len(ids), config.exchanged)
    windows = ids[places + np.arange(-longest, 1)[:, None]]  # (longest + 1, n)
    before = [tuple(map(int, column)) for column in windows[-config.order : -1].T]
    known = np.array([context in table.tables[-1] for context in before])
    counted = [-np.log2(table.distribution(context)[x])
               for context, x in zip(before, windows[-1], strict=True)]  # fmt: skip
    bits = {"intact": last_bits(model, windows), "table": np.array(counted)}
    for k in config.kept:
        mixed = windows.copy()
        mixed[: longest - k] = np.roll(windows[: longest - k], 1, axis=1)
        bits[f"other_{k}"] = last_bits(model, mixed)
    k = config.kept[1]
    mixed = windows.copy()
    mixed[: longest - k] = rng.permuted(windows[: longest - k], axis=0)
    bits["shuffled"] = last_bits(model, mixed)
    bits["cost"] = bits[f"other_{k}"] - bits["intact"]
    return {
        name: {k: float(v[where].mean()) for k, v in bits.items()}
        | {"share": float(where.mean()),
           "error": float(bits["cost"][where].std() / np.sqrt(where.sum()))}
        for name, where in (("all", known | True), ("seen", known), ("new", ~known))
    }  # fmt: skip


def pairs(characters, least, most):
    """Places (opening, closing) of quotation marks and brackets, from least to most apart.

    An empty line closes everything, as in ``probing.labels``.
    """
    places, open_, quote = {"quotes": [], "brackets": []}, [], None
    for k, c in enumerate(characters):
        if c == "\n" and characters[k - 1 : k] == "\n":
            open_, quote = [], None
        elif c == '"' and quote is None:
            quote = k
        elif c == '"':
            places["quotes"].append((quote, k))
            quote = None
        elif c in OPENS:
            open_.append(k)
        elif c in CLOSES and open_:
            places["brackets"].append((open_.pop(), k))
    return {kind: [(a, b) for a, b in of if least <= b - a <= most] for kind, of in places.items()}


def marks(config, model, text, before=100):
    """How much a closing mark depends on the one that opened, beside its two neighbours.

    ratio: the sensitivity to the opening mark over the mean of the two beside it, median over the
    held-out places; largest: the share of places at which it is the largest of the three.
    without: bits that the closing mark costs more when a space stands in place of the opening one,
    the mean; beside: the same for the character after the opening mark.
    """
    space = text.encode(" ")[0]
    result = {}
    for kind, of in pairs(text.decode(text.held_out), *config.apart).items():
        of = np.array([pair for pair in of if pair[1] >= before])
        windows = text.held_out[of[:, 1] + np.arange(-before, 1)[:, None]]
        n, opened = np.arange(len(of)), before - of[:, 1] + of[:, 0]
        seen = connections(model, windows)[::-1]  # (before, n)
        here, *beside = (seen[opened + d, n] for d in (0, -1, 1))
        cost = [last_bits(model, windows)]
        for d in (0, 1):
            edited = windows.copy()
            edited[opened + d, n] = space
            cost.append(last_bits(model, edited))
        result[kind] = {
            "ratio": float(np.median(2 * here / sum(beside))),
            "largest": float((here > np.max(beside, axis=0)).mean()),
            "cost": float(cost[0].mean()),
            "without": float((cost[1] - cost[0]).mean()),
            "beside": float((cost[2] - cost[0]).mean()),
            "places": len(of),
        }
    return result


def passage(config, model, text, seed, before=200):
    """Predictions one after the other in one passage, and what each depends on.

    The passage is the first of the held-out text (after ``before`` characters) whose predictions
    end eight characters after a quotation that is 12 to 24 characters long.  For each prediction:
    its bits; ``sensitivity`` to each earlier character of the passage; ``change``: by how many
    bits its cost changes, up or down, when that character is another, drawn from the text.
    """
    lead, n = config.shown
    quotes = pairs(text.decode(text.held_out), 12, 24)["quotes"]
    end = next(b for _, b in quotes if b >= before + lead + n) + 9
    start = end - lead - n
    window = text.held_out[start - before : end]
    change = exchanged(config, model, text, window, before, seed)
    rows = []
    for place in range(before + lead, len(window)):
        column = window[: place + 1, None]
        sensitivity = connections(model, column)[::-1, 0][before:]  # the passage's characters alone
        rows.append({
            "bits": round(float(last_bits(model, column)[0]), 2),
            "sensitivity": [round(float(v), 4) for v in sensitivity],
            "change": [round(float(v), 3) for v in change[: place - before, place - before]],
        })  # fmt: skip
    characters = text.decode(window[before:])
    return {"text": characters, "first": lead, "predictions": rows}


def exchanged(config, model, text, window, before, seed):
    """[i, j]: mean |bits of character j with another character i - bits of it as it stands|.

    window (before + N,) ids, i and j from ``before`` on -> (N, N).
    """
    rng = np.random.default_rng((seed, 3))
    N = len(window) - before
    others = rng.choice(text.train, (N, config.others))
    rows = np.repeat(window[None], 1 + others.size, axis=0)
    places = np.arange(N)
    rows[1:].reshape(N, config.others, -1)[places, :, before + places] = others
    ids = torch.from_numpy(rows.T.copy())
    with torch.no_grad():
        logits, _ = model(ids[:-1])
        logp = torch.log_softmax(logits[before - 1 :], dim=-1)
    bits = -logp.gather(-1, ids[before:, :, None])[..., 0].numpy() / np.log(2)  # (N, rows)
    change = np.abs(bits[:, 1:] - bits[:, :1]).reshape(N, N, config.others).mean(axis=-1)
    return change.T


def connections(model, windows):
    """‖d log p(last) / d embedding‖ of every character before the last: (T - 1, n), nearest first.

    windows (T, n) token ids.
    """
    ids = torch.from_numpy(windows.copy())
    vectors = model.embedding(ids[:-1]).detach().requires_grad_()
    y, _ = model.layer(vectors)
    logp = torch.log_softmax(model.readout(y[-1]), dim=-1)
    logp.gather(1, ids[-1][:, None]).sum().backward()
    return vectors.grad.norm(dim=-1).flip(0).numpy()
