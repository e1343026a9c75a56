"""A part of a page that the reader unfolds: ``<details>``, without a script.

    folded(title, *body, classes=…)    a node; ``open=True`` starts unfolded

In a notebook it is ``<details>`` as well (lowering.py).
"""

from docutils import nodes


class folded(nodes.General, nodes.Element):  # docutils names a node's visitor after its class
    """Body of a fold, after its title."""


class folded_title(nodes.General, nodes.TextElement):
    """The line that stays in sight."""


def fold(title, *body, classes=(), open=False):
    """A fold with these nodes in it; title: text or inline nodes."""
    words = [nodes.Text(title)] if isinstance(title, str) else title
    return folded("", folded_title("", "", *words), *body, classes=["fold", *classes], open=open)


def begin(self, node):
    attributes = {"open": "open"} if node.get("open") else {}
    self.body.append(self.starttag(node, "details", **attributes))


def end(self, node):
    self.body.append("</details>\n")


def begin_title(self, node):
    self.body.append("<summary>")


def end_title(self, node):
    self.body.append("</summary>\n")


def setup(app):
    app.add_node(folded, html=(begin, end))
    app.add_node(folded_title, html=(begin_title, end_title))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
