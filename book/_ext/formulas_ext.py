"""Formulas are set when a page is written: no page loads MathJax.

The renderer ``typeset`` puts the drawing that ``formulas`` makes into the page, where Sphinx would
put TeX for a script.  A formula that MathJax does not take is a warning, which fails `make book`.
The glyphs of a page lie in front of its content, once; formulas are kept beside the executed
chapters, so that a second build sets only what is new.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from cache_key import cache_folder
from course_utils.files import write
from formulas import FormulaError, Kept, glyphs, stylesheet

logger = logging.getLogger(__name__)
CLASSES = "math notranslate nohighlight"


def prepare(app):
    """Open the kept formulas and write the style sheet; glyphs go into every finished page."""
    if app.builder.name != "html":  # the builder of notebooks calls its format HTML too
        return
    app.formulas = Kept(cache_folder(app.srcdir).parent / "formulas.json")
    folder = Path(app.outdir).parent / "formula_assets"
    write(folder / "formulas.css", stylesheet())
    app.config.html_static_path.append(str(folder))
    app.add_css_file("formulas.css", priority=400)
    render = app.builder.templates.render

    def render_page(template, context):
        """The whole page, for a formula may stand in its menus too."""
        page, drawing = glyphs(render(template, context))
        head, body, rest = page.partition("<body")
        opening, end, content = rest.partition(">")
        return head + body + opening + end + drawing + content

    app.builder.templates.render = render_page


def finish(app, error):
    """Keep what was set, from a build that failed too."""
    if hasattr(app, "formulas"):
        app.formulas.save()


def set_formula(self, node, tex, display):
    """The formula's HTML, or its TeX with a warning."""
    try:
        return self.builder.app.formulas.typeset(tex, display)
    except FormulaError as error:
        logger.warning("formula: %s", error, location=node)
        return f'<code class="formula-error">{self.encode(tex)}</code>'


def visit_inline(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS=CLASSES))
    self.body.append(set_formula(self, node, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self, node):
    self.body.append(self.starttag(node, "div", CLASS=CLASSES))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    tex = node.astext() if node["nowrap"] else lines(node.astext())
    self.body.append(set_formula(self, node, tex, display=True) + "</div>\n")
    raise nodes.SkipNode


def lines(tex):
    r"""Display TeX as Sphinx reads it: ``\\`` breaks a line, an empty line parts equations."""
    parts = [rf"\begin{{split}}{p}\end{{split}}" if r"\\" in p else p
             for p in tex.split("\n\n") if p.strip()]  # fmt: skip
    if len(parts) < 2:
        return "".join(parts)
    return r"\begin{align}\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}\end{align}"


def setup(app):
    app.add_html_math_renderer("typeset", (visit_inline, None), (visit_display, None))
    app.connect("builder-inited", prepare)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
