"""One Matplotlib figure in two forms: for a column of the page, and for a phone.

A form has its width and its letters; panels that stand side by side stand one below the other on a
phone; labels that would touch are wrapped, turned or thinned.
"""

import textwrap

from course_utils.figures.endings import as_legend, crowded, labels_of, place
from course_utils.figures.looks import LETTERS, PHONE, PHONE_LETTERS, PIXEL, WIDTHS
from course_utils.figures.ticks import fit_ticks, tick_labels, touching
from course_utils.figures.words import minus, power_of_ten

FORMULA = 19 / 15  # a formula alone, to other words: its letters are low, its subscripts small
PHONE_WRAP = 13  # characters in a row of a label at the end of a line


def page_form(fig):
    """Make a figure ready for the page, in place."""
    wide = fig.get_figwidth() / PIXEL > (WIDTHS["column"] + WIDTHS["wide"]) / 2
    width = WIDTHS["wide" if wide else "column"]
    _prepare(fig)
    height = width * fig.get_figheight() / fig.get_figwidth()
    _form(fig, width, _to_scale(fig, width) or height, LETTERS, 24)


def phone_form(fig):
    """Turn the page's form into the phone's, in place."""
    height = fig.get_figheight() / PIXEL
    rows, columns = _stack(fig)
    for ax in fig.axes:
        if crowded(ax, PHONE_WRAP, PHONE_LETTERS, height / rows):
            as_legend(ax)
    _legends_below(fig)
    each = height / rows
    if _matrices(fig):
        each *= 0.92
    else:
        each = max(0.85 * each, 0.62 * PHONE)
    _form(fig, PHONE, _to_scale(fig, PHONE) or each * rows * columns, PHONE_LETTERS, PHONE_WRAP)


def _to_scale(fig, width):
    """Height of a lone drawing whose two axes have one scale, so that it fills its width."""
    if len(fig.axes) != 1 or fig.axes[0].get_aspect() == "auto" or fig.axes[0].axison:
        return None
    (x0, x1), (y0, y1) = fig.axes[0].get_xlim(), fig.axes[0].get_ylim()
    return width * abs(y1 - y0) / abs(x1 - x0)


# -- once ------------------------------------------------------------------------------------------


def _prepare(fig):
    from matplotlib.text import Text

    for text in fig.findobj(Text):
        if "-" in text.get_text() and "$" not in text.get_text():
            text.set_text(minus(text.get_text()))
    for ax in fig.axes:
        _true_minus_on_ticks(ax)
        if ax.get_title() and not ax.get_title(loc="left"):
            ax.set_title(ax.get_title(), loc="left", weight="bold")
            ax.set_title("", loc="center")
        if ax in _matrices(fig) or not any(g.get_visible() for g in ax.get_ygridlines()):
            continue
        for text in ax.texts:  # no grid through words
            if text.get_bbox_patch() is None and text not in labels_of(ax):
                text.set_bbox({"facecolor": "#ffffff", "edgecolor": "none", "pad": 1})


def _true_minus_on_ticks(ax):
    for side in (ax.xaxis, ax.yaxis):
        _plain_powers(side)
        words = [t.get_text() for t in side.get_majorticklabels()]
        if any("$" not in w and minus(w) != w for w in words):
            limits = ax.get_xlim(), ax.get_ylim()  # which ticks beyond them would widen
            side.set_ticks(side.get_majorticklocs(), [minus(w) for w in words])
            ax.set(xlim=limits[0], ylim=limits[1])


def _plain_powers(side):
    """Powers of ten as text whose exponent is as tall as the letters allow: 0.1, 1, 10, 10⁴."""
    from matplotlib.ticker import FuncFormatter, LogFormatter, NullFormatter

    if side.get_scale() != "log" or not isinstance(side.get_major_formatter(), LogFormatter):
        return
    side.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    side.set_minor_formatter(NullFormatter())


def _matrices(fig):
    """Axes that hold a heat map."""
    from matplotlib.collections import QuadMesh
    from matplotlib.image import AxesImage

    return [ax for ax in fig.axes if any(isinstance(c, (QuadMesh, AxesImage))
                                         for c in ax.get_children())]  # fmt: skip


# -- panels ----------------------------------------------------------------------------------------


def _stack(fig):
    """Panels side by side, one below the other; (rows, columns) that they had."""
    specs = [ax.get_subplotspec() for ax in fig.axes]
    if not specs or None in specs or len({id(s.get_gridspec()) for s in specs}) > 1:
        return 1, 1
    grid = specs[0].get_gridspec()
    rows, columns = grid.nrows, grid.ncols
    if columns == 1 or any(len(s.rowspan) > 1 or len(s.colspan) > 1 for s in specs):
        return rows, 1
    tower = fig.add_gridspec(rows * columns, 1)
    for ax, spec in zip(fig.axes, specs, strict=True):
        ax.set_subplotspec(tower[spec.rowspan.start * columns + spec.colspan.start])
    for row in range(rows):
        _labels_of_a_row([a for a, s in zip(fig.axes, specs, strict=True)
                          if s.rowspan.start == row])  # fmt: skip
    return rows, columns


