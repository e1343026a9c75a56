"""How a code cell becomes a figure: number, caption, link, and its code below it.

    ```{code-cell} ipython3
    :name: fig-roof
    :caption: One sentence, in Markdown, with numbers from the ledger.

    figures.show(fig, alt="what it shows")
    ```

``{numref}`fig-roof` `` prints "Figure 3.2".  The code folds away below the caption; the tag
``show-input`` keeps it above the picture.  The tag ``setup`` takes a cell that only prepares off
the page; it stays in the notebook.  What a chapter shows without name and caption is a warning, and
so is a caption that is not one sentence, and a picture without alt text.
"""

import re

import myst_nb.sphinx_
from docutils import nodes
from myst_nb.sphinx_ import SphinxNbRenderer
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from course_ext import notebook_of

logger = logging.getLogger(__name__)

SHORT = re.compile(r"\b(e\.g|i\.e|cf|vs|al|approx|Fig|Eq|No|St)\.")
SENTENCE_ENDS = re.compile(r"[.?!][”’\")]*(?=\s|$)")
REMOVED = re.compile("^remove[-_]input$")
FOLDS = ("hide-input", "hide_input", "hide-cell")


# -- reading ---------------------------------------------------------------------------------------


class Renderer(SphinxNbRenderer):
    """myst-nb's renderer, whose own figures hold images only."""

    def render_nb_cell_code(self, token):
        parent, before = self.current_node, len(self.current_node)
        metadata = token.meta["metadata"]
        if self.sphinx_env.app.builder.name == "notebooks":  # without its input, no notebook runs
            tags = metadata.get("tags", [])
            metadata["tags"] = [REMOVED.sub("folded", tag) for tag in tags]
        super().render_nb_cell_code(token)
        if len(parent) == before or not metadata.keys() & {"name", "caption"}:
            return
        cell = parent.pop()
        figure = nodes.figure("", cell, classes=["cell-figure"])
        self.add_line_and_source_path(figure, token)
        if name := metadata.get("name"):
            figure["names"].append(nodes.fully_normalize_name(str(name)))
            self.document.note_explicit_target(figure, figure)
        if caption := metadata.get("caption"):
            figure += self.caption(str(caption).strip(), figure.line)
        parent += figure

    def caption(self, text, line):
        """Markdown -> a caption; several paragraphs come out as one, which is no sentence."""
        holder = nodes.Element()
        with self.current_node_context(holder):
            self.nested_render_text(text, line)
        inline = [child for part in holder.children for child in part.children]
        caption = nodes.caption(text, "", *inline)
        caption.source, caption.line = self.document["source"], line
        return caption


def check(app, doctree):
    """Warn of every figure of a page that breaks the rules of the module."""
    docname = app.env.docname
    strict = notebook_of(docname) is not None

    def warn(node, text):
        logger.warning(text, location=(docname, node.line), type="course", subtype="figure")

    executed = app.config.nb_execution_mode != "off"
    for figure in doctree.findall(nodes.figure):
        for text in faults(figure):
            warn(figure, text)
        if executed and any(is_cell(c) and not pictures(c) for c in figure.children):
            warn(figure, "a cell with a name or a caption must end in a picture, this one has none")
    if not strict:
        return
    for cell in doctree.findall(is_cell):
        tags = cell["cell_metadata"].get("tags", [])
        if not isinstance(cell.parent, nodes.figure) and pictures(cell):
            warn(cell, "a figure needs `:name: fig-…` and `:caption: One sentence.` on its cell")
        if "setup" in tags and cell.children[1:]:
            warn(
                cell, "a cell tagged `setup` leaves the page, so it may not print or show anything"
            )
        if folds := [tag for tag in tags if tag in FOLDS]:
            warn(cell, f"{folds[0]}: give the figure a name and a caption, which fold its code, or "
                       "tag a cell that only prepares as `setup`")  # fmt: skip
    for image in doctree.findall(nodes.image):
        if not any(isinstance(n, nodes.figure) for n in ancestors(image)):
            warn(image, f"{image['uri']}: use the directive `figure`, with a name and a caption")


def faults(figure):
    """What is wrong with a figure, in words."""
    caption = next((c for c in figure.children if isinstance(c, nodes.caption)), None)
    called = f"figure {figure['names'][0]}" if figure["names"] else "this figure"
    if not figure["names"]:
        yield "a figure needs `:name: fig-…`, so that others can refer to it"
    if caption is None:
        yield f"{called} has no caption: `:caption: One sentence.`"
    elif (found := sentences(caption)) != 1:
        yield f"{called}: the caption must be one sentence with its full stop, found {found}"
    for image in figure.findall(nodes.image):
        if not image.get("alt"):
            yield f"{called}: {image['uri']} has no alt text"


def sentences(caption):
    """How many sentences a caption has: 0 when it lacks its full stop."""
    if isinstance(caption, nodes.Node):
        caption = "".join(map(plain, caption.children))
    text = SHORT.sub(r"\1", " ".join(caption.split()))
    ends = [match.end() for match in SENTENCE_ENDS.finditer(text)]
    return len(ends) if ends and ends[-1] == len(text) else 0


def plain(node):
    """A node's words; formulas, code, references and numbers stand for one word each."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, (nodes.emphasis, nodes.strong)):
        return "".join(map(plain, node.children))
    return "x"


def is_cell(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def pictures(cell):
    """The parts of a cell's output that are pictures or widgets rather than text."""
    kinds = [n.get("mime_type", "") for n in cell.findall(nodes.container)]
    return [kind for kind in kinds if kind.startswith("image/") or kind == "text/html"]


def ancestors(node):
    while node := node.parent:
        yield node


# -- writing ---------------------------------------------------------------------------------------


class PlaceCode(SphinxPostTransform):
    """On the page: the code of a figure below it, folded; cells tagged ``setup`` nowhere."""

    default_priority = 20

    def run(self):
        if self.app.builder.name == "notebooks":
            return
        for cell in list(self.document.findall(is_cell)):
            tags = cell["cell_metadata"].get("tags", [])
            if "setup" in tags:
                cell.parent.remove(cell)
            elif isinstance(cell.parent, nodes.figure) and "show-input" not in tags:
                self.fold(cell.parent, cell)

    def fold(self, figure, cell):
        source = next((c for c in cell if c.get("nb_element") == "cell_code_source"), None)
        if source is None:
            return
        cell.remove(source)
        label = f"Code of {number(self.env, self.env.docname, figure) or 'this figure'}"
        opening = f'<details class="figure-code"><summary>{label}</summary>'
        parent, place = figure.parent, figure.parent.index(figure) + 1
        parent.insert(place, nodes.raw("", opening, format="html"))
        parent.insert(place + 1, source)
        parent.insert(place + 2, nodes.raw("", "</details>", format="html"))


def number(env, docname, figure):
    """Such as "Figure 3.2"; empty for a figure that the book does not number."""
    numbers = env.toc_fignumbers.get(docname, {}).get("figure", {})
    found = next((numbers[name] for name in figure["ids"] if name in numbers), None)
    return env.config.numfig_format["figure"] % ".".join(map(str, found)) if found else ""


def setup(app):
    myst_nb.sphinx_.SphinxNbRenderer = Renderer  # its parser looks the name up there
    app.connect("doctree-read", check)
    app.add_post_transform(PlaceCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
