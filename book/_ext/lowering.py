"""From a chapter's resolved doctree to the cells of a plain notebook.

Numbers, citations and cross references are text by then; links lead into the published book.  Each
kind of node is lowered by a method here; one that is not known stops the build by name, so that
nothing is ever dropped in silence.
"""

import re

import nbformat
from docutils import nodes

ADMONITIONS = "attention caution danger error hint important note seealso tip warning".split()
KEPT_TAGS = ("raises-exception", "nbval-skip", "nbval-raises-exception")
NUMBERED_ENVIRONMENT = re.compile(r"\\(begin|end)\{(align|gather|equation|split)\*?\}")
INNER = {"align": "aligned", "gather": "gathered", "split": "split", "equation": "aligned"}


class NotLowered(Exception):
    """A chapter holds something that cannot become a notebook; the message names it and where."""


def escape(text):
    """Text that Markdown would take for markup."""
    text = re.sub(r"([\\`*$<])", r"\\\1", text)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def display_math(text, number=None):
    """A ``$$`` block; environments that number by themselves become their inner forms."""
    text = text.strip()
    numbered = NUMBERED_ENVIRONMENT.search(text)
    if not numbered and ("&" in text or r"\\" in text) and r"\begin{" not in text:
        text = f"\\begin{{aligned}}\n{text}\n\\end{{aligned}}"
    text = NUMBERED_ENVIRONMENT.sub(lambda m: f"\\{m[1]}{{{INNER[m[2]]}}}", text)
    tag = rf" \tag{{{number}}}" if number else ""
    return f"$$\n{text}{tag}\n$$"


def code_cell(source, tags=(), title=None):
    """A code cell without outputs; hidden input is folded on Colab and in JupyterLab.

    A title folds it too, and is what Colab shows in place of the code.
    """
    metadata = {}
    if title:
        source = f"#@title {title}\n{source.strip(chr(10))}"
    if kept := [tag for tag in tags if tag in KEPT_TAGS]:
        metadata["tags"] = kept
    if title or "folded" in tags:
        metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}
    return nbformat.v4.new_code_cell(source.strip("\n"), metadata=metadata)


