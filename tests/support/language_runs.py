"""Runs of the program that trains a language model: small, stopped at will, compared bit by bit."""

import json

import torch

from course_utils.distributed import language
from course_utils.distributed.trainer import Trainer

SIZES = {"hidden": 8, "embedding": 4, "batch": 6, "length": 8, "epochs": 2, "lr": 0.01}


def arguments(text, out, **changed):
    options = {"corpus": text, "device": "cpu", "out": out, "every": 2, "keep": 20}
    options |= SIZES | changed
    return [f"--{name}={value}" for name, value in options.items()] + ["--quiet"]


def log_of(out):
    return (out / "log.jsonl").read_text("utf-8")


def losses(out):
    lines = [json.loads(line) for line in log_of(out).splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def weights(out):
    return language.load(out)[0].state_dict()


def same(out, other):
    """The same log, byte by byte, and the same weights, bit by bit."""
    assert log_of(out) == log_of(other)
    for name, p in weights(other).items():
        torch.testing.assert_close(weights(out)[name], p, rtol=0, atol=0)


class Killed(BaseException):
    """What the tests stop a run with, at once and without a word."""


def killed_at(monkeypatch, update):
    """No training gets further than so many updates, and none has a word to say."""
    step = Trainer.step

    def killed(trainer):
        if trainer.done == update:
            raise Killed
        return step(trainer)

    monkeypatch.setattr(Trainer, "step", killed)
