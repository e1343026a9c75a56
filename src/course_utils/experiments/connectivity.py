"""Which earlier characters does a prediction depend on?  An LSTM on Python's help text.

Five views: the gradient of a prediction with respect to every character before it; the same where
a mark closes that was opened before; the loss when the network is given only the last k characters;
the loss on text it has trained on; and the loss when all that is older than k characters is
exchanged for another passage, counted apart for places whose last characters stood in the training
text, so that a table could know them, and for places where they did not.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.experiments._probe import CLOSES, OPENS
from course_utils.experiments.charlm import CharModel, bits, detached
from course_utils.tasks.ngram import KneserNey
from course_utils.tasks.text import python_help, streams
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Network and training as in charlm, shorter; contexts, and places in the held-out text."""

    embedding: int = 32
    hidden: int = 128
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
    shown: tuple = (88, 40)  # characters of the passage before the predictions, predictions
    seeds: tuple = (0, 1, 2)


QUICK = Config(
    hidden=32, passes=2, characters=60_000, contexts=(1, 8, 64), places=200, kept=(8, 16),
    exchanged=300, seeds=(0,)
)  # fmt: skip


def run(config, progress=iter):
    """Medians over seeds; ``trace``: predictions of the first network, one after the other."""
    text = read(config)
    table = KneserNey(text.train, config.order, len(text.vocabulary))
    rows = [one_seed(config, text, table, seed) for seed in progress(config.seeds)]
    context = np.median([row["context"] for row in rows], axis=0)
    reach = np.median([row["reach"] for row in rows], axis=0)
    return {
        "contexts": list(config.contexts),
        "bits": dict(zip(map(str, config.contexts), context.tolist(), strict=True)),
        "by_seed": [row["context"] for row in rows],
        "reach": reach.tolist(),
        "last_ten": float(reach[:10].sum() / reach.sum()),
        "seen": float(np.median([row["seen"] for row in rows])),
        "held_out": float(np.median([row["held_out"] for row in rows])),
        "past": {kind: medians([row["past"][kind] for row in rows]) for kind in rows[0]["past"]},
        "marks": {kind: medians([row["marks"][kind] for row in rows]) for kind in rows[0]["marks"]},
        "trace": rows[0]["trace"],
        "nets": len(rows),
    }


def medians(found):
    """The median of each number over the seeds, and all numbers by seed."""
    return {k: float(np.median([one[k] for one in found])) for k in found[0]} | {
        "by_seed": {k: [one[k] for one in found] for k in found[0]}
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
        "seen": bits(model, text.train[-len(text.held_out) :]),
        "held_out": bits(model, text.held_out),
        "past": past(config, model, table, text.held_out, longest, seed),
        "marks": marks(config, model, text),
        "trace": passage(config, model, text),
    }


def train(config, text, seed):
    """A character model, the state carried from chunk to chunk."""
    torch.manual_seed(seed)
    model = CharModel("lstm", len(text.vocabulary), config.embedding, config.hidden)
    chunks = [tuple(torch.from_numpy(a.copy()) for a in pair)
              for pair in streams(text.train, config.batch, config.length)]  # fmt: skip
    updates = config.passes * len(chunks)
    optimiser = torch.optim.Adam(model.parameters(), config.lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, updates)
    carried = {"state": None, "k": 0}

    def sample():
        k = carried["k"] % len(chunks)
        if k == 0:
            carried["state"] = None
        carried["k"] += 1
        return chunks[k]

    def loss_of(model, chunk):
        logits, state = model(chunk[0], carried["state"])
        carried["state"] = detached(state)
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), chunk[1].flatten())

    update = torch_step(model, loss_of, sample, optimiser=optimiser)

    def step():
        loss = update()
        schedule.step()
        return loss

    fit(step, updates, bar=False)
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
    found = {"intact": last_bits(model, windows), "table": np.array(counted)}
    for k in config.kept:
        mixed = windows.copy()
        mixed[: longest - k] = np.roll(windows[: longest - k], 1, axis=1)
        found[f"other_{k}"] = last_bits(model, mixed)
    k = config.kept[1]
    mixed = windows.copy()
    mixed[: longest - k] = rng.permuted(windows[: longest - k], axis=0)
    found["shuffled"] = last_bits(model, mixed)
    found["cost"] = found[f"other_{k}"] - found["intact"]
    return {
        name: {k: float(v[where].mean()) for k, v in found.items()}
        | {"share": float(where.mean()),
           "error": float(found["cost"][where].std() / np.sqrt(where.sum()))}
        for name, where in (("all", known | True), ("seen", known), ("new", ~known))
    }  # fmt: skip


def pairs(characters, least, most):
    """Places (opening, closing) of quotation marks and brackets, from least to most apart.

    An empty line closes everything, as in ``_probe.labels``.
    """
    found, open_, quote = {"quotes": [], "brackets": []}, [], None
    for k, c in enumerate(characters):
        if c == "\n" and characters[k - 1 : k] == "\n":
            open_, quote = [], None
        elif c == '"' and quote is None:
            quote = k
        elif c == '"':
            found["quotes"].append((quote, k))
            quote = None
        elif c in OPENS:
            open_.append(k)
        elif c in CLOSES and open_:
            found["brackets"].append((open_.pop(), k))
    return {kind: [(a, b) for a, b in of if least <= b - a <= most] for kind, of in found.items()}


def marks(config, model, text, before=100):
    """How much a closing mark depends on the one that opened, beside its two neighbours.

    ratio: the sensitivity to the opening mark over the mean of the two beside it, median over the
    held-out places; largest: the share of places at which it is the largest of the three.
    """
    result = {}
    for kind, of in pairs(text.decode(text.held_out), *config.apart).items():
        of = np.array([pair for pair in of if pair[1] >= before])
        windows = text.held_out[of[:, 1] + np.arange(-before, 1)[:, None]]
        seen = connections(model, windows)  # (before, n), nearest first
        back = of[:, 1] - of[:, 0] - 1  # its row: the nearest is one character back
        here, later, earlier = (seen[back + d, np.arange(len(of))] for d in (0, -1, 1))
        result[kind] = {
            "ratio": float(np.median(2 * here / (later + earlier))),
            "largest": float(((here > later) & (here > earlier)).mean()),
            "places": len(of),
        }
    return result


def passage(config, model, text, before=200):
    """Predictions one after the other in one passage: text, and for each its sensitivities.

    The passage is the first of the held-out text (after ``before`` characters and what is shown)
    whose predictions end eight characters after a quotation that is 12 to 24 characters long.
    """
    lead, n = config.shown
    quotes = pairs(text.decode(text.held_out), 12, 24)["quotes"]
    end = next(b for _, b in quotes if b >= before + lead + n) + 9
    start = end - lead - n
    rows, cost = [], []
    for place in range(start + lead, end):
        window = text.held_out[start - before : place + 1][:, None]
        found = connections(model, window)[::-1, 0][before:]  # of the passage's characters alone
        rows.append([round(float(v), 4) for v in found])
        cost.append(round(float(last_bits(model, window)[0]), 2))
    characters = text.decode(text.held_out[start:end])
    return {"text": characters, "first": lead, "sensitivity": rows, "bits": cost}


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
