"""Lines of running text break where a printer would break them.

A browser may break a line between a formula, which is a drawing, and the sign behind it.  So what
stands close to a formula is kept on its line, and a number stays with its unit.
"""

import re

from docutils import nodes

CLOSING = re.compile(r"[.,;:!?)\]’”…]+")
OPENING = re.compile(r"[(\[‘“]+$")


def keep_signs(app, doctree, name):
    """``keep`` in what becomes a page of HTML."""
    if app.builder.format == "html":
        keep(doctree)


def keep(tree):
    """Put an inline formula and the brackets or stops that touch it into one unbreakable span."""
    for formula in list(tree.findall(nodes.math)):
        parent = formula.parent
        place = parent.index(formula)
        before = _parted(parent, place - 1, OPENING)
        place = parent.index(formula)
        after = _parted(parent, place + 1, CLOSING)
        if not (before or after):
            continue
        parts = [nodes.Text(before), formula, nodes.Text(after)]
        parent[place] = nodes.inline("", "", *[p for p in parts if p.astext()], classes=["whole"])


def _parted(parent, place, pattern):
    """The signs of a neighbouring text that touch the formula, taken off that text; "" if none."""
    if not 0 <= place < len(parent.children) or not isinstance(parent[place], nodes.Text):
        return ""
    text = parent[place].astext()
    found = pattern.search(text) if pattern is OPENING else pattern.match(text)
    if not found:
        return ""
    parent[place] = nodes.Text(text[: found.start()] + text[found.end() :])
    return found[0]


def setup(app):
    """Register with Sphinx, behind what links words and marks letters."""
    app.connect("doctree-resolved", keep_signs, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
