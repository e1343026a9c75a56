"""What single cells of an LSTM say about the text they have read: labels, and how to measure."""

import numpy as np
import torch

from course_utils.specs import SPECS

OPENS, CLOSES = "([{", ")]}"
MOST = {"line": 80, "depth": 4}  # larger values count as these: a few tables have very long lines


def labels(characters):
    """What a reader knows after each character of a text (str) -> name -> (N,).

    line: characters since the last line break.  quote: 1 between two double quotation marks.
    depth: brackets that are open.  An empty line closes all marks and brackets.
    """
    known = {name: np.zeros(len(characters)) for name in ("line", "quote", "depth")}
    line = quote = depth = 0
    for k, c in enumerate(characters):
        if c == "\n":
            if line == 0:
                quote = depth = 0
            line = 0
        else:
            line += 1
        quote = 1 - quote if c == '"' else quote
        depth = max(depth + (c in OPENS) - (c in CLOSES), 0)
        for name, value in (("line", line), ("quote", quote), ("depth", depth)):
            known[name][k] = min(value, MOST.get(name, value))
    return known


def cells(model, ids, strip=1000, warm=200):
    """c of the lowest layer after each character of ids (N,) -> (N', H), N' <= N.

    The text is read in strips side by side, each after ``warm`` characters that stand before it;
    characters that fill no strip are left out, and so are the first ``warm``.
    """
    n = (len(ids) - warm) // strip
    windows = np.stack([ids[k * strip : (k + 1) * strip + warm] for k in range(n)], axis=1)
    return trace(model, windows)[warm:].transpose(1, 0, 2).reshape(n * strip, -1)


def kept(values, strip=1000, warm=200):
    """The labels (N,) of the characters whose states `cells` returns."""
    n = (len(values) - warm) // strip
    return values[warm : warm + n * strip]


def trace(model, ids):
    """c of layer 0 by the printed equations, from states of zero: ids (T, B) -> (T, B, H)."""
    params = {k.removesuffix("_l0"): p for k, p in model.layer.state_dict().items() if "_l0" in k}
    with torch.no_grad():
        x = model.embedding(torch.as_tensor(ids))
        return SPECS["lstm"].unroll(params, x)["c"].numpy()


def area(scores, inside):
    """Area under the ROC curve: the chance that a place inside scores above one outside, ties half.

    scores (N,); inside (N,), positive inside.  ValueError where all places are on one side.
    """
    from sklearn.metrics import roc_auc_score  # extra [digits] brings scikit-learn

    return float(roc_auc_score(np.asarray(inside) > 0, scores))


def correlation(scores, values):
    """Pearson's r."""
    return float(np.corrcoef(scores, values)[0, 1])


def measure(name, scores, values):
    """The area for quotes, the correlation otherwise."""
    return (area if name == "quote" else correlation)(scores, values)


def strength(name, fit):
    """How far from knowing nothing: sign and side do not matter."""
    return abs(fit - 0.5) if name == "quote" else abs(fit)


def best_cell(name, choose, test):
    """The cell that fits best on the first pair (c (N, H), values (N,)), and its fit on the second.

    -> cell, measure on ``test`` turned so that larger means more, sign.
    """
    states, values = choose
    fits = [measure(name, states[:, k], values) for k in range(states.shape[1])]
    cell = int(np.argmax([strength(name, f) for f in fits]))
    sign = 1.0 if fits[cell] >= (0.5 if name == "quote" else 0) else -1.0
    return cell, measure(name, sign * test[0][:, cell], test[1]), sign


def together(name, choose, test):
    """The same for the best linear mixture of all cells, fitted on the first pair."""
    add = [np.column_stack([np.tanh(s), np.ones(len(s))]) for s, _ in (choose, test)]
    weights, *_ = np.linalg.lstsq(add[0], choose[1], rcond=1e-6)
    return measure(name, add[1] @ weights, test[1])


def without_mark(model, ids, marks, cell, *, before=150, after=6, mark):
    """What a cell holds ``after`` characters past an opening quotation mark, with and without it.

    ids (N,), marks: places of opening marks; the mark is replaced by the id ``mark``.
    -> two arrays (len(marks),).
    """
    windows = np.stack([ids[k - before : k + after + 1] for k in marks], axis=1)
    edited = windows.copy()
    edited[before] = mark
    return tuple(trace(model, w)[-1, :, cell] for w in (windows, edited))
