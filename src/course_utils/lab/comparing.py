"""What a random search says: the best tenth of the nets, and whose the differences are.

Losses are (C, D, R): cells, draws of hyper-parameters that all cells share, nets a draw.
"""

import numpy as np

from course_utils.lab.searched_tasks import TASKS
from course_utils.lab.searching import search


def study(config, progress=iter):
    """A random search and what it says, as plain values.

    config: task, nets, draws, rates, biases, sizes, updates, clip, share, level, solved, seeds; the
    first of the nets is the one that the others are held against.
    """
    draws, rows = search(config, progress)
    chance = TASKS[config.task].chance
    names = list(rows)
    validation, test, wrong = np.moveaxis(np.stack([rows[n] for n in names]), -1, 0)
    lost = ~np.isfinite(test)
    validation = np.where(np.isfinite(validation), validation, np.inf)
    test = np.where(lost, chance, np.minimum(test, chance))  # so that no net weighs without bound
    ratios = over_first(validation, test, config.share, config.level)
    bins = {
        "rate": position(np.log(draws["rate"]), np.log(config.rates), 6),
        "size": np.searchsorted(sorted(config.sizes), draws["size"]),
    }
    if any(start == "drawn" for *_, start in config.nets):
        bins["bias"] = position(draws["bias"], config.biases, 3)
    return {
        "of": int(test[0].size),
        "chance": chance,
        "level": 1 - (1 - config.level) / (len(names) - 1),
        "draws": {key: rounded(values) for key, values in draws.items()},
        "nets": {
            name: {
                "best": float(best(validation[c], test[c], config.share)),
                "over": ratios[c],
                "median": float(np.median(test[c])),
                "solved": int((wrong[c] <= config.solved).sum()),
                "lost": int(lost[c].sum()),
                "alone": {k: v["share"] for k, v in shares(test[c : c + 1], bins).items()},
                "validation": rounded(np.where(np.isfinite(validation[c]), validation[c], 9.0)),
                "test": rounded(rows[name][..., 1], lost=9.0),
                "wrong": rounded(wrong[c]),
            }
            for c, name in enumerate(names)
        },
        "shares": shares(test, bins),
        "log_shares": shares(np.log(test), bins),
    }


def position(values, limits, parts):
    """Which of ``parts`` equal parts between the limits each value lies in."""
    low, high = limits
    return np.clip((parts * (values - low) / (high - low)).astype(int), 0, parts - 1)


def rounded(values, lost=None):
    """Values (…) as a flat list of four significant digits; NaN as ``lost``."""
    return [lost if v != v else float(f"{v:.4g}") for v in np.ravel(values).tolist()]


def best(validation, test, share):
    """Mean test loss of that share of the nets, at least one, whose validation loss is lowest.

    validation, test (..., D, R) -> (...,).
    """
    flat, values = (a.reshape(*a.shape[:-2], -1) for a in (validation, test))
    kept = max(1, round(share * flat.shape[-1]))
    rows = np.argsort(flat, axis=-1, kind="stable")[..., :kept]
    return np.take_along_axis(values, rows, axis=-1).mean(axis=-1)


def over_first(validation, test, share, level, resamples=2000):
    """Each cell's `best` over the first cell's, with an interval: [{"ratio", "low", "high"}, …].

    Percentile bootstrap over the draws, the same for both cells, their nets with them, the best
    chosen anew; level holds for all cells at once (Bonferroni).
    """
    rng, D = np.random.default_rng(0), test.shape[1]
    rows = rng.integers(0, D, (resamples, D))
    boot = np.stack([
        best(v[rows], t[rows], share) for v, t in zip(validation, test, strict=True)
    ])  # (C, resamples)  # fmt: skip
    edge = (1 - level) / 2 / max(1, len(test) - 1)
    point = best(validation, test, share)
    low, high = np.quantile(boot / boot[0], [edge, 1 - edge], axis=-1)
    return [
        {"ratio": float(p / point[0]), "low": float(a), "high": float(b)}
        for p, a, b in zip(point, low, high, strict=True)
    ]


def component(values, labels):
    """Unbiased estimate of the variance of the mean of values (D,) given labels (D,).

    One-way analysis of variance: (SS between - (k - 1) MS within) / D.
    """
    _, groups = np.unique(labels, return_inverse=True)
    counts = np.bincount(groups)
    means = np.bincount(groups, values) / counts
    within = ((values - means[groups]) ** 2).sum() / max(1, len(values) - len(counts))
    between = (counts * (means - values.mean()) ** 2).sum()
    return (between - (len(counts) - 1) * within) / len(values)


def parts(y, bins):
    """Shares of the variance of y (C, D, R): a functional analysis of variance by moments.

    bins: {name: labels (D,)} of the hyper-parameters.  "cell"; each hyper-parameter, and each pair
    of them beyond the two; each with the cell, as "cell_rate"; "net", between nets of one draw and
    cell; "rest".  Shares are unbiased, so a small one may be negative; they add up to 1.
    """
    means, total = y.mean(axis=-1), y.var()
    if not total:
        return {}
    by_draw, by_cell = means.mean(axis=0), means.mean(axis=1)
    left = means - by_draw - by_cell[:, None] + means.mean()  # (C, D)
    C, D = left.shape
    found = {name: component(by_draw, labels) for name, labels in bins.items()}
    names = list(bins)
    for k, a in enumerate(names):
        for b in names[k + 1 :]:
            both = bins[a] * (1 + bins[b].max()) + bins[b]
            found[f"{a}_{b}"] = component(by_draw, both) - found[a] - found[b]
    if C > 1:
        noise = (left**2).sum() / ((C - 1) * (D - 1))
        found["cell"] = by_cell.var() - noise * (C - 1) / C / D
        for name, labels in bins.items():
            found[f"cell_{name}"] = np.mean([component(row, labels) for row in left])
    found["net"] = y.var(axis=-1, ddof=1).mean() if y.shape[-1] > 1 else 0.0
    found = {name: float(value / total) for name, value in found.items()}
    return found | {"rest": 1 - sum(found.values())}


def shares(y, bins):
    """`parts` with a standard error each, by leaving out one draw after the other (jackknife)."""
    whole, D = parts(y, bins), y.shape[1]
    without = [
        parts(np.delete(y, d, axis=1), {name: np.delete(b, d) for name, b in bins.items()})
        for d in range(D)
    ]
    return {
        name: {
            "share": value,
            "error": float(np.sqrt((D - 1) * np.var([w.get(name, 0.0) for w in without]))),
        }
        for name, value in whole.items()
    }
