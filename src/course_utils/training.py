"""The one loop over updates, for NumPy functions and PyTorch modules alike.

    step = torch_step(model, loss_of, lambda: task.sample(rng, 32), lr=1e-3)
    history = fit(step, updates=2000, check=error, done=lambda e: e < 0.01)

``step()`` does one update and returns its loss; everything else is the loop's: the progress bar,
the checks, stopping early, and saying clearly when training has diverged.
"""

import math
import os
import time
from dataclasses import dataclass, field
from numbers import Real

from course_utils.shapes import whole


class Diverged(FloatingPointError):
    """The loss stopped being a number; the message names the update and what to try."""


@dataclass
class History:
    """loss: one number per update; checks: (updates so far, value); stopped: early, or not."""

    loss: list = field(default_factory=list)
    checks: list = field(default_factory=list)
    seconds: float = 0.0
    stopped: bool = False

    @property
    def updates(self):
        """How many updates were made."""
        return len(self.loss)


def fit(step, updates, *, check=None, every=100, done=None, bar=True, label="training"):
    """Call ``step`` up to ``updates`` times; returns a History.

    check() is called after each ``every`` updates; training ends early when done(value) is true.
    bar=False is silent.  Diverged as soon as a loss is NaN or infinite.
    """
    updates, every = whole("updates", updates, 0), whole("every", every, 1)
    history, start = History(), time.perf_counter()
    for update in _shown(range(1, updates + 1), bar, label):
        loss = float(step())
        if not math.isfinite(loss):
            raise Diverged(
                f"update {update}: the loss is {loss}; try a smaller learning rate or clipping"
            )
        history.loss.append(loss)
        if check is not None and update % every == 0:
            value = check()
            history.checks.append((update, value))
            if done is not None and done(value):
                history.stopped = True
                break
    history.seconds = time.perf_counter() - start
    return history


def _shown(items, bar, label):
    if not bar:
        return items
    from tqdm.auto import tqdm

    return tqdm(items, desc=label, leave=False)


def torch_step(model, loss_of, sample, *, lr=1e-3, clip=1.0, optimiser=None):
    """One update of a torch module as a function without arguments, for ``fit``.

    loss_of(model, batch) -> scalar tensor; sample() -> batch; Adam unless an optimiser is given;
    the joint norm of all gradients is clipped to ``clip`` (None: not at all).
    """
    import torch

    _check_clip(clip)
    optimiser = optimiser or torch.optim.Adam(model.parameters(), lr)

    def step():
        loss = loss_of(model, sample())
        optimiser.zero_grad()
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        return loss.item()

    return step


class NumpyStep:
    """One update of a dict of arrays, for ``fit``; the present parameters are in ``.params``.

    loss_and_grads(params, batch) -> loss, grads with the keys of params; optimiser as in
    ``numpy_nn.optim``; the joint norm is clipped to ``clip`` (None: not at all).
    """

    def __init__(self, params, loss_and_grads, sample, optimiser, clip=1.0):
        _check_clip(clip)
        self.params, self.loss_and_grads, self.sample = params, loss_and_grads, sample
        self.optimiser, self.clip = optimiser, clip
        self.state = optimiser.init(params)

    def __call__(self):
        from course_utils.numpy_nn.optim import clip_norm

        loss, grads = self.loss_and_grads(self.params, self.sample())
        if self.clip is not None:
            grads, _ = clip_norm(grads, self.clip)
        self.params, self.state = self.optimiser.update(self.params, grads, self.state)
        return loss


def _check_clip(clip):
    if clip is not None and (isinstance(clip, bool) or not isinstance(clip, Real) or not clip > 0):
        raise ValueError(f"clip: expected a positive number, or None for no clipping, got {clip!r}")


def distributed(model):
    """The model for data-parallel training when torchrun started us, else the model itself.

    Each process draws its own batches (seed the generator with RANK); gradients are averaged.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return model
    import torch

    device = next(model.parameters()).device
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return torch.nn.parallel.DistributedDataParallel(model)