class Lower(nodes.GenericNodeVisitor):
    """Collects ``cells``; ``links`` is the builder, which knows numbers and addresses."""

    def __init__(self, document, links, docname):
        super().__init__(document)
        self.links, self.docname = links, docname
        self.cells, self.buffer = [], []
        self.level, self.in_table = 0, False

    # -- output ------------------------------------------------------------------------------------

    def inside(self, node, children=None):
        """The children of a node (or these) as Markdown."""
        outer, self.buffer = self.buffer, []
        for child in node.children if children is None else children:
            child.walkabout(self)
        text, self.buffer = "".join(self.buffer), outer
        return text

    def block(self, text):
        if text.strip():
            self.buffer.append(text.strip("\n") + "\n\n")
        raise nodes.SkipNode

    def inline(self, text):
        self.buffer.append(text)
        raise nodes.SkipNode

    def quote(self, title, body):
        text = f"**{title}**\n\n{body.strip()}" if title else body.strip()
        self.block("\n".join(f"> {line}".rstrip() for line in text.splitlines()))

    def details(self, title, body):
        self.block(f"<details>\n<summary>{title}</summary>\n\n{body.strip()}\n\n</details>")

    def flush(self):
        """Close the current Markdown cell."""
        text = re.sub(r"\n{3,}", "\n\n", "".join(self.buffer)).strip()
        self.buffer = []
        if text:
            self.cells.append(nbformat.v4.new_markdown_cell(text))

    def refuse(self, node, why=""):
        place = next((f", line {n.line}" for n in (node, node.parent) if n and n.line), "")
        raise NotLowered(
            f"{self.docname}{place}: a {type(node).__name__} cannot become part of a notebook"
            f"{why and '; ' + why}: {node.astext()[:80]!r}"
        )

    # -- structure ---------------------------------------------------------------------------------

    def visit_section(self, node):
        self.level += 1

    def depart_section(self, node):
        self.level -= 1

    def visit_title(self, node):
        if not isinstance(node.parent, nodes.section):
            self.refuse(node, "its parent should have taken it")
        if self.level > 1:
            self.flush()
        self.block("#" * self.level + " " + self.inside(node))

    def visit_container(self, node):
        if node.get("nb_element") == "cell_code":
            self.code(node)
        if node.get("nb_element"):
            self.refuse(node, "outputs belong to cells")
        if "sd-card-title" in node["classes"]:
            self.block(f"**{self.inside(node).strip()}**")

    def code(self, node):
        tags = (node.get("cell_metadata") or {}).get("tags", [])
        blocks = node.findall(nodes.literal_block)
        source = next((b for b in blocks if b.parent.get("nb_element") == "cell_code_source"), None)
        self.flush()
        if source is not None:
            self.cells.append(code_cell(source.astext(), tags, self.title_of(node, tags)))
        raise nodes.SkipNode

    def title_of(self, cell, tags):
        """What stands for the folded code of a figure; None for a cell that is shown."""
        if not isinstance(cell.parent, nodes.figure) or "show-input" in tags:
            return None
        return f"Code of {self.links.number(self.docname, cell.parent) or 'the figure below'}"

    def descend(self, node):
        """Nothing of its own: only its children show."""

    visit_document = visit_inline = visit_compound = visit_legend = visit_generated = descend
    visit_figure = visit_definition_list = visit_target = visit_dropdown_main = descend
    visit_pending_xref_condition = visit_abbreviation = descend

    def skip(self, node):
        raise nodes.SkipNode

    visit_comment = visit_index = visit_substitution_definition = visit_meta = skip
    visit_sd_tab_input = visit_exercise_end_node = visit_colspec = skip

    # -- blocks ------------------------------------------------------------------------------------

    def visit_paragraph(self, node):
        self.block(self.inside(node))

    def visit_rubric(self, node):
        self.block(f"**{self.inside(node)}**")

    visit_sd_tab_label = visit_rubric

    def visit_transition(self, node):
        self.block("---")

    def visit_math_block(self, node):
        self.block(display_math(node.astext(), self.links.equation_number(self.docname, node)))

    def visit_literal_block(self, node):
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", node.astext())), default=0))
        language = node.get("language", "")
        language = "" if language in ("none", "default") else language
        self.block(f"{fence}{language}\n{node.astext()}\n{fence}")

    def visit_block_quote(self, node):
        self.quote("", self.inside(node))

    def visit_attribution(self, node):
        self.block(f"— {self.inside(node)}")

    def visit_bullet_list(self, node):
        self.items(node, lambda k: "- ")

    def visit_enumerated_list(self, node):
        self.items(node, lambda k: f"{k + node.get('start', 1)}. ")

    def items(self, node, mark):
        lines = []
        for k, item in enumerate(node.children):
            body = self.inside(item).strip().replace("\n", "\n" + " " * len(mark(k)))
            lines.append(mark(k) + body)
        self.block("\n".join(lines))

    def visit_definition_list_item(self, node):
        terms = [self.inside(c).strip() for c in node.children if isinstance(c, nodes.term)]
        meaning = "".join(self.inside(c) for c in node.children if isinstance(c, nodes.definition))
        self.block(f"**{', '.join(terms)}**: {meaning.strip()}")

    def visit_image(self, node):
        uri = node["uri"] if "://" in node["uri"] else self.links.picture(self.docname, node["uri"])
        if not node.get("alt"):
            self.refuse(node, f"{node['uri']} has no alt text")
        self.buffer.append(f"![{node['alt']}]({uri})\n\n")
        raise nodes.SkipNode

    def visit_caption(self, node):
        label = self.links.number(self.docname, node.parent)
        self.block(f"{f'**{label}.** ' if label else ''}{self.inside(node).strip()}")

    def visit_footnote(self, node):
        label = node.next_node(nodes.label).astext()
        body = [c for c in node.children if not isinstance(c, nodes.label)]
        self.block(f"<sup>{label}</sup> {self.inside(node, body).strip()}")

    def visit_table(self, node):
        if self.in_table or any(n is not node for n in node.findall(nodes.table)):
            self.refuse(node, "a table inside a table")
        if any(e.get("morerows") or e.get("morecols") for e in node.findall(nodes.entry)):
            self.refuse(node, "merged cells")
        self.in_table = True
        rows = [[self.entry(e) for e in row.children] for row in node.findall(nodes.row)]
        self.in_table = False
        title = next((c for c in node.children if isinstance(c, nodes.title)), None)
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        lines.insert(1, "|" + " --- |" * len(rows[0]))
        if title is not None:
            label = self.links.number(self.docname, node)
            lines[:0] = [f"*{label + '. ' if label else ''}{self.inside(title)}*", ""]
        self.block("\n".join(lines))

    def entry(self, node):
        for child in node.children:
            if not isinstance(child, nodes.paragraph):
                self.refuse(child, "a table cell holds paragraphs only")
        return "<br>".join(self.inside(child).strip().replace("\n", " ") for child in node.children)

    # -- boxes -------------------------------------------------------------------------------------

    def boxed(self, node):
        """Its own title, and the nodes after it."""
        children = list(node.children)
        title = ""
        if children and isinstance(children[0], nodes.title):
            title = self.inside(children.pop(0)).strip()
        return title, self.inside(node, children)

    def visit_admonition(self, node):
        title, body = self.boxed(node)
        self.quote(title or type(node).__name__.capitalize(), body)

    for _name in ADMONITIONS:
        locals()[f"visit_{_name}"] = visit_admonition
    visit_topic = visit_sidebar = visit_admonition

    def enumerated(self, node):
        """A theorem or an exercise: its kind, its number, its own title."""
        title, body = self.boxed(node)
        label = self.links.number(self.docname, node)
        title = title.replace("Exercise %s", "").strip()
        self.quote(" ".join(part for part in (label, title) if part), body)

    def visit_solution_node(self, node):
        self.details(*self.boxed(node))

    visit_solution_start_node = visit_solution_node

    def visit_dropdown_title(self, node):
        words = [c for c in node.children if "sd-summary-text" in c.get("classes", [])]
        self.block(f"**{self.inside(node, words).strip()}**")

    def visit_folded(self, node):
        title, *body = node.children
        self.details(self.inside(title).strip(), self.inside(node, body))

    def visit_notebook_link(self, node):
        """A file of the repository, from where it is published."""
        self.inline(f"[{self.inside(node)}]({self.links.place.raw(node['path'])})")

    def visit_symbols_node(self, node):
        self.details("Symbols of this equation", self.inside(node))

    # -- words -------------------------------------------------------------------------------------

    def visit_Text(self, node):
        self.inline(escape(node.astext()))

    def visit_math(self, node):
        text = node.astext()
        if self.in_table:  # a bar would end the cell
            text = text.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
        self.inline(f"${text}$")

    def visit_emphasis(self, node):
        self.inline(f"*{self.inside(node)}*")

    visit_title_reference = visit_emphasis

    def visit_strong(self, node):
        self.inline(f"**{self.inside(node)}**")

    def visit_literal(self, node):
        text = node.astext().replace("|", r"\|") if self.in_table else node.astext()
        fence = "``" if "`" in text else "`"
        pad = " " if "`" in text else ""
        self.inline(f"{fence}{pad}{text}{pad}{fence}")

    def visit_superscript(self, node):
        self.inline(f"<sup>{self.inside(node)}</sup>")

    def visit_subscript(self, node):
        self.inline(f"<sub>{self.inside(node)}</sub>")

    def visit_footnote_reference(self, node):
        self.inline(f"<sup>{node.astext()}</sup>")

    def visit_reference(self, node):
        uri = node.get("refuri") or ("#" + node["refid"] if node.get("refid") else "")
        if not uri:
            self.refuse(node, "a link without a target")
        self.inline(f"[{self.inside(node)}]({self.links.address(self.docname, uri)})")

    visit_number_reference = visit_reference

    def visit_raw(self, node):
        if not re.fullmatch(r"\s*(<!--.*?-->)?\s*", node.astext(), re.DOTALL):
            self.refuse(node, "write Markdown instead of raw HTML")
        raise nodes.SkipNode

    # -- everything else ---------------------------------------------------------------------------

    def default_visit(self, node):
        name = type(node).__name__
        if name in self.links.enumerable:
            self.enumerated(node)
        self.refuse(node)

    def default_departure(self, node):
        pass
