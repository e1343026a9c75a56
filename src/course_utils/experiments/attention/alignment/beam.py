"""Beam search where many answers are right: what a wider beam finds, and how long that is.

Digits are written again, each by one of its synonyms, drawn anew: any choice is right, none is
likely, and a network that has learned a little gives a small probability to ending too early.
Greedy, and beams without a penalty and by the mean log-probability of a token.  About 5 CPU
seconds a seed.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_utils.lab.seeds import over_seeds
from course_utils.lab.statistics import mean, median
from course_utils.lab.translators import trained
from course_utils.numpy_nn import search
from course_utils.numpy_nn.seq2seq import Seq2Seq, encode, next_token
from course_utils.tasks import DigitStrings
from course_utils.tasks.batch import Batch


@dataclass(frozen=True)
class Config:
    """The task, the network, its training, and the strings to write."""

    synonyms: int = 6
    shortest: int = 4
    longest: int = 8
    hidden: int = 24
    updates: int = 300
    strings: int = 20
    widths: tuple = (1, 2, 4, 16)
    seeds: tuple = tuple(range(20))


QUICK = Config(synonyms=2, shortest=1, longest=3, updates=60, strings=4, widths=(1, 4), seeds=(0,))
PENALTIES = {"none": None, "mean": search.mean_penalty()}


@dataclass(frozen=True)
class Synonyms:
    """Read digits, write each as one of ``choices`` tokens that all mean it."""

    shortest: int
    longest: int
    choices: int

    def sample(self, rng, n):
        """-> x (S, n), as ``DigitStrings``; target (S + 1, n): the k-th synonym adds 10 k."""
        x, target, mask = DigitStrings(self.shortest, self.longest, "same").sample(rng, n)
        drawn = 10 * rng.integers(self.choices, size=target.shape)
        return Batch(x, np.where(target > 2, target + drawn, target), mask)


def run(config, progress=iter):
    """By penalty and width: right, log-probability found, length over the right length, rows."""
    rows = over_seeds(partial(run_seed, config), config.seeds, progress)
    results = {"of": len(config.seeds), "widths": list(config.widths)}
    for name in PENALTIES:
        results[name] = {}
        for width in map(str, config.widths):
            own = [row[name][width] for row in rows]
            results[name][width] = {
                "right": median(own, "right"),
                "log_p": median(own, "log_p"),
                "length": median(own, "length"),
                "rows": mean(own, "rows"),
                "right_by_seed": [r["right"] for r in own],
                "log_p_by_seed": [r["log_p"] for r in own],
                "length_by_seed": [r["length"] for r in own],
            }
    return results


def run_seed(config, seed):
    """One network; every string written by each width with each penalty."""
    task = Synonyms(config.shortest, config.longest, config.synonyms)
    model = Seq2Seq(13, 3 + 10 * config.synonyms, embedding=12, hidden=config.hidden)
    params, _ = trained(model, task, seed, updates=config.updates)
    x, _, mask = task.sample(np.random.default_rng((seed, 1)), config.strings)
    sources = [x[: n - 1, k : k + 1] for k, n in enumerate(mask.sum(axis=0))]
    found = {}
    for name, penalty in PENALTIES.items():
        found[name] = {}
        for width in config.widths:
            pairs = [(*searched(model, params, source, width, penalty), source[:, 0])
                     for source in sources]  # fmt: skip
            found[name][str(width)] = {
                "right": mean([means(h, source) for h, _, source in pairs]),
                "log_p": mean([h.log_p for h, _, _ in pairs]),
                "length": mean([len(h.tokens) / (len(source) + 1) for h, _, source in pairs]),
                "rows": mean([rows for _, rows, _ in pairs]),
            }
    return found


def means(hypothesis, source):
    """Whether a hypothesis ends and its synonyms say the digits of the source (S,)."""
    written = np.array(hypothesis.tokens[:-1], int)
    return hypothesis.finished and np.array_equal((written - 3) % 10, source - 3)


def searched(model, params, source, width, penalty):
    """The best hypothesis for one source, and how many rows the decoder computed for it."""
    encoded, _ = encode(model, params, source)
    step, rows = next_token(model, params, encoded), 0

    def counted(tokens, state):
        nonlocal rows
        rows += len(tokens)
        return step(tokens, state)

    options = {"start": model.start, "end": model.end, "limit": 2 * len(source)}
    best = search.beam_search(counted, encoded.state, width=width, penalty=penalty, **options)
    return best[0], rows
