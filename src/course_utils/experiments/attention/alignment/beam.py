"""Beam search by a network that has learned a little: what a wider beam finds, and how long it is.

Digits backwards, trained on 1 to 8, asked for 9 to 12, where the network is unsure.  Without a
penalty and by the mean log-probability of a token.  About 12 CPU seconds a seed.
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


@dataclass(frozen=True)
class Config:
    """The network, its training, and the strings to write."""

    hidden: int = 24
    longest: int = 8
    asked: tuple = (9, 12)
    updates: int = 300
    strings: int = 40
    widths: tuple = (1, 2, 4, 16)
    seeds: tuple = tuple(range(20))


QUICK = Config(longest=3, asked=(4, 6), updates=60, strings=4, widths=(1, 4), seeds=(0,))
PENALTIES = {"none": None, "mean": search.mean_penalty()}


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
    task = DigitStrings(1, config.longest)
    model = Seq2Seq(task.alphabet.size, task.alphabet.size, embedding=12, hidden=config.hidden)
    params, _ = trained(model, task, seed, updates=config.updates)
    rng = np.random.default_rng((seed, 1))
    x, target, mask = DigitStrings(*config.asked).sample(rng, config.strings)
    sources = [(x[: n - 1, k : k + 1], target[:n, k]) for k, n in enumerate(mask.sum(axis=0))]
    found = {}
    for name, penalty in PENALTIES.items():
        found[name] = {}
        for width in config.widths:
            best = [searched(model, params, source, width, penalty) for source, _ in sources]
            pairs = list(zip(best, [wanted for _, wanted in sources], strict=True))
            found[name][str(width)] = {
                "right": mean([h.tokens == tuple(wanted) for (h, _), wanted in pairs]),
                "log_p": mean([h.log_p for (h, _), _ in pairs]),
                "length": mean([len(h.tokens) / len(wanted) for (h, _), wanted in pairs]),
                "rows": mean([rows for (_, rows), _ in pairs]),
            }
    return found


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
