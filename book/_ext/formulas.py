"""TeX -> the markup that MathJax sets, written when the book is built.

MathJax's own files (from the package sphinx-mathjax-offline) run here in QuickJS, an engine that
Python brings along, so a page holds finished formulas and loads no script for them.  They look as
MathJax's SVG output does in a browser, symbol for symbol; only what no reader sees is left out.  A
glyph is a ``<use>`` of an outline that the page holds once (``glyphs``), and beside each drawing
lies its MathML for screen readers.
"""

import hashlib
import json
import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import quickjs
from lxml import etree

from course_utils.files import write

FILES = (
    "startup.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js", "output/svg.js",
    "output/svg/fonts/tex.js", "a11y/assistive-mml.js",
)  # fmt: skip
PACKAGES = (
    "base", "ams", "newcommand", "configmacros", "bbox", "boldsymbol", "braket", "cancel", "color",
    "enclose", "html", "mathtools",
)  # fmt: skip
# Without the package `noundefined` an unknown macro is an error, not a word in red.  The engine
# hands strings that it has joined over only as JSON.
START = """
MathJax.config.startup.document = "<html><head></head><body></body></html>";
MathJax.startup.getComponents();
MathJax.startup.makeMethods();
function typeset(tex, display) {
  MathJax.texReset();
  const node = MathJax.tex2svg(tex, {display: display});
  return JSON.stringify(MathJax.startup.adaptor.outerHTML(node));
}
function stylesheet() {
  return JSON.stringify(MathJax.startup.adaptor.textContent(MathJax.svgStylesheet()));
}
"""
GLYPH = "g-"  # every glyph's id begins with it
ROWS = ("math", "mrow", "mtd", "mstyle")  # MathML whose children stand side by side


class FormulaError(ValueError):
    """TeX that MathJax does not take; the message is MathJax's."""


@cache
def engine():
    """MathJax, started: {"typeset": (tex, display) -> HTML, "stylesheet": () -> CSS}."""
    folder = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    context = quickjs.Context()
    settings = {
        "loader": {"load": []},
        "startup": {"typeset": False},
        "svg": {"fontCache": "none"},
        "tex": {"packages": PACKAGES},
    }
    context.eval(f"var global = this, self = this, MathJax = {json.dumps(settings)};")
    context.eval("MathJax.tex.formatError = function (jax, error) { throw Error(error.message); };")
    for name in FILES:
        context.eval((folder / name).read_text("utf-8") + ";0")
    context.eval(START + ";0")
    return {name: context.get(name) for name in ("typeset", "stylesheet")}


def typeset(tex, display):
    """HTML of one formula, its glyphs as uses of `glyph_id`; FormulaError if the TeX is wrong."""
    try:
        return light(json.loads(engine()["typeset"](tex, display)))
    except (quickjs.JSException, FormulaError) as error:
        said = str(error).strip().splitlines()[0].removeprefix("Error: ")
        raise FormulaError(f"{said} in {tex!r}") from None


def stylesheet():
    """CSS of MathJax's SVG output, as far as a finished page needs it."""
    css = json.loads(engine()["stylesheet"]())
    rules = re.findall(r"[^{}]+\{[^{}]*\}", css)
    kept = [r for r in rules if not re.search(r"merror|mjx-tool|mjx-status|maction|foreign", r)]
    return "".join(kept).replace("[data-c]", "").strip() + (
        '\nmjx-container[jax="SVG"] { position: relative; }\n'
    )


def glyph_id(path):
    """The name of an outline in a page: six hexadecimal digits over its path."""
    return GLYPH + hashlib.sha256(path.encode()).hexdigest()[:6]


