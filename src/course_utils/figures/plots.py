"""Arrays into Axes: curves with their labels at the ends, matrices as cells of ink."""

import numpy as np

from course_utils.figures.endings import label_lines
from course_utils.figures.errors import FigureError
from course_utils.figures.labels import number
from course_utils.figures.looks import CYCLE, known, look
from course_utils.figures.palette import BOTH, models

UNDER_TEXT = 0.35  # more ink than this leaves the text on it less than 4.5:1 in some theme
FEW = 16  # points, up to which each is marked


def ink(name):
    """The colour of a quantity or a model for both themes."""
    return BOTH[name] if name in BOTH else models[name]


def curves(ax, x, ys, meanings=None, *, spread=None, xlabel="", ylabel="", title="", legend=True):
    """Lines over a shared abscissa, each with its label at its end.

    x (N,); ys {label: (N,) or (S, N)}, where S rows are runs: their mean is drawn, and the range
    of all rows as a band.  meanings {label: quantity or model, or (model, shade)} gives looks to
    lines whose label is neither; spread {label: (low (N,), high (N,))} draws a band of your own.
    legend: whether to write labels, with ``label_lines``.  Returns ax.
    FigureError names the label whose length does not fit.
    """
    x, meanings, spread = np.asarray(x), dict(meanings or {}), dict(spread or {})
    for k, (label, y) in enumerate(ys.items()):
        y = np.asarray(y, dtype=float)
        if y.ndim not in (1, 2) or y.shape[-1] != len(x):
            raise FigureError(
                f"ys[{label!r}]: expected ({len(x)},) or (S, {len(x)}) to go with x, got {y.shape}"
            )
        fallback = label if label in BOTH or label in models else CYCLE[k % len(CYCLE)]
        kind = meanings.get(label, fallback)
        kind, shade = kind if isinstance(kind, tuple) else (kind, 0)
        known(kind, f"meanings[{label!r}]")
        if y.ndim == 2:
            spread.setdefault(label, (y.min(axis=0), y.max(axis=0)))
            y = y.mean(axis=0)
        if label in spread:
            ax.fill_between(x, *spread[label], color=ink(kind), alpha=0.18, linewidth=0)
        ax.plot(x, y, label=label, **look(kind, shade, marker=len(x) <= FEW and kind in models))
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if legend and len(ys) > 1:
        label_lines(ax)
    return ax


def heatmap(ax, array, meaning="hidden", *, negative="forget", limit=None, rows=None,
            columns=None, at=None, xlabel="", ylabel="", title="", values=None):  # fmt: skip
    """A matrix as cells whose ink grows with the magnitude.

    array (R, C), row 0 on top.  Ink is the meaning's colour for values >= 0 and ``negative``'s
    below, opaque where the magnitude reaches limit (default: the largest).  No colour bar is
    needed where ``values`` (a format such as ".2f") writes each number, over paler ink; rows,
    columns name the ticks.  at (rows (R,), columns (C,)), either of them None: the numbers to
    which rows and columns belong, increasing; cells then meet halfway between them, and ticks stand
    at the numbers.  Opacity, unlike a colour map, stays right on a dark page.  Returns ax.
    """
    array = np.asarray(array, dtype=float)
    if array.ndim != 2 or not array.size:
        raise FigureError(f"array: expected a matrix (R, C), got shape {array.shape}")
    if not np.isfinite(array).all():
        raise FigureError("array: holds NaN or infinity; mask or clip it before drawing")
    limit = float(np.abs(array).max() if limit is None else limit) or 1.0
    deepest = 1.0 if values is None else UNDER_TEXT
    colours = _inked(array / limit, known(meaning), known(negative, "negative"), deepest)
    for_rows, for_columns = at or (None, None)
    down = _places(len(array), for_rows, "rows")
    across = _places(array.shape[1], for_columns, "columns")
    if array.size <= 2500:  # cells as shapes follow the theme; more of them would weigh too much
        ax.pcolormesh(_borders(across), _borders(down), colours)
    else:
        ax.imshow(colours, aspect="auto", interpolation="nearest",
                  extent=(*_borders(across)[[0, -1]], *_borders(down)[[-1, 0]]))  # fmt: skip
    ax.set(xlim=_borders(across)[[0, -1]], ylim=_borders(down)[[-1, 0]], title=title)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    if columns is not None:
        ax.set_xticks(across, labels=columns)
    if rows is not None:
        ax.set_yticks(down, labels=rows)
    if values is not None:
        for (r, c), value in np.ndenumerate(array):
            ax.text(across[c], down[r], _written(value, values), ha="center", va="center")
    return ax


def _places(count, given, name):
    """Where ``count`` rows or columns stand: at the numbers given, or one apart."""
    if given is None:
        return np.arange(count, dtype=float)
    places = np.asarray(given, dtype=float)
    if places.shape != (count,) or not (np.diff(places) > 0).all():
        raise FigureError(
            f"at: expected {count} increasing numbers for the {name}, got {places.tolist()}"
        )
    return places


def _borders(places):
    """Edges halfway between neighbours, and as far beyond the first and the last."""
    if len(places) == 1:
        return places[[0, 0]] + (-0.5, 0.5)
    middle = (places[1:] + places[:-1]) / 2
    return np.r_[2 * places[0] - middle[0], middle, 2 * places[-1] - middle[-1]]


def roof(ax, peak, rate, intensity, **look):
    """The roof over a machine, min(peak, rate * x), on logarithmic axes, with its corner.

    peak: operations a second; rate: bytes a second; intensity (low, high): ends of the line, in
    operations a byte; look: for ``ax.plot``.  Returns ax.  Williams et al. 2009, fig. 1.
    """
    low, high = intensity
    x = np.array([low, *([peak / rate] if low < peak / rate < high else []), high])
    ax.loglog(x, np.minimum(peak, rate * x), **look)
    return ax


def _written(value, pattern):
    """A number with a true minus sign, and none before a zero."""
    return number(value if float(format(value, pattern)) else abs(value), pattern)


def _inked(share, meaning, negative, deepest):
    """(R, C) in [-1, 1] -> RGBA (R, C, 4), opaque up to ``deepest``."""
    from matplotlib.colors import to_rgb

    rgba = np.empty((*share.shape, 4))
    rgba[..., :3] = np.where(share[..., None] < 0, to_rgb(ink(negative)), to_rgb(ink(meaning)))
    rgba[..., 3] = np.clip(np.abs(share), 0, 1) * deepest
    return rgba
