"""A character model in training: one update of all processes, and all that it stands on, on disk.

The rows of a mini-batch are strips of the text that are read side by side, each with a state that
is carried from chunk to chunk.  So a row belongs to one process for as long as the training lasts,
and its state stays there.  Each process has as many rows: the mean of their gradients, which
DistributedDataParallel takes while the backward pass runs, is the gradient of the whole batch, and
the norm that is clipped is the norm of that.
"""

import math
from dataclasses import asdict, dataclass
from itertools import islice

import numpy as np
import torch

from course_utils.distributed.checkpoints import CheckpointError
from course_utils.errors import UserError
from course_utils.lab.language_models import CharModel, detached
from course_utils.tasks.text import streams
from course_utils.training import Diverged, distributed


@dataclass(frozen=True)
class Config:
    """What decides the numbers of a training: another value is another training.

    Sizes of the net, batch (rows in all processes together), length of a chunk, epochs, the
    learning rate, which falls linearly to a twentieth, the norm that is clipped to, precision.
    """

    corpus: str = "help"
    cell: str = "lstm"
    embedding: int = 32
    hidden: int = 256
    layers: int = 1
    dropout: float = 0.0
    batch: int = 32
    length: int = 64
    epochs: int = 16
    lr: float = 4e-3
    clip: float = 1.0
    dtype: str = "float32"
    seed: int = 0


class Trainer:
    """A model, its optimiser and schedule, the place in the text, and the states carried there.

    ``step()`` is one update of all processes -> the mean loss in nats; ``loss`` and ``norm``, of
    the gradient before clipping, are the last update's.  ``content()`` is what a checkpoint keeps,
    the same for all processes; ``restore(content)`` goes on from there, with as many processes or
    not.  UserError names an argument that does not fit; Diverged where a loss or its gradient is no
    number, which leaves the weights as they were.
    """

    def __init__(self, config, corpus, processes):
        self.config, self.corpus, self.processes = config, corpus, processes
        self.rows = processes.rows(config.batch, "--batch")
        self.chunks = _chunks(corpus.epoch(0, config.seed), config)
        self.updates = config.epochs * self.chunks
        torch.manual_seed(config.seed)
        self.model = _model(config, len(corpus.vocabulary)).to(processes.device)
        self.net = distributed(self.model)
        self.adam = torch.optim.Adam(self.model.parameters(), config.lr)
        self.schedule = torch.optim.lr_scheduler.LinearLR(self.adam, 1.0, 0.05, self.updates)
        self.done, self.state, self._coming = 0, None, None
        self.loss = self.norm = math.nan
        if processes.size > 1:
            self._settle()

    @property
    def epoch(self):
        """How many epochs are behind."""
        return self.done // self.chunks

    def step(self):
        """One update -> the mean loss of all processes, in nats."""
        x, target = self._next()
        torch.manual_seed(_seed(self.config.seed, self.processes.rank, self.done))  # of the dropout
        self.model.train()
        loss, state = self._loss(x, target, self.state)
        self.adam.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.loss, self.norm = self.processes.mean(loss.detach()).item(), norm.item()
        if not (math.isfinite(self.loss) and math.isfinite(self.norm)):  # before it is in a weight
            raise Diverged(
                f"update {self.done + 1}: the loss is {self.loss}, the norm of its gradient "
                f"{self.norm}; try a smaller --lr or --clip"
            )
        self.adam.step()
        self.schedule.step()
        self.done += 1
        self.state = None if self.done % self.chunks == 0 else detached(state)
        return self.loss

    def content(self):
        """What a checkpoint keeps; every process takes part, for each has states of its own."""
        carried = () if self.state is None else _tuple(self.state)
        return {
            "config": asdict(self.config),
            "text": {"vocabulary": self.corpus.vocabulary, "sha256": self.corpus.sha256},
            "updates": self.done,
            "model": self.model.state_dict(),
            "optimiser": self.adam.state_dict(),
            "schedule": self.schedule.state_dict(),
            "state": [self.processes.gathered(s, dim=1).cpu() for s in carried],  # (L, B, H)
        }

    def restore(self, content, name="the checkpoint"):
        """Go on from what a checkpoint kept, each process with its rows of the carried states."""
        _same(self.config, self.corpus, content, name)
        self.model.load_state_dict(content["model"])
        self.adam.load_state_dict(content["optimiser"])
        self.schedule.load_state_dict(content["schedule"])
        own = [s[:, self.rows].contiguous().to(self.processes.device) for s in content["state"]]
        self.state = None if not own else own[0] if len(own) == 1 else tuple(own)
        self.done, self._coming = content["updates"], None

    def held_out_bits(self):
        """Bits per character of the held-out text, read in one go after the end of the training
        text; by this process alone.
        """
        ids = self.corpus.epoch(0, self.config.seed)[-2000:]
        return bits(self.model, self.corpus.held_out, ids, self.processes.device)

    def _next(self):
        """The coming chunk of this process's rows: inputs and targets, each (length, rows)."""
        if self._coming is None or self.done % self.chunks == 0:
            ids = self.corpus.epoch(self.epoch, self.config.seed)
            chunks = streams(ids, self.config.batch, self.config.length)
            self._coming = islice(chunks, self.done % self.chunks, None)
        device = self.processes.device
        return (torch.from_numpy(a[:, self.rows].copy()).to(device) for a in next(self._coming))

    def _loss(self, x, target, state):
        logits, state = self.net(x, state)
        nats = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
        return nats, state

    def _settle(self):
        """A backward pass for nothing: by the first, DistributedDataParallel finds the order in
        which it sums ever after.  So the first update after a checkpoint sums as the others do.
        """
        x, target = self._next()
        self._loss(x, target, None)[0].backward()
        self.adam.zero_grad()
        self._coming = None


