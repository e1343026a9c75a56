"""What the search finds and shows: prose alone, and a term's chapter first.

Sphinx' index gets each page without formulas, drawings, tables of symbols and code outputs.  The
search page gets ``search_data.js`` besides: the prose of every page by section, for excerpts that
can be read (also from file://, where pages cannot be fetched), and the words of the glossary with
their spellings and the chapter that explains each, which ``search.js`` puts first.
"""

import json
import re
from html import unescape
from pathlib import Path

from docutils import nodes

import cell_pages
from course_utils.files import write
from glossary_ext import PAGE, anchors, forms, noted, read, searches

SILENT = (
    nodes.math_block, nodes.raw, nodes.comment, nodes.image, nodes.footnote_reference,
    nodes.substitution_definition,
)  # fmt: skip


def collect(app):
    """Have every page indexed by its prose, which is kept for the excerpts."""
    app.search_texts = {}
    if app.builder.name != "html":
        return
    index = app.builder.index_page

    def index_page(pagename, doctree, title):
        spoken = prose(doctree)
        if title:
            bare = unescape(re.sub(r"<[^>]*>", "", title))  # the theme's own search needs the tags
            app.search_texts[pagename] = [bare, sections(spoken)]
        index(pagename, spoken, title)

    app.builder.index_page = index_page


def prose(doctree):
    """A copy without what nobody would search for or could read in an excerpt."""
    copy = doctree.deepcopy()
    for node in list(copy.findall(nodes.math)):
        node.parent.replace(node, nodes.Text(plain(node.astext())))
    for node in list(copy.findall(silent)):
        if node.parent is not None:
            node.parent.remove(node)
    return copy


LETTERS = {
    "sigma": "σ", "tanh": "tanh", "log": "log", "exp": "exp", "times": "×", "cdot": "·", "le": "≤",
    "ge": "≥", "lt": "<", "approx": "≈", "pm": "±", "rho": "ρ", "lambda": "λ", "alpha": "α",
    "partial": "∂", "in": "∈", "odot": "⊙", "to": "→", "infty": "∞", "ln": "ln", "delta": "δ",
    "theta": "θ", "ell": "ℓ", "max": "max", "min": "min", "top": "ᵀ", "ne": "≠", "quad": " ",
}  # fmt: skip


def plain(latex):
    """A small formula as text: W_{hh} -> W_hh; an ellipsis for what text cannot say."""
    text = re.sub(r"\\(mathrm|text|operatorname|left|right|mathbf)(?![a-z])|\\[,;! ]|~", "", latex)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: LETTERS.get(m[1], m[0]), text)
    text = re.sub(r"([_^])\{([^{}]*)\}", r"\1\2", text).replace("-", "−")
    return "…" if re.search(r"[\\{}&]", text) or len(text) > 40 else text


def silent(node):
    """Whether a node is no prose."""
    if isinstance(node, SILENT) or type(node).__name__ == "symbols_node":
        return True
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code_output"


def sections(doctree):
    """[[id, heading, text], …]: the prose of a page, cut at its headings."""
    found = []
    for section in doctree.findall(nodes.section):
        heading, texts = "", []
        for child in section.children:
            if isinstance(child, nodes.title):
                heading = child.astext()
            elif not isinstance(child, nodes.section | nodes.table):
                texts.append(said(child))
        text = re.sub(r"\s+([,.;:!?)])", r"\1", " ".join(" ".join(texts).split()))
        text = re.sub(r"\S*\\[A-Za-z]\S*", "…", text)  # TeX in a docstring
        found.append([section["ids"][0] if section["ids"] else "", heading, text])
    return found


def said(node):
    """The text of a node without its code."""
    blocks = node.findall(lambda n: isinstance(n, nodes.TextElement) and _outermost(n))
    return " ".join(b.astext() for b in blocks if not isinstance(b, nodes.literal_block))


def _outermost(node):
    """Whether no other block of text holds this one."""
    above = node.parent
    while above is not None:
        if isinstance(above, nodes.TextElement):
            return False
        above = above.parent
    return True


def write_data(app, error):
    """``_static/search_data.js``."""
    if error or app.builder.name != "html":
        return
    entries, _ = read(app.srcdir)
    ids, known, terms = anchors(app.env), app.env.found_docs, []
    for name in known - set(app.search_texts):  # not written anew by this build
        doctree = app.env.get_doctree(name)
        app.search_texts[name] = [app.env.titles[name].astext(), sections(prose(doctree))]
    for entry in entries:
        where = f"book/{entry['where']}" if "where" in entry else ""
        place = f"{PAGE}#{ids[entry['term'].lower()]}"
        terms.append([forms(entry), entry["term"], where if where in known else "", place,
                      noted(entry["means"])])  # fmt: skip
    learners = searches(app.srcdir)
    taken = {form.lower() for forms, _ in learners for form in forms}
    for words, where in [*learners, *cell_pages.searches(str(app.srcdir), taken)]:
        if f"book/{where}" in known:
            terms.append([words, words[0], f"book/{where}", "", ""])
    data = json.dumps({"pages": app.search_texts, "terms": terms}, ensure_ascii=False,
                      separators=(",", ":"), sort_keys=True)  # fmt: skip
    write(Path(app.outdir, "_static", "search_data.js"), f"window.unrolledSearch = {data};\n")


def load(app, pagename, templatename, context, doctree):
    """The search page alone loads them."""
    if pagename == "search":
        for name in ("search_data.js", "search.js"):
            app.add_js_file(name, priority=900, loading_method="defer")


def setup(app):
    app.connect("builder-inited", collect)
    app.connect("html-page-context", load)
    app.connect("build-finished", write_data)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
