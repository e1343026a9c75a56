"""For the authors' page: an element of the grammar beside the lines that make it, written once.

    ````{element}
    any Markdown but a code cell: shown as text, then as what it becomes
    ````

    ```{lines-of} fig-example
    ```

``lines-of`` shows the code cell of this page that has that name, which stands where it is live.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CELL = re.compile(r"^(`{3,})\{code-cell\}.*?^\1[ ]*$", re.DOTALL | re.MULTILINE)


class Element(SphinxDirective):
    """The content as a code block, and the content itself."""

    has_content = True

    def run(self):
        live = nodes.container(classes=["element-live"])
        self.state.nested_parse(self.content, self.content_offset, live)
        return [lines("\n".join(self.content)), live]


class LinesOf(SphinxDirective):
    """The source of a named code cell."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        text = Path(self.env.doc2path(self.env.docname)).read_text("utf-8")
        cells = [cell[0] for cell in CELL.finditer(text) if f"\n:name: {name}\n" in cell[0]]
        if not cells:
            raise self.error(f"lines-of: no code cell of this page says `:name: {name}`")
        return [lines(cells[0])]


def lines(text):
    return nodes.literal_block(text, text, language="md", classes=["element-lines"])


def setup(app):
    app.add_directive("element", Element)
    app.add_directive("lines-of", LinesOf)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
