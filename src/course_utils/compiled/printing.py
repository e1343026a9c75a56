"""What all printers share: expressions as text, and which values get a line of their own."""

from dataclasses import dataclass, field

from course_utils.compiled.values import SCALAR

_RANK = {"+": 1, "-": 1, "neg": 2, "*": 3, "/": 3}


@dataclass(frozen=True)
class Style:
    """How a target writes numbers and functions.

    functions: {op: template of its arguments}; ``number`` writes a constant that meets floats;
    ``alone``, a template, an argument of a function that is one number for all: with it, such
    numbers have no lines of their own.
    """

    functions: dict = field(default_factory=dict)
    number: object = repr
    alone: str | None = None


def statements(body, style):
    """([(name, expression, value)], names given here): the lines of a body.

    What is used once, and has no name of its own, stands in the line of its user.
    """
    uses = {}
    for v in body.lines:
        for a in v.args:
            uses[a] = uses.get(a, 0) + 1
    stored = {v for _, v, _ in body.stores}
    shown = {
        v for v in body.lines
        if v in stored or uses.get(v, 0) > 1 or _named_by_an_equation(v) or _gradient(v)
    }  # fmt: skip
    if style.alone:
        shown = {v for v in shown if v.rank != SCALAR}
    inside, names = set(body.lines) - shown, {}
    for v in body.lines:
        if v in shown and v.name is None:
            names[v] = f"part_{len(names) + 1}"
    texts = []
    for v in body.lines:
        if v in shown:
            texts.append((names.get(v, v.name), _text(v, style, inside, names, top=True), v))
    return texts, names


def _named_by_an_equation(v):
    return v.line is not None and v.line.split("=")[0].strip() == v.name.removesuffix("_")


def _gradient(v):
    """Whether a value is the gradient of another, and not only a step towards it."""
    return v.line is None and v.name is not None and v.op != "neg"


def _text(v, style, inside, names, rank=0, top=False, whole=False):
    """The text of a value: its name, or its expression where it has no line of its own."""
    if v.op == "constant":
        return repr(v.what) if whole else style.number(v.what)
    if v not in inside and not top:
        return names.get(v, v.name)
    whole = v.integer or v.op == "due"  # counters and clocks are integers
    if v.op == "copy":
        return _text(v.args[0], style, inside, names, rank, whole=whole)
    if v.op == "neg":
        text = "-" + _text(v.args[0], style, inside, names, 3, whole=whole)
        return f"({text})" if rank > 1 else text
    if v.op in _RANK:
        own = _RANK[v.op]
        left = _text(v.args[0], style, inside, names, own, whole=whole)
        right = _text(v.args[1], style, inside, names, own + (v.op in "-/"), whole=whole)
        text = f"{left} {v.op} {right}"
        return f"({text})" if own < rank else text
    parts = [_text(a, style, inside, names, whole=whole) for a in v.args]
    if style.alone and not whole:
        exact = [a.op == "constant" and isinstance(a.what, int) for a in v.args]
        parts = [style.alone.format(p) if a.rank == SCALAR and not known else p
                 for a, p, known in zip(v.args, parts, exact, strict=True)]  # fmt: skip
    template = style.functions.get(v.op)
    return template.format(*parts) if template else f"{v.op}({', '.join(parts)})"


def grouped(texts, body):
    """The statements with the equation that they belong to: [(equation or None, name, text)]."""
    last, out = None, []
    for name, text, v in texts:
        line = v.line if v.line != last and _named_by_an_equation(v) else None
        last = v.line if line else last
        out.append((line, name, text))
    return out
