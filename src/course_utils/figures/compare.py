"""Two cells side by side: which equations differ and in what, and both diagrams.

``assets/compare.js`` compares the same way when the reader chooses; a browser test holds the two
equal.
"""

import ast
from html import escape

from course_utils import equations
from course_utils.equations import GREEK, is_parameter, parse
from course_utils.figures.errors import FigureError
from course_utils.figures.layouts import cell_diagram
from course_utils.figures.page import Html, embedded
from course_utils.figures.palette import LETTERS

FUNCTION = {"sigmoid": "σ", "log_sigmoid": "log σ", "maximum": "max", "positive": "ĝ",
            "relu": "ReLU", "concat": ""}  # fmt: skip
SIGN = {ast.Add: " + ", ast.Sub: " − ", ast.Mult: " ⊙ ", ast.MatMult: " ", ast.Div: " / "}
RANK = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.MatMult: 3}


def compare_cells(first="lstm", second="lstm_peephole", keys=None):
    """A figure in which the reader chooses two cells: their equations, what differs, diagrams.

    first, second: the pair that it opens with; keys: the cells to choose from, all without.
    """
    from course_utils.specs import SPECS

    keys = list(SPECS) if keys is None else list(keys)
    for name, key in (("first", first), ("second", second)):
        if key not in keys:
            raise FigureError(f"{name}: {key!r} is none of {', '.join(keys)}")
    cells = [_cell(SPECS[key]) for key in keys]
    pair = [cells[keys.index(key)] for key in (first, second)]
    selects = "".join(
        f'<label>{words} <select name="{name}">'
        + "".join(
            f'<option value="{k}"{" selected" if key == chosen else ""}>'
            f"{escape(SPECS[key].title)}</option>"
            for k, key in enumerate(keys)
        )
        + "</select></label>"
        for words, name, chosen in (("from", "first", first), ("to", "second", second))
    )
    rows, says = compared(*pair)
    drawings = "".join(f"<div>{cell['svg']}</div>" for cell in pair)
    body = f"""<section class="u-widget u-compare" aria-label="Two cells compared">
<div class="u-story" hidden><div class="u-pick">{selects}
<button type="button" data-swap>exchange</button></div></div>
<p class="u-say" aria-live="polite">{says}</p>
<div class="u-lines">{_rows(rows, pair)}</div>
<div class="u-pair">{drawings}</div>
{embedded(cells)}
</section>"""
    return Html(body, ("svg.js", "compare.js"), f"figure: {says}")


def _cell(spec):
    return {
        "title": spec.title,
        "counted": plain(spec.parameter_formula()),
        "lines": [tokens(line) for line in spec.equations],
        "targets": [parse(line)[0] for line in spec.equations],
        "meanings": [LETTERS.get(parse(line)[0], "") for line in spec.equations],
        "svg": cell_diagram(spec).svg(),
    }


def plain(formula):
    """4HD + 4H^2 + 8H as HTML."""
    return formula.replace("H^2", "H²").replace("HD", "HD")


# -- an equation as a list of pieces ---------------------------------------------------------------


def tokens(line):
    """The equation as pieces of HTML: names, signs, brackets; joined they are the equation."""
    name, tree = parse(line)
    return [symbol(name), " = ", *_tokens(tree)]


def symbol(name):
    """W_xf -> W with subscript xf, c_prev -> c with t−1, lam_re -> λ with re."""
    base, *sub = name.split("_")
    past = "prev" in sub
    sub = [s for s in sub if s != "prev"]
    letter = equations.LETTERS.get(base, base)
    if is_parameter(name):
        return f"<var>{letter}</var>" + (f"<sub>{''.join(sub)}</sub>" if sub else "")
    time = ",".join([*sub, "t−1" if past else "t"]) if base not in GREEK else ",".join(sub)
    ending = f"<sub>{time}</sub>" if time else ""
    return f'<var class="u-{LETTERS.get(base, "neutral")}">{letter}{ending}</var>'


