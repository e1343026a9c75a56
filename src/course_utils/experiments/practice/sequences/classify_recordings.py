"""Vowels, motions, digits and peptides: recurrent nets beside what needs no memory.

Of each set: the largest class, logistic regression on features without order, the nearest neighbour
(under dynamic time warping, where there is one), and two recurrent nets over seeds.  "leak": the
baselines with the peptides as they stand in their file, duplicates and all, split by rows.  "far"
and "near": of the peptides that are tested, the half that is least like any that was trained on,
and the other half.  About 40 CPU seconds a seed.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.lab import classifying as lab
from course_utils.lab.statistics import median, rate_interval
from course_utils.tasks import Digits, peptides, recordings
from course_utils.tasks.digits import SHA256
from course_utils.tasks.packaged import named

NETS = {"rnn": None, "lstm": 0.9}  # the share of the state that is kept a step at the start


@dataclass(frozen=True)
class Config:
    """hidden units, and for each set updates, batch, learning rate and input noise."""

    hidden: int = 32
    vowels: tuple = (500, 32, 0.005, 0.2)
    motions: tuple = (300, 16, 0.005, 0.2)
    digits: tuple = (600, 32, 0.005, 0.1)
    peptides: tuple = (800, 64, 0.005, 0.0)
    longest: int = 50  # letters: none of the others has more, so the length would tell
    most: int = 10**9  # sequences of a part
    leak: bool = True
    seeds: tuple = tuple(range(12))


QUICK = Config(
    hidden=12, vowels=(60, 32, 0.02, 0.2), motions=(10, 8, 0.02, 0.2),
    digits=(60, 32, 0.02, 0.1), peptides=(30, 32, 0.02, 0.0), longest=20, most=60, leak=False,
    seeds=(0,),
)  # fmt: skip


def run(config, progress=iter):
    """By set: share of right answers on the test part, of the baselines and of each net's seeds."""
    results = {"of": len(config.seeds)}
    sets = {"vowels": vowels, "motions": motions, "digits": digits, "peptides": distinct}
    sets |= {"leak": as_filed} if config.leak else {}
    for name, read in progress(tuple(sets.items())):
        parts, nearest, halves = read(config)
        found = baselines(parts, nearest, halves)
        for key in NETS if name != "leak" else ():
            found[key] = nets(config, key, parts, getattr(config, name), halves)
        results[name] = found
    return results


def data(config):
    """The files, together by one hash."""
    files = [f for parts in recordings.FILES.values() for f in parts.values()]
    found = named(*files, peptides.PEPTIDES)
    return {"name": found["name"] + "; scikit-learn load_digits",
            "sha256": found["sha256"], "digits": SHA256}  # fmt: skip


def vowels(config):
    """The split of 1999; a fifth of its training part validates."""
    return recorded(config, recordings.vowels)


def motions(config):
    """The archive's split.  Whether it parts people is not known."""
    return recorded(config, recordings.motions)


def recorded(config, read):
    """Parts {name: (x, lengths, labels)}, scaled on "train", and what warping answers."""
    both, test = read("train"), read("test")
    kept = np.random.default_rng(7).permutation(len(both.labels))
    cut = len(kept) // 5
    chosen = {"train": both.rows(kept[cut:][: config.most]),
              "validation": both.rows(kept[:cut]),
              "test": test.rows(np.arange(len(test.labels))[: config.most])}  # fmt: skip
    mean, spread = scaling(chosen["train"])
    parts = {}
    for name, part in chosen.items():
        there = (np.arange(part.lengths.max())[:, None] < part.lengths)[..., None]
        x = np.where(there, (part.padded() - mean) / spread, 0)
        parts[name] = (x, part.lengths, part.labels)
    (x, n, labels), (tx, tn, _) = parts["train"], parts["test"]
    return parts, lab.nearest(lab.warped(tx, tn, x, n), labels), {}


def scaling(part):
    """Mean and spread (D,) of all steps that are there."""
    steps = np.concatenate(part.sequences)
    return steps.mean(0), steps.std(0)


def digits(config):
    """Row by row, eight pixels a step; the nearest picture in place of warping."""
    parts = {}
    for name in ("train", "validation", "test"):
        batch = Digits(name).all()
        x = batch.x.reshape(8, 8, -1).transpose(0, 2, 1)[:, : config.most]
        parts[name] = (x, np.full(x.shape[1], 8), batch.target[: config.most])
    flat = {k: x.transpose(1, 0, 2).reshape(len(n), -1) for k, (x, n, _) in parts.items()}
    return parts, lab.nearest(squared(flat["test"], flat["train"]), parts["train"][2]), {}