def light(html):
    """MathJax's output without what neither a reader nor a style sheet asks for."""
    container = etree.fromstring(html)
    svg, spoken = container
    for text in svg.iter("{*}text"):  # its width is known to a browser only
        raise FormulaError(f"MathJax's fonts have no {text.text!r}")
    for key in ("class", "style"):
        container.attrib.pop(key, None)
    svg.attrib.pop("focusable", None)
    for node in list(svg.iter()):
        if node.tag.endswith("}path") and "data-c" in node.attrib:
            _use(node)
        if node.get("data-mml-node") != "mtable":  # the style sheet draws a table's lines
            node.attrib.pop("data-mml-node", None)
        node.attrib.pop("data-mjx-texclass", None)
    for node in reversed(list(svg.iter("{*}g"))):
        if node.getparent() is not svg:
            _unwrap(node)
    for node in reversed(list(spoken.iter())):
        _speak(node)
    text = etree.tostring(container, encoding="unicode", method="html")
    return re.sub(r' xmlns(:\w+)?="[^"]*"', "", text).replace("></use>", "/>")


def _use(node):
    """A glyph's outline becomes a use of it, which keeps the outline until `glyphs` takes it."""
    path = node.attrib.pop("d")
    del node.attrib["data-c"]
    if not path:  # an invisible operator, as between a function and its argument
        node.getparent().remove(node)
        return
    node.tag = node.tag.replace("}path", "}use")
    place = dict(node.attrib)
    node.attrib.clear()
    node.attrib.update({"href": "#" + glyph_id(path), **place, "d": path})


def _unwrap(node):
    """A group that says nothing goes; one that only moves its single child lets it move itself."""
    parent, only = node.getparent(), set(node.attrib)
    if not len(node) and not only - {"transform"}:
        parent.remove(node)
    elif not only:
        place = parent.index(node)
        parent[place : place + 1] = list(node)
    elif only == {"transform"} and len(node) == 1 and "class" not in node[0].attrib:
        child = node[0]
        if child.tag.endswith(("}g", "}use")):
            moved = " ".join(filter(None, (node.get("transform"), child.get("transform"))))
            child.set("transform", moved)
            parent.replace(node, child)


def _speak(node):
    """MathML that is only heard needs no spaces, classes or rows of one."""
    for key in list(node.attrib):
        if key in ("class", "columnspacing", "rowspacing") or key.startswith("data-mjx"):
            del node.attrib[key]
    name, parent = etree.QName(node).localname, node.getparent()
    if name == "mspace" and etree.QName(parent).localname in ROWS:
        parent.remove(node)
    elif name == "mstyle" and not len(node) and etree.QName(parent).localname in ROWS:
        parent.remove(node)
    elif name == "mrow" and len(node) == 1 and not node.attrib:
        parent.replace(node, node[0])


OUTLINE = re.compile(rf'(<use href="#({GLYPH}\w+)"[^>]*?) d="([^"]*)"')


def glyphs(html):
    """(HTML whose uses have no outline, the outlines that it needs as one hidden drawing)."""
    outlines = {path: name for _, name, path in OUTLINE.findall(html)}
    if len(set(outlines.values())) < len(outlines):
        raise ValueError("two outlines have one glyph_id: give it more digits")
    if not outlines:
        return html, ""
    held = "".join(f'<path id="{name}" d="{path}"/>' for path, name in outlines.items())
    drawing = f'<svg style="display:none" aria-hidden="true"><defs>{held}</defs></svg>'
    return OUTLINE.sub(r"\1", html), drawing


class Kept:
    """Formulas that were set before, in a file: {display or inline, TeX: HTML}."""

    def __init__(self, path):
        """path: a JSON file that need not exist; one from another MathJax or program is ignored."""
        self.path = Path(path)
        used = (Path(__file__).read_text("utf-8"), version("sphinx-mathjax-offline"))
        self.made_by = hashlib.sha256(repr((*used, version("quickjs-ng"))).encode()).hexdigest()
        try:
            held = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            held = {}
        self.known = held["formulas"] if held.get("made by") == self.made_by else {}
        self.new = False

    def typeset(self, tex, display):
        """As `typeset`, looked up first."""
        key = ("display " if display else "inline ") + tex
        if key not in self.known:
            self.known[key], self.new = typeset(tex, display), True
        return self.known[key]

    def save(self):
        """Write what is new."""
        if self.new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write(self.path, json.dumps({"made by": self.made_by, "formulas": self.known}))
            self.new = False
