"""Characters of Python's help text: recurrent networks beside n-grams, in bits per character."""

from dataclasses import dataclass

import numpy as np
import torch

from course_utils import torch_nn
from course_utils.tasks.ngram import NGram
from course_utils.tasks.text import python_help, streams
from course_utils.training import fit, torch_step


@dataclass(frozen=True)
class Config:
    """Orders of the n-grams, the networks, and training with a carried state."""

    orders: tuple = (1, 2, 3, 4, 5, 6)
    nets: tuple = (("rnn", 2e-3), ("lstm", 5e-3))  # cell and first learning rate
    embedding: int = 32
    hidden: int = 128
    batch: int = 32
    length: int = 64
    passes: int = 16
    characters: int = 10**9  # of the text, from its start
    temperatures: tuple = (0.5, 1.0, 1.5)
    seeds: tuple = (0, 1, 2)


QUICK = Config(
    orders=(1, 3), nets=(("rnn", 5e-3),), hidden=32, passes=2, characters=60_000, seeds=(0,),
    temperatures=(1.0,),
)  # fmt: skip


class CharModel(torch.nn.Module):
    """Embedding, recurrent layer, readout: ids (T, B) -> logits (T, B, V) and the last state."""

    def __init__(self, key, size, embedding, hidden):
        super().__init__()
        self.embedding = torch.nn.Embedding(size, embedding)
        self.layer = torch_nn.Recurrent(key, embedding, hidden)
        self.readout = torch.nn.Linear(hidden, size)

    def forward(self, ids, state=None):
        y, state = self.layer(self.embedding(ids), state)
        return self.readout(y), state


def run(config, progress=iter):
    """Bits per character on the held-out end of the text, parameters, and samples."""
    text = read(config)
    size = len(text.vocabulary)
    both = np.concatenate([text.train, text.held_out])
    models = {str(k): NGram(text.train, k, size) for k in config.orders}
    found = {
        "uniform": float(np.log2(size)),
        "ngram": {k: model.bits(both, text.cut) for k, model in models.items()},
        "entries": {k: model.entries for k, model in models.items()},
        "nets": {},
        "vocabulary": size,
        "characters": len(both),
    }
    best = min(found["ngram"], key=found["ngram"].get)
    found |= {"best_order": int(best), "best_ngram": found["ngram"][best]}
    found["best_entries"] = found["entries"][best]
    for key, lr in config.nets:
        rows = [one(config, text, key, lr, seed) for seed in progress(config.seeds)]
        found["nets"][key] = {
            "bits": float(np.median([row["bits"] for row in rows])),
            "by_seed": [row["bits"] for row in rows],
            "parameters": rows[0]["parameters"],
            "curve": rows[0]["curve"],
            "samples": rows[0]["samples"],
        }
    return found


def read(config):
    """The text, or its beginning."""
    text = python_help()
    return type(text)(text.name, text.characters[: config.characters], text.share)


def data(config):
    """The text by its hash: it differs between Python versions."""
    text = read(config)
    return {"name": text.name, "sha256": text.sha256}


def one(config, text, key, lr, seed):
    """Train one network on strips of the text, the state carried from chunk to chunk."""
    torch.manual_seed(seed)
    model = CharModel(key, len(text.vocabulary), config.embedding, config.hidden)
    chunks = [
        (torch.from_numpy(x.copy()), torch.from_numpy(y.copy()))
        for x, y in streams(text.train, config.batch, config.length)
    ]
    updates = config.passes * len(chunks)
    optimiser = torch.optim.Adam(model.parameters(), lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, updates)
    carried = {"state": None, "k": 0}

    def sample():
        k = carried["k"] % len(chunks)
        if k == 0:
            carried["state"] = None  # a new pass begins with an empty memory
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

    history = fit(step, updates, bar=False)
    curve = np.array(history.loss[: len(history.loss) // 50 * 50]).reshape(-1, 50).mean(axis=1)
    return {
        "bits": bits(model, text.held_out),
        "parameters": sum(p.numel() for p in model.parameters()),
        "curve": (curve / np.log(2)).round(3).tolist(),
        "samples": {str(t): write(model, text, t, 300, seed) for t in config.temperatures},
    }


def detached(state):
    """The same numbers, cut off from the graph that computed them."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def bits(model, ids):
    """Mean bits per character of ids (N,), read in one pass from an empty memory."""
    x = torch.from_numpy(ids.copy())[:, None]
    with torch.no_grad():
        logits, _ = model(x[:-1])
        nats = torch.nn.functional.cross_entropy(logits[:, 0], x[1:, 0])
        return nats.item() / float(np.log(2))


def write(model, text, temperature, n, seed):
    """n characters, each drawn from softmax(logits / temperature) and fed back."""
    rng = np.random.default_rng(seed)
    ids, state = [int(text.encode("\n")[0])], None
    with torch.no_grad():
        for _ in range(n):
            logits, state = model(torch.tensor([[ids[-1]]]), state)
            p = torch.softmax(logits[0, 0].double() / temperature, dim=0).numpy()
            ids.append(int(rng.choice(len(p), p=p / p.sum())))
    return text.decode(ids[1:])
