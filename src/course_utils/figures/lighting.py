"""A cell drawn again and again with one path lit at a time, to stand inside the prose."""

from html import escape

from course_utils.figures.errors import FigureError
from course_utils.figures.layouts import cell_diagram
from course_utils.figures.page import Html, described

# path -> (variables whose computation is lit, wires to leave out, what it is called)
PATHS = {
    "lstm": {
        "cell": ("the cell state: old content, kept in part, then added to", {
            ("c_prev", "keep"), ("keep", "add"), ("add", "c"), ("c", "c_out")}),
        "forget": ("the forget gate: what it reads, and the product that it opens", {
            ("h_prev", "f"), ("x", "f"), ("f", "keep"), ("c_prev", "keep")}),
        "write": ("input gate and candidate: how much is written, and what", {
            ("h_prev", "i"), ("x", "i"), ("h_prev", "g"), ("x", "g"), ("i", "write"),
            ("g", "write"), ("write", "add")}),
        "output": ("the output gate: what of the cell state is shown as h", {
            ("h_prev", "o"), ("x", "o"), ("o", "show"), ("c", "squash"), ("squash", "show"),
            ("show", "h"), ("h", "h_out")}),
    },
    "gru": {
        "hidden": ("the hidden state: old content, kept in part, then added to", {
            ("h_prev", "peek"), ("peek", "keep"), ("keep", "add"), ("add", "h"), ("h", "h_out")}),
        "update": ("the update gate: it keeps with z and lets in with 1 − z", {
            ("peek", "z"), ("x", "z"), ("z", "keep"), ("z", "rest"), ("rest", "write")}),
        "candidate": ("reset gate and candidate: what of the old state is read", {
            ("peek", "r"), ("x", "r"), ("r", "reset"), ("peek", "linear"), ("linear", "reset"),
            ("reset", "n"), ("x", "n"), ("n", "write"), ("write", "add")}),
    },
}  # fmt: skip


def paths(key):
    """Names of the paths that ``lit`` knows for a cell; each variable of another cell is one."""
    key = getattr(key, "key", key)
    return tuple(PATHS[key]) if key in PATHS else tuple(cell_diagram(key).computed())


def lit(key, path=None, alt=None):
    """The circuit of a cell with one path lit and the rest receding; without ``path`` all of them.

    key: as for ``cell_diagram``.  path: one of ``paths(key)``, for the LSTM "cell", "forget",
    "write" and "output"; None gives a row of small drawings, one a path, each with its words.
    alt: what the lit path shows, in place of our own words.
    FigureError lists the paths that there are.
    """
    known = paths(key)
    if path is None:
        parts = "".join(
            f'<figure>{_one(key, name, None)}<figcaption>{escape(_words(key, name))}</figcaption>'
            "</figure>"
            for name in known
        )
        title = escape(cell_diagram(key).title)
        return Html(f'<section class="u-widget u-lit-row" aria-label="{title}, path by path">'
                    f"{parts}</section>", words=f"figure: {title}, path by path")  # fmt: skip
    if path not in known:
        raise FigureError(f"path: {path!r} is none of {', '.join(known)}")
    return Html(_one(key, path, alt), words=f"figure: {alt or _words(key, path)}")


def _words(key, path):
    key = getattr(key, "key", key)
    text = PATHS[key][path][0] if key in PATHS else f"what {path} is computed from"
    return text[0].upper() + text[1:] + "."


def _one(key, path, alt):
    circuit = cell_diagram(key)
    own = PATHS.get(circuit.name)
    wires = own[path][1] if own else circuit.trace(path)[1]
    nodes = {name for wire in wires for name in wire}
    words = described(alt or f"{circuit.title}, with one path lit. {_words(key, path)}")
    return circuit.svg(alt=words, lit=(nodes, wires))
