"""Matplotlib in the course's colours.  Functions take arrays and an Axes, and return the Axes."""

import numpy as np

from course_utils.figures.labels import number
from course_utils.figures.page import FigureError
from course_utils.figures.palette import BOTH, MEANINGS

GREY = "#7b7f85"  # 4.0:1 on white, 4.7:1 on #121212: no grey has 4.5:1 on both, so text is large
DASH = {
    "forget": "-", "input": (0, (6, 2)), "output": (0, (1.5, 1.5)),
    "candidate": (0, (7, 2, 1.5, 2)), "cell": "-", "hidden": (0, (4, 2)), "x": "-",
    "gradient": "-", "neutral": (0, (5, 3)),
}  # fmt: skip
WIDTH = {"cell": 4.0, "x": 1.5}
UNDER_TEXT = 0.35  # more ink than this leaves the text on it less than 4.5:1 in some theme
CYCLE = ("hidden", "cell", "gradient", "input", "output", "candidate", "forget", "neutral")


def parameters():
    """rcParams of the style: transparent ground, real text in SVG, ids that never change."""
    from cycler import cycler

    grey = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor")
    return dict.fromkeys((*grey, "grid.color"), GREY) | {
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "figure.figsize": (5.6, 2.9),
        "figure.constrained_layout.use": True,
        "font.family": "sans-serif",
        "font.size": 13,
        "axes.titlesize": 14,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.prop_cycle": cycler(color=[BOTH[m] for m in CYCLE]),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.alpha": 0.25,
        "grid.linewidth": 0.8,
        "lines.linewidth": 2.2,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "unrolled",
    }


def style():
    """Context manager: ``with style(): fig, ax = plt.subplots()``."""
    import matplotlib

    return matplotlib.rc_context(parameters())


def use():
    """Set the style for the rest of the session."""
    import matplotlib

    matplotlib.rcParams.update(parameters())


def known(meaning, argument="meaning"):
    """The meaning itself, or a FigureError that lists the nine there are."""
    if meaning not in BOTH:
        raise FigureError(f"{argument}: {meaning!r} is none of {', '.join(MEANINGS)}")
    return meaning


def look(meaning):
    """Keywords for ``ax.plot``: colour, dash and width, so that grey print tells curves apart."""
    known(meaning)
    return {
        "color": BOTH[meaning],
        "linestyle": DASH[meaning],
        "linewidth": WIDTH.get(meaning, 2.2),
    }


def curves(ax, x, ys, meanings=None, *, spread=None, xlabel="", ylabel="", title="", legend=True):
    """Lines over a shared abscissa.

    x (N,); ys {label: (N,) or (S, N)}, where S rows are runs: their mean is drawn, and the range
    of all rows as a band.  meanings {label: meaning} colours lines whose label is not a meaning;
    spread {label: (low (N,), high (N,))} draws a band of your own.  Returns ax.
    FigureError names the label whose length does not fit.
    """
    x, meanings, spread = np.asarray(x), dict(meanings or {}), dict(spread or {})
    for k, (label, y) in enumerate(ys.items()):
        y = np.asarray(y, dtype=float)
        if y.ndim not in (1, 2) or y.shape[-1] != len(x):
            raise FigureError(
                f"ys[{label!r}]: expected ({len(x)},) or (S, {len(x)}) to go with x, got {y.shape}"
            )
        fallback = label if label in BOTH else CYCLE[k % len(CYCLE)]
        kind = known(meanings.get(label, fallback), f"meanings[{label!r}]")
        if y.ndim == 2:
            spread.setdefault(label, (y.min(axis=0), y.max(axis=0)))
            y = y.mean(axis=0)
        if label in spread:
            ax.fill_between(x, *spread[label], color=BOTH[kind], alpha=0.18, linewidth=0)
        ax.plot(x, y, label=label, **look(kind))
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if legend and len(ys) > 1:
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1.05), handlelength=2.4, borderpad=0)
    return ax


def heatmap(ax, array, meaning="hidden", *, negative="forget", limit=None, rows=None,
            columns=None, xlabel="", ylabel="", title="", values=None):  # fmt: skip
    """A matrix as cells whose ink grows with the magnitude.

    array (R, C), row 0 on top.  Ink is the meaning's colour for values >= 0 and ``negative``'s
    below, opaque where the magnitude reaches limit (default: the largest).  No colour bar is
    needed where ``values`` (a format such as ".2f") writes each number, over paler ink; rows,
    columns name the ticks.  Opacity, unlike a colour map, stays right on a dark page.  Returns ax.
    """
    array = np.asarray(array, dtype=float)
    if array.ndim != 2 or not array.size:
        raise FigureError(f"array: expected a matrix (R, C), got shape {array.shape}")
    if not np.isfinite(array).all():
        raise FigureError("array: holds NaN or infinity; mask or clip it before drawing")
    limit = float(np.abs(array).max() if limit is None else limit) or 1.0
    deepest = 1.0 if values is None else UNDER_TEXT
    colours = _inked(array / limit, known(meaning), known(negative, "negative"), deepest)
    height, width = array.shape
    if array.size <= 2500:  # cells as shapes follow the theme; more of them would weigh too much
        ax.pcolormesh(np.arange(width + 1) - 0.5, np.arange(height + 1) - 0.5, colours)
    else:
        ax.imshow(colours, aspect="auto", interpolation="nearest")
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=title)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    if columns is not None:
        ax.set_xticks(range(width), labels=columns)
    if rows is not None:
        ax.set_yticks(range(height), labels=rows)
    if values is not None:
        for (r, c), value in np.ndenumerate(array):
            ax.text(c, r, _written(value, values), ha="center", va="center", fontsize=11)
    return ax


def _written(value, pattern):
    """A number with a true minus sign, and none before a zero."""
    return number(value if float(format(value, pattern)) else abs(value), pattern)


def _inked(share, meaning, negative, deepest):
    """(R, C) in [-1, 1] -> RGBA (R, C, 4), opaque up to ``deepest``."""
    from matplotlib.colors import to_rgb

    rgba = np.empty((*share.shape, 4))
    rgba[..., :3] = np.where(share[..., None] < 0, to_rgb(BOTH[negative]), to_rgb(BOTH[meaning]))
    rgba[..., 3] = np.clip(np.abs(share), 0, 1) * deepest
    return rgba