def _labels_of_a_row(row):
    """What one panel said for all of its row, each says now, or the last."""
    if len(row) < 2:
        return
    if row[0].get_shared_y_axes().joined(row[0], row[1]):
        for ax in row:
            ax.tick_params(labelleft=True)
            ax.set_ylabel(ax.get_ylabel() or row[0].get_ylabel())
    said = [ax.get_xlabel() for ax in row]
    if sum(map(bool, said)) == 1:
        for ax in row:
            ax.set_xlabel("")
        row[-1].set_xlabel(max(said))


def _legends_below(fig):
    """Legends leave the axes, which are too narrow for them."""
    entries = {}
    for ax in fig.axes:
        legend = ax.get_legend()
        if legend is not None:
            words = [t.get_text() for t in legend.get_texts()]
            entries |= dict(zip(words, legend.legend_handles, strict=True))
            legend.remove()
    if entries:
        fig.legend(entries.values(), entries, loc="outside lower left", ncols=1)
    for legend in fig.legends:
        fig.draw_without_rendering()
        if legend.get_window_extent().width > PHONE * PIXEL * fig.dpi:
            legend.set_ncols(1)


# -- letters ---------------------------------------------------------------------------------------


def _form(fig, width, height, letters, wrap):
    fig.set_layout_engine("constrained")
    fig.set_size_inches(width * PIXEL, height * PIXEL)
    _letters(fig, letters * 0.75)
    fig.draw_without_rendering()
    changed = [_fit(ax, width) for ax in fig.axes]
    if any(changed):
        fig.draw_without_rendering()
    for ax in fig.axes:
        place(ax, wrap)
    if any(changed) or any(map(labels_of, fig.axes)):  # the axes became narrower
        [_fit(ax, width) for ax in fig.axes]
        fig.draw_without_rendering()


def _fit(ax, width):
    """Whether words of some axes had to be wrapped, turned or thinned."""
    if not ax.axison:
        return False
    pixel, box = PIXEL * ax.figure.dpi, ax.get_window_extent()
    across = min(box.width + 40 * pixel, width * pixel)
    changed = [_wrap(words, "width", across) for words in (ax._left_title, ax.xaxis.label)]
    changed.append(_wrap(ax.yaxis.label, "height", box.height + 20 * pixel))
    changed.append(_wrap_rows(ax, width * pixel / 3))
    return any([*changed, fit_ticks(ax, 0), fit_ticks(ax, 1)])


def _wrap_rows(ax, room):
    """Names of rows in lines, where they take more than their room; whether that helped."""
    labels = tick_labels(ax, 1)
    words = [t.get_text() for t in labels]
    widest = max((t.get_window_extent().width for t in labels), default=0)
    if widest <= room or not any(" " in w for w in words):
        return False
    places = [t.get_position()[1] for t in labels]
    letters = max(8, int(max(map(len, words)) * room / widest))
    ax.set_yticks(places, ["\n".join(textwrap.wrap(w, letters)) for w in words])
    ax.figure.draw_without_rendering()
    if touching(tick_labels(ax, 1), 1):
        ax.set_yticks(places, words)
        return False
    return True


def _letters(fig, points):
    from matplotlib.text import Text

    for ax in fig.axes:
        ax.tick_params(labelsize=points, which="both")
    for text in fig.findobj(Text):
        text.set_fontsize(points * FORMULA if is_formula(text.get_text()) else points)


def is_formula(words):
    """Whether a text is one formula and nothing else."""
    return len(words) > 2 and words[0] == words[-1] == "$" and words.count("$") == 2


def _wrap(text, side, room):
    """Break words into lines where they are longer than their room; whether it did."""
    words = " ".join(text.get_text().split())
    size = getattr(text.get_window_extent(), side)
    if size <= room or "$" in words or " " not in words:
        return False
    longest = max(map(len, text.get_text().split("\n")))
    wrapped = "\n".join(textwrap.wrap(words, max(8, int(longest * room / size))))
    changed = wrapped != text.get_text()
    text.set_text(wrapped)
    return changed


def overlaps(fig):
    """Pairs of texts that lie on each other, as (text, text): a well-made figure has none."""
    fig.draw_without_rendering()
    shown = [t for t in _texts(fig) if t.get_visible() and t.get_text().strip()
             and t.get_rotation() in (0, 90)]  # fmt: skip
    boxes = [t.get_window_extent().padded(-1) for t in shown]
    return [
        (a.get_text(), b.get_text())
        for k, (a, p) in enumerate(zip(shown, boxes, strict=True))
        for b, q in zip(shown[k + 1 :], boxes[k + 1 :], strict=True)
        if p.overlaps(q)
    ]


def _texts(fig):
    """Every text that is drawn."""
    yield from fig.texts
    for legend in fig.legends:
        yield from legend.get_texts()
    for ax in fig.axes:
        yield from (*ax.texts, ax.title, ax._left_title, ax._right_title)
        if ax.get_legend():
            yield from ax.get_legend().get_texts()
        if ax.axison:
            yield from (ax.xaxis.label, ax.yaxis.label, *tick_labels(ax, 0), *tick_labels(ax, 1))
