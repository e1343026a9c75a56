"""Which earlier characters does a prediction depend on?  An LSTM on Python's help text.

Three views: the gradient of one prediction with respect to every character before it; the loss
when the network is given only the last k characters; and the loss on text it has trained on.
"""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils.experiments.charlm import CharModel, bits, detached
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
    seeds: tuple = (0, 1, 2)


QUICK = Config(
    hidden=32, passes=2, characters=60_000, contexts=(1, 8, 64), places=200, seeds=(0,)
)  # fmt: skip


def run(config, progress=iter):
    """Medians over seeds; ``trace``: one prediction of the first network."""
    text = read(config)
    rows = [one_seed(config, text, seed) for seed in progress(config.seeds)]
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
        "trace": rows[0]["trace"],
        "nets": len(rows),
    }


def read(config):
    """The text, or its beginning."""
    text = python_help()
    return type(text)(text.name, text.characters[: config.characters], text.share)


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def one_seed(config, text, seed):
    """Train; losses by context, mean sensitivities by distance, loss on seen and unseen text."""
    model = train(config, text, seed)
    longest = max(config.contexts)
    rng = np.random.default_rng((seed, 1))
    places = rng.integers(longest, len(text.held_out) - 1, config.places)
    windows = text.held_out[places[None] + np.arange(-longest, 1)[:, None]]  # (longest + 1, n)
    sensitivity = connections(model, windows[-65:])  # (64, n), nearest first
    place = 2 * longest
    piece = text.held_out[place - 64 : place + 1]
    return {
        "context": [given(model, windows, k) for k in config.contexts],
        "reach": sensitivity.mean(axis=1).tolist(),
        "seen": bits(model, text.train[-len(text.held_out) :]),
        "held_out": bits(model, text.held_out),
        "trace": {
            "before": text.decode(piece[:-1]),
            "next": text.decode(piece[-1:]),
            "sensitivity": connections(model, piece[:, None])[::-1, 0].round(5).tolist(),
        },
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
    ids = torch.from_numpy(windows[-k - 1 :].copy())
    with torch.no_grad():
        logits, _ = model(ids[:-1])
        nats = torch.nn.functional.cross_entropy(logits[-1], ids[-1])
    return nats.item() / float(np.log(2))


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