def model_of(content):
    """The model and its vocabulary, on the CPU, from what ``checkpoints.read`` gave."""
    vocabulary = content["text"]["vocabulary"]
    model = _model(Config(**content["config"]), len(vocabulary))
    model.load_state_dict(content["model"])
    return model.eval(), vocabulary


@torch.no_grad()
def bits(model, ids, before, device, piece=20_000):
    """Mean bits per character of ids (N,), read in one go after ``before``; piece: characters at a
    time, which memory decides and nothing else.
    """
    model.eval()
    whole = torch.from_numpy(np.concatenate([before, ids])).to(device)[:, None]
    state, nats = None, []
    for x, y in zip(whole[:-1].split(piece), whole[1:].split(piece), strict=True):
        logits, state = model(x, state)
        nats.append(torch.nn.functional.cross_entropy(logits[:, 0], y[:, 0], reduction="none"))
    return torch.cat(nats)[-len(ids) :].double().mean().item() / math.log(2)


def _model(config, size):
    """On the CPU, in the precision of the config."""
    try:
        model = CharModel(
            size, config.embedding, config.hidden, config.layers, config.dropout, config.cell
        )
    except (KeyError, ValueError) as error:
        raise UserError(str(error.args[0])) from None
    return model.to(getattr(torch, config.dtype))


def _chunks(ids, config):
    """Chunks of an epoch."""
    try:
        return sum(1 for _ in streams(ids, config.batch, config.length))
    except ValueError as error:
        raise UserError(f"--{error}") from None


def _same(config, corpus, content, name):
    """CheckpointError where a checkpoint is of another training, by the name of the argument."""
    kept = content["config"]
    for argument, value in asdict(config).items():
        if argument != "corpus" and kept.get(argument) != value:
            raise CheckpointError(
                f"--{argument}: {name} was trained with {kept.get(argument)!r}, not {value!r}; "
                "give that, or another --out, or begin again with --fresh"
            )
    if content["text"]["sha256"] != corpus.sha256:
        raise CheckpointError(
            f"--corpus: {name} was trained on another text, {kept['corpus']!r} as it was then "
            "(Python's help differs between its versions); give that, or another --out"
        )


def _seed(*numbers):
    """A seed for each update of each process: nothing of a generator needs to be kept."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def _tuple(state):
    return state if isinstance(state, tuple) else (state,)
