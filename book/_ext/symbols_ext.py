"""Symbols that answer: below an equation a folded table of its symbols, which ``symbols.js`` reads.

The directive ``equations`` (spec_ext) calls ``explained``.  For an equation of the text:

    ```{explained}
    :label: eq-preactivation
    a_k = W_{xk}\\, x_t
    ---
    a_k | pre-activation of gate k | (B, H) | a_k = x @ W_xk.T
    W_{xk} | its input weights | (H, D) |
    x_t | the input at this time step | (B, D) | x
    ```

Each line after the rule is a symbol as it stands in the equation, what it means, its shape, and its
line of NumPy, which may be missing.  A symbol that the equation does not hold is an error.
"""

import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.directives.patches import MathDirective

from course_utils import equations
from course_utils.figures.page import embedded
from course_utils.figures.palette import LETTERS
from course_utils.symbols import Symbol, explain

TITLE = "Symbols of this equation"
AXES = re.compile(r"\(([A-Z0-9]+(?:, ?[A-Z0-9]+)*),?\)|a number|–")


class symbols_node(nodes.General, nodes.Element):
    """A table of symbols; ``marks``: {LaTeX of the whole equation with its symbols marked}."""


def explained(math, symbols, marked):
    """The nodes of an equation, followed by its table.

    math: what MathDirective returned; symbols: list of ``Symbol``; marked: the equation's LaTeX in
    which the k-th of them stands as ``\\class{u-sym u-sym-k}{…}``.
    """
    for node in math:
        if isinstance(node, nodes.math_block):
            node["marked"] = marked
    facts = [[said(s.latex), s.meaning, s.shape, s.code, colour(s.name)] for s in symbols]
    table = symbols_node(facts=facts)
    table += rows([["symbol", "meaning", "shape", "NumPy"]], symbols)
    return [*math, table]


def rows(head, symbols):
    """The docutils table."""
    group = nodes.tgroup(cols=4)
    group += [nodes.colspec(colwidth=w) for w in (12, 40, 14, 34)]
    group += nodes.thead("", nodes.row("", *(entry(nodes.Text(word)) for word in head[0])))
    body = nodes.tbody()
    for s in symbols:
        code = [nodes.literal(s.code, s.code)] if s.code else [nodes.Text("–")]
        body += nodes.row("", entry(nodes.math(s.latex, s.latex)), entry(nodes.Text(s.meaning)),
                          entry(nodes.Text(s.shape)), entry(*code))  # fmt: skip
    group += body
    return nodes.table("", group)


def entry(*inside):
    return nodes.entry("", nodes.paragraph("", "", *inside))


def colour(name):
    """The palette's meaning of a symbol: its own letter, or the gate that a weight feeds."""
    base, _, sub = name.partition("_")
    return LETTERS.get(sub[-1:] if base[:1].isupper() or base in ("b", "p") else base, "neutral")


def said(latex):
    r"""A symbol as it is spoken: W_{xf} -> "W x f", h_{t-1} -> "h t minus 1"."""
    text = re.sub(r"\\(mathrm|text|operatorname|left|right)|[,(){}]", " ", latex)
    text = text.replace("t-1", " t minus 1")
    if re.match(r"[WRbpa]_", text):  # the two letters of a weight's subscript, one by one
        text = re.sub(r"(?<=_ )([a-z])([a-z])", r"\1 \2", text)
    return " ".join(re.sub(r"[\\_^]+", " ", text).split())


def of_cell(spec, wanted):
    """(symbols, marked LaTeX) of some lines of a cell."""
    symbols = explain(spec, wanted)
    marked = {s.name: mark(k, s.latex) for k, s in enumerate(symbols)}
    return symbols, equations.latex(spec.lines(wanted), marked)


def mark(k, latex):
    return rf"\class{{u-sym u-sym-{k}}}{{{latex}}}"


class Explained(MathDirective):
    """An equation of the text with a line for each symbol; see the head of this file."""

    def run(self):
        formula, rule, lines = "\n".join(self.content).partition("\n---\n")
        if not rule:
            raise self.error("explained: expected the equation, a line ---, and a line a symbol")
        try:
            symbols, marked = of_text(formula, lines.splitlines())
        except ValueError as error:
            raise self.error(f"explained: {error}") from None
        self.content = StringList(formula.splitlines(), source=self.env.docname)
        return explained(super().run(), symbols, marked)


def of_text(formula, lines):
    """(symbols, marked LaTeX) of an equation and its lines; ValueError says what does not fit."""
    symbols = []
    for line in filter(str.strip, lines):
        parts = [part.strip() for part in line.split(" | ")]
        latex, meaning, shape, code = (
            parts + [""] * (4 - len(parts)) if len(parts) > 2 else [""] * 4
        )
        if not (latex and meaning and shape):
            raise ValueError(f"expected 'symbol | meaning | shape | NumPy', got {line!r}")
        if not AXES.fullmatch(shape):
            raise ValueError(f"a shape is written (B, H), 'a number' or –, got {shape!r}")
        symbols.append(Symbol(latex, latex, meaning, shape, code))
    longest = sorted(range(len(symbols)), key=lambda k: -len(symbols[k].latex))
    found = "|".join(_bounded(symbols[k].latex) for k in longest)
    place = {symbols[k].latex: k for k in longest}
    marked = re.sub(found, lambda m: mark(place[m[0]], m[0]), formula)
    for k, s in enumerate(symbols):
        if rf"u-sym-{k}}}" not in marked:
            raise ValueError(f"the equation does not hold the symbol {s.latex!r}")
    return symbols, marked


def _bounded(latex):
    """A pattern for a symbol that is no part of a longer name: x is not found in \\max."""
    before = r"(?<![\\A-Za-z{])" if latex[0].isalpha() else ""
    return before + re.escape(latex) + (r"(?![A-Za-z])" if latex[-1].isalpha() else "")


def set_marks(app, doctree, docname):
    """In HTML the symbols can be addressed; everywhere else the equation stays plain."""
    if app.builder.name != "html":
        return
    for node in doctree.findall(nodes.math_block):
        if "marked" in node:
            node[:] = [nodes.Text(node["marked"])]


def visit_html(self, node):
    self.body.append(f'<details class="u-symbols"><summary>{TITLE}</summary>\n')


def depart_html(self, node):
    keys = ("said", "meaning", "shape", "code", "css")
    facts = [dict(zip(keys, fact, strict=True)) for fact in node["facts"]]
    self.body.append(f"{embedded(facts)}</details>\n")


def setup(app):
    app.add_node(symbols_node, html=(visit_html, depart_html))
    app.add_directive("explained", Explained)
    app.connect("doctree-resolved", set_marks)
    app.add_css_file("symbols.css")
    app.add_js_file("symbols.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
