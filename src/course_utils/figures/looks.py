"""Matplotlib in the course's one look: letters of one size, two widths, inks by name.

Sizes are CSS pixels at full size, of which Matplotlib counts 96 to an inch.
"""

from course_utils.figures.errors import FigureError
from course_utils.figures.models import ALIASES, DASH, MODELS
from course_utils.figures.palette import BOTH, MEANINGS, shades

GREY = "#7b7f85"  # 4.0:1 on white, 4.7:1 on #121212: no grey has 4.5:1 on both
LETTERS, PHONE_LETTERS = 15, 13
WIDTHS = {"column": 624, "wide": 780}
PHONE = 360
HEIGHTS = {"low": 0.3, "normal": 0.45, "tall": 0.65}  # of the column's width, for one row
CELL = 34  # height of one row of a matrix
PIXEL = 1 / 96

_DASHES = {
    "forget": "-", "input": (0, (6, 2)), "output": (0, (1.5, 1.5)),
    "candidate": (0, (7, 2, 1.5, 2)), "cell": "-", "hidden": (0, (4, 2)), "x": "-",
    "gradient": "-", "neutral": (0, (5, 3)),
}  # fmt: skip
_STROKES = {"cell": 4.0, "x": 1.5}
CYCLE = ("hidden", "cell", "gradient", "input", "output", "candidate", "forget", "neutral")


def parameters(letters=LETTERS):
    """rcParams of the style: transparent ground, real text in SVG, ids that never change.

    letters: height of every text, in pixels.
    """
    from cycler import cycler

    grey = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor")
    sizes = ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize",
             "legend.fontsize", "figure.titlesize")  # fmt: skip
    return (
        dict.fromkeys((*grey, "grid.color"), GREY)
        | dict.fromkeys(sizes, letters * 0.75)
        | {
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "figure.figsize": (WIDTHS["column"] * PIXEL, 0.45 * WIDTHS["column"] * PIXEL),
            "figure.constrained_layout.use": True,
            "font.family": "sans-serif",
            "mathtext.fontset": "stix",
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.prop_cycle": cycler(color=[BOTH[m] for m in CYCLE]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "axes.axisbelow": True,
            "axes.unicode_minus": True,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.8,
            "lines.linewidth": 2.2,
            "lines.markersize": 5,
            "lines.solid_capstyle": "round",
            "legend.frameon": True,  # a ground of the page's colour: no grid runs through its words
            "legend.framealpha": 1,
            "legend.facecolor": "#ffffff",
            "legend.edgecolor": "none",
            "legend.borderpad": 0.2,
            "svg.fonttype": "none",
            "svg.hashsalt": "unrolled",
        }
    )


def style():
    """Context manager: ``with style(): fig, ax = plt.subplots()``."""
    import matplotlib

    return matplotlib.rc_context(parameters())


def use():
    """Set the style for the rest of the session."""
    import matplotlib

    matplotlib.rcParams.update(parameters())


def subplots(columns=1, rows=1, *, width="column", height="normal", **more):
    """Figure and Axes of one of the two widths, as from ``plt.subplots``.

    columns, rows: of Axes; on a phone those side by side stand one below the other.
    width: "column" (624 pixels), or "wide" (780) for three panels or a long row of words.
    height of each row: "low", "normal", "tall", or, for a matrix, the number of its rows.
    more: for ``plt.subplots``, such as ``sharey=True``.
    FigureError for another width or height; a ``figsize`` is refused.
    """
    from matplotlib import pyplot as plt

    if width not in WIDTHS:
        raise FigureError(f"width: expected one of {', '.join(WIDTHS)}, got {width!r}")
    if "figsize" in more:
        raise FigureError("figsize: a figure has one of two widths; say width= and height=")
    if height in HEIGHTS:
        tall = HEIGHTS[height] * WIDTHS["column"]
    elif isinstance(height, int) and not isinstance(height, bool) and 0 < height <= 60:
        tall = CELL * height + 70  # labels of an axis and a title
    else:
        raise FigureError(
            f"height: expected {', '.join(HEIGHTS)} or a number of rows to 60, got {height!r}"
        )
    size = (WIDTHS[width] * PIXEL, rows * tall * PIXEL)
    with style():
        return plt.subplots(rows, columns, figsize=size, **more)


def known(name, argument="meaning"):
    """The name of a quantity or a model, or a FigureError that lists them."""
    if name not in BOTH and name not in MODELS and name not in ALIASES:
        raise FigureError(
            f"{argument}: {name!r} is none of {', '.join(MEANINGS)}; nor a model: "
            f"{', '.join([*MODELS, *ALIASES])}"
        )
    return name


def look(name, shade=0, *, marker=False):
    """Keywords for ``ax.plot``: colour, dash and width, so that grey print tells curves apart.

    name: a quantity or a model.  shade: 1 to 4 for further sizes or settings of the same model,
    which change ink and dash.  marker: whether to mark points, for curves of few points.
    """
    known(name)
    if shade not in range(5):
        raise FigureError(f"shade: expected 0 to 4, got {shade!r}")
    dashes = list(DASH.values())
    if name in BOTH:
        dash, mark = _DASHES[name], "o"
    else:
        model = MODELS[ALIASES.get(name, name)]
        dash, mark = DASH[model.dash], model.marker
    if shade:
        first = dashes.index(dash) if dash in dashes else 0
        dash = dashes[(first + shade) % len(dashes)]
    found = {
        "color": shades(name, 5)[shade], "linestyle": dash, "linewidth": _STROKES.get(name, 2.2)
    }  # fmt: skip
    return found | ({"marker": mark, "markersize": 6} if marker else {})