def distinct(config):
    """Each peptide once; whoever stands with both labels is left out."""
    return lettered(config, short(config).distinct())


def as_filed(config):
    """All rows as they stand in the file."""
    return lettered(config, short(config))


def short(config):
    """The peptides of at most ``longest`` letters."""
    whole = peptides.peptides()
    return whole.rows([k for k, text in enumerate(whole.texts) if len(text) <= config.longest])


def lettered(config, whole):
    """Six tenths train, two validate, two test, by rows; the nearest by counts of letter pairs."""
    rows = np.random.default_rng(7).permutation(len(whole.labels))
    ends = np.cumsum([int(0.6 * len(rows)), int(0.2 * len(rows))])
    parts, pairs = {}, {}
    for name, part in zip(("train", "validation", "test"), np.split(rows, ends), strict=True):
        chosen = whole.rows(part[: config.most])
        parts[name] = (*chosen.ids(), chosen.labels)
        pairs[name] = pair_counts(*parts[name][:2])
    distances = squared(pairs["test"], pairs["train"])
    order = distances.min(1).argsort(kind="stable")
    near = np.zeros(len(order), bool)
    near[order[: len(order) // 2]] = True
    nearest = lab.nearest(distances, parts["train"][2])
    return parts, nearest, {"near": near, "far": ~near}


def pair_counts(ids, lengths):
    """(n, 400): the square root of how often each two letters stand together, to length one."""
    both = 20 * ids[:-1] + ids[1:]
    inside = np.arange(1, len(ids))[:, None] < lengths
    counts = np.stack(
        [np.bincount(b[i], minlength=400) for b, i in zip(both.T, inside.T, strict=True)]
    )
    return np.sqrt(counts) / np.sqrt(counts.sum(1, keepdims=True))


def squared(a, b):
    """Squared distances (n, m) of rows."""
    return (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T


def features(x, lengths):
    """Without order: summaries, or the shares of the letters and the length."""
    if x.ndim == 3:
        return lab.summaries(x, lengths)
    counts = np.stack([(x == k).sum(0) for k in range(20)], 1)
    return np.concatenate([counts / lengths[:, None], lengths[:, None]], 1)


def baselines(parts, nearest, halves):
    """Their accuracies, and the sizes of the parts."""
    (x, n, labels), (tx, tn, truth) = parts["train"], parts["test"]
    most = np.bincount(labels).argmax()
    answers = {
        "majority": np.full(len(truth), most),
        "logistic": lab.logistic(features(x, n), labels, features(tx, tn)),
        "nearest": nearest,
    }
    found = {k: score(a == truth) | shares(a == truth, halves) for k, a in answers.items()}
    return found | {"sizes": {name: len(part[2]) for name, part in parts.items()}}


def score(right):
    """accuracy, and Wilson's interval over the sequences that were tested."""
    low, high = rate_interval(int(right.sum()), len(right))
    return {"accuracy": float(right.mean()), "low": low, "high": high}


def shares(right, halves):
    """Share that is right in each half."""
    return {name: float(right[half].mean()) for name, half in halves.items()}


def nets(config, key, parts, settings, halves):
    """One kind of net, every seed."""
    updates, batch, lr, noise = settings
    rows = []
    for seed in config.seeds:
        x, _, labels = parts["train"]
        model = lab.Reader(
            key, 20 if x.ndim == 2 else x.shape[2], config.hidden, int(labels.max()) + 1, seed,
            retention=NETS[key],
        )  # fmt: skip
        held = lab.learn(
            model, parts["train"], parts["validation"], updates=updates, batch=batch, lr=lr,
            seed=seed, noise=noise,
        )  # fmt: skip
        tx, tn, truth = parts["test"]
        right = lab.classes(model, tx, tn) == truth
        rows.append({"accuracy": float(right.mean()), "held": held} | shares(right, halves))
    by_seed = [row["accuracy"] for row in rows]
    tested = len(parts["test"][2])
    low, high = rate_interval(round(median(by_seed) * tested), tested)
    return {"accuracy": median(by_seed), "worst": min(by_seed), "best": max(by_seed),
            "low": low, "high": high, "by_seed": by_seed,
            **{name: median(rows, name) for name in halves},
            "parameters": sum(p.numel() for p in model.parameters())}  # fmt: skip
