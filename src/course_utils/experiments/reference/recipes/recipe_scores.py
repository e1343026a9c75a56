"""What each recipe reaches, and the baseline that it prints: run as it stands, with other seeds.

About 100 CPU seconds a seed for all twelve.
"""

import contextlib
import hashlib
import io
import tempfile
from dataclasses import dataclass

from course_utils import recipes
from course_utils.lab.statistics import median


@dataclass(frozen=True)
class Config:
    """Which recipes, settings that differ from those of the program, seeds."""

    names: tuple = (
        "align", "bidirectional", "classify", "deploy", "forecast", "generate", "interval",
        "lengths", "resume", "stream", "tag", "translate",
    )  # fmt: skip
    changed: tuple = ()
    seeds: tuple = (0, 1, 2)


QUICK = Config(names=("forecast",), changed=(("EPOCHS", 2),), seeds=(0,))


def run(config, progress=iter):
    """By recipe: reached and baseline (medians), both by seed, and forecast's linear rival."""
    cases = [(name, seed) for name in config.names for seed in config.seeds]
    rows = [(name, one(name, seed, dict(config.changed))) for name, seed in progress(cases)]
    values = {"of": len(config.seeds)}
    for name in config.names:
        mine = [row for other, row in rows if other == name]
        values[name] = {key: median(mine, key) for key in mine[0]} | {"by_seed": mine}
    return values


def data(config):
    """The programs, by the hash of their text."""
    return {name: hashlib.sha256(recipes.text(name).encode()).hexdigest() for name in config.names}


def one(name, seed, changed):
    """One run in an empty folder: its numbers."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with contextlib.redirect_stdout(io.StringIO()):
            found = recipes.run(name, SEED=seed, **changed)
    kept = ("reached", "baseline", "fear", "covered", "differ")
    return {key: float(found[key]) for key in kept if key in found}
