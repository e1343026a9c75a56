"""Dates as people write them in six languages, written anew as ISO 8601, and where was looked.

"fixed" hands on one vector, "attention" looks back.  Right, on days that were never trained on, by
the number of characters; how much of the attention lies on the right words; and, of seed 0, the
pictures.  About 16 CPU seconds a seed.
"""

import datetime
import re
from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import median
from course_utils.lab.translators import exact, trained, weights, written
from course_utils.numpy_nn.seq2seq import Seq2Seq, seq2seq
from course_utils.tasks import Dates, dates
from course_utils.tasks.symbols import lengths

ISO = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}
PATTERNS = {  # in which order the words come
    "d MMMM y": ("day", "month", "year"),
    "MMMM d, y": ("month", "day", "year"),
    "EEEE, d MMMM y": ("weekday", "day", "month", "year"),
}
SHOWN = (
    ("en_US", "MMMM d, y"),
    ("de_DE", "EEEE, d MMMM y"),
    ("fr_FR", "d MMMM y"),
    ("es_ES", "dd.MM.yyyy"),
)


@dataclass(frozen=True)
class Config:
    """The two networks, their training, and how many dates they are asked."""

    key: str = "lstm"
    hidden: int = 40
    updates: int = 400
    batch: int = 32
    lr: float = 0.01
    asked: int = 500
    day: str = "2004-09-23"
    locales: tuple = ("en_GB", "en_US", "de_DE", "fr_FR", "es_ES", "it_IT")
    seeds: tuple = tuple(range(20))


QUICK = Config(hidden=24, updates=40, asked=40, locales=("en_US",), seeds=(0,))
WAYS = ("fixed", "attention")


def run(config, progress=iter):
    """By way: right in all, by seed; where attention lay; the pictures of the first seed."""
    rows = over_seeds(partial(run_seed, config), config.seeds, progress)
    results = {"of": len(config.seeds), "pictures": rows[0]["pictures"], "day": config.day}
    for way in WAYS:
        own = [row[way] for row in rows]
        results[way] = {
            "weights": own[0]["weights"],
            "right": median(own, "right"),
            "by_seed": [r["right"] for r in own],
            "updates": own[0]["checked"],
            "loss": np.median([r["loss"] for r in own], axis=0).round(4).tolist(),
        }
    looks = [row["looks"] for row in rows]
    results["looks"] = {
        part: {"right_word": median(looks, part), "by_seed": [seen[part] for seen in looks]}
        for part in ISO
    }
    results["chance"] = median(looks, "chance")
    results["paths"] = {}
    for k, shown in enumerate(results["pictures"]):
        by_seed = [row["pictures"][k]["path"] for row in rows]
        middle = np.median(by_seed, axis=0).round(2).tolist()
        results["paths"][shown["text"]] = {"median": middle, "by_seed": by_seed}
    return results


def data(config):
    """The version that writes the dates."""
    return {"Babel": dates.version()}


def run_seed(config, seed):
    """Both networks, trained on the same dates."""
    task = Dates("train", locales=config.locales)
    test = Dates("test", locales=config.locales)
    x, target, *_ = test.sample(np.random.default_rng((seed, 1)), config.asked)
    found = {}
    for way in WAYS:
        model = Seq2Seq(
            task.source.size, task.target.size, key=config.key, hidden=config.hidden,
            score="additive" if way == "attention" else None,
        )  # fmt: skip
        options = {"updates": config.updates, "batch": config.batch, "lr": config.lr}
        params, losses = trained(model, task, seed, **options)
        found[way] = {
            "weights": weights(params),
            "right": float(exact(written(model, params, x, 12), target).mean()),
            "loss": np.reshape(losses[: len(losses) // 20 * 20], (-1, 20)).mean(axis=1).tolist(),
            "checked": list(range(20, config.updates + 1, 20)),
        }
    found["looks"] = looked(model, params, config, seed)
    day = datetime.date.fromisoformat(config.day)
    found["pictures"] = [
        picture(model, params, task, day, locale, form)
        for locale, form in SHOWN
        if locale in config.locales
    ]
    return found


def looked(model, params, config, seed):
    """For the digits of each part: the mean weight on the word that says it, its ends included."""
    task = Dates("test", locales=config.locales)
    rng = np.random.default_rng((seed, 2))
    seen = {part: [] for part in (*ISO, "chance")}
    for number in rng.choice(task.days, 60):
        day = datetime.date.fromordinal(int(number))
        form = list(PATTERNS)[rng.integers(len(PATTERNS))]
        shown = picture(model, params, task, day, rng.choice(config.locales), form)
        if len(spans := words(shown["text"])) != len(PATTERNS[form]):
            continue  # a point after the abbreviation, say
        weight = np.array(shown["weights"])
        for part, span in zip(PATTERNS[form], spans, strict=True):
            if part in ISO:
                seen[part].append(weight[ISO[part]][:, span].sum(axis=1).mean())
                seen["chance"].append((span.stop - span.start) / len(shown["text"]))
    return {part: float(np.mean(values)) for part, values in seen.items()}


def words(text):
    """Slices of the words and numbers of a text, each with the character after it."""
    return [slice(m.start(), min(m.end() + 1, len(text))) for m in re.finditer(r"\w+", text)]


def picture(model, params, task, day, locale, form):
    """One date: its text, what is written, the weights (11, S) of the right one.

    path (11,): where attention lay on average, the first character at 1.
    """
    text = dates.write(day, locale, form)
    x = task.source.encode([text])
    ids, wanted = written(model, params, x, 12), task.target.encode([day.isoformat()], end=True)
    _, weight, _ = seq2seq(model, params, x, wanted, lengths(x))
    return {
        "text": text,
        "locale": str(locale),
        "written": task.target.decode(ids)[0],
        "weights": np.round(weight[:, 0].tolist(), 3).tolist(),
        "path": (weight[:, 0] @ np.arange(1, len(text) + 1)).round(2).tolist(),
    }