def _tokens(node, rank=0):
    if isinstance(node, ast.Name):
        return [symbol(node.id)]
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.UnaryOp):
        return ["−", *_tokens(node.operand, 3)]
    if isinstance(node, ast.Call):
        name = node.func.id
        opening, closing = ("[", "]") if name == "concat" else ("(", ")")
        parts = [FUNCTION.get(name, name) + opening]
        for k, part in enumerate(node.args):
            parts += [", "] * (k > 0) + _tokens(part)
        return [*parts, closing]
    own = RANK[type(node.op)]
    last = own + isinstance(node.op, (ast.Sub, ast.Div))
    parts = [*_tokens(node.left, own), SIGN[type(node.op)], *_tokens(node.right, last)]
    return ["(", *parts, ")"] if own < rank else parts


# -- what differs ----------------------------------------------------------------------------------


def matched(first, second):
    """Pairs (line of the first or -1, line of the second or -1): of one name, else of one meaning.

    In the order of the first; what the second has alone stands where it stands there.
    """
    partner = {}
    for k, name in enumerate(first["targets"]):
        if name in second["targets"]:
            partner[k] = second["targets"].index(name)
    for k, meaning in enumerate(first["meanings"]):
        free = [j for j, m in enumerate(second["meanings"])
                if m and m == meaning and j not in partner.values()]  # fmt: skip
        if k not in partner and free:
            partner[k] = free[0]
    pairs = [(k, partner.get(k, -1)) for k in range(len(first["lines"]))]
    return pairs + [(-1, j) for j in range(len(second["lines"])) if j not in partner.values()]


def kept(a, b):
    """Two lists of booleans: which pieces of a and of b belong to their longest common part."""
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for j in reversed(range(len(a))):
        for k in reversed(range(len(b))):
            best[j][k] = (
                best[j + 1][k + 1] + 1 if a[j] == b[k] else max(best[j + 1][k], best[j][k + 1])
            )
    j, k, left, right = 0, 0, [False] * len(a), [False] * len(b)
    while j < len(a) and k < len(b):
        if a[j] == b[k]:
            left[j] = right[k] = True
            j, k = j + 1, k + 1
        elif best[j + 1][k] >= best[j][k + 1]:
            j += 1
        else:
            k += 1
    return left, right


def compared(first, second):
    """Rows [line, its pieces kept, line, its pieces kept], and the sentence about them."""
    rows, same = [], 0
    for j, k in matched(first, second):
        a = first["lines"][j] if j >= 0 else []
        b = second["lines"][k] if k >= 0 else []
        left, right = kept(a, b)
        rows.append([j, left, k, right])
        same += a == b
    gone = sum(row[2] < 0 for row in rows)
    new = sum(row[0] < 0 for row in rows)
    changed = len(rows) - same - gone - new
    parts = [f"{same} the same", f"{changed} changed"]
    parts += [f"{gone} gone"] * (gone > 0) + [f"{new} new"] * (new > 0)
    says = (
        f"{first['title']} to {second['title']}: {', '.join(parts)}. "
        f"Parameters {first['counted']}, then {second['counted']}."
    )
    return rows, says


def _rows(rows, pair):
    return "".join(
        f'<div class="{_state(row)}">{_line(pair[0], row[0], row[1], "del")}'
        f"{_line(pair[1], row[2], row[3], 'ins')}</div>"
        for row in rows
    )


def _state(row):
    return "is-same" if row[0] >= 0 and row[2] >= 0 and all(row[1] + row[3]) else "is-other"


def _line(cell, at, same, tag):
    if at < 0:
        return '<p class="u-none">–</p>'
    pieces = "".join(
        piece if here else f"<{tag}>{piece}</{tag}>"
        for piece, here in zip(cell["lines"][at], same, strict=True)
    )
    return f"<p>{pieces}</p>"
