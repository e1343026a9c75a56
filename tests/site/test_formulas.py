"""Formulas set by the build: the drawing is MathJax's, said aloud, and no page loads a script."""

import json
import pickle
import re

import browsing
import numpy as np
import pytest
from docutils import nodes
from lxml import etree

import formulas

TEX = [
    ("h_t", False),
    (r"x < y \ \text{and}\ a_{t-1}^2", False),
    (r"\class{u-sym u-sym-0}{c_t} = f_t \odot c_{t-1} + i_t \odot \tanh(a_t)", True),
    (r"\begin{aligned} a &= \sqrt{\tfrac{1}{2}} \\ b &= \left( \sum_{k=1}^{n} k \right) "
     r"\end{aligned}", True),
    (r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}", True),
    (r"\underbrace{\overrightarrow{h}_t + \hat{y}}_{\text{both}} \bigl\lVert g \bigr\rVert", True),
    (r"\boxed{\binom{n}{k}} \quad \mathbf{W} \mathcal{L} \operatorname{Cov} \texttt{nan}", True),
    (r"\cancel{x} \boldsymbol{v} \bbox{y} \begin{array}{|c|} a \\ \hline b \end{array}", True),
]  # fmt: skip


def matrix(transform):
    """An SVG transform -> a matrix of shape (3, 3)."""
    found = np.eye(3)
    for name, inside in re.findall(r"(\w+)\(([^)]*)\)", transform or ""):
        numbers = [float(x) for x in re.split(r"[ ,]+", inside)]
        step = np.eye(3)
        if name == "translate":
            step[:2, 2] = [*numbers, 0.0][:2]
        elif name == "scale":
            step[0, 0], step[1, 1] = (numbers * 2)[:2]
        else:
            raise AssertionError(name)
        found = found @ step
    return found


def drawn(svg):
    """(outline, class of a marked symbol around it, where it stands) of every mark, in order."""
    marks = []

    def walk(node, outer, symbol):
        here = outer @ matrix(node.get("transform"))
        symbol = (node.get("class") or symbol).strip()
        shape = node.get("d") or [(k, node.get(k)) for k in ("x", "width", "x1", "y2", "points")
                                  if node.get(k)]  # fmt: skip
        if shape and etree.QName(node).localname != "svg":
            marks.append((str(shape), symbol, here.round(6).tolist()))
        for child in node:
            walk(child, here, symbol)

    walk(svg, np.eye(3), "")
    return marks


@pytest.mark.parametrize("tex, display", TEX)
def test_a_lighter_drawing_is_the_same_drawing(tex, display):
    """Each outline stands where MathJax put it and belongs to the same symbol."""
    heavy = json.loads(formulas.engine()["typeset"](tex, display))
    light = formulas.typeset(tex, display)
    before = drawn(etree.fromstring(heavy)[0])
    assert before == drawn(etree.fromstring(light)[0]) and len(before) > 1
    assert len(light) < len(heavy)


@pytest.mark.parametrize("tex, display", TEX)
def test_what_is_drawn_is_also_said(tex, display):
    """Letters, signs and structure of MathJax's MathML are all there."""

    def said(html):
        tree = etree.fromstring(html)[1]
        names = [etree.QName(n).localname for n in tree.iter()]
        kept = [n for n in names if n not in ("mrow", "mspace", "mstyle")]
        return kept, re.sub(r"\s", "", "".join(tree.itertext()))

    assert said(json.loads(formulas.engine()["typeset"](tex, display))) == said(
        formulas.typeset(tex, display)
    )


@pytest.mark.parametrize("tex, why", [
    (r"\nosuch x", "Undefined control sequence"), (r"\frac{1", "Missing close brace"),
    (r"\text{ä}", "no 'ä'"), (r"\begin{align} x", "Missing"),
])  # fmt: skip
def test_wrong_tex_is_an_error_that_quotes_it(tex, why):
    with pytest.raises(formulas.FormulaError) as error:
        formulas.typeset(tex, True)
    assert why in str(error.value) and repr(tex) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_formula_does_not_see_the_one_before():
    alone = formulas.typeset(r"x \tag{1}", True)
    formulas.typeset(r"y \label{same}\tag{2}", True)
    assert formulas.typeset(r"x \tag{1}", True) == alone


def test_a_page_holds_each_outline_once():
    page = "".join(formulas.typeset(tex, display) for tex, display in TEX * 2)
    light, outlines = formulas.glyphs(page)
    names = re.findall(r'<path id="([^"]*)"', outlines)
    assert len(names) == len(set(names))
    assert set(names) == set(re.findall(r'<use href="#([^"]*)"', light))
    assert not re.search(r"<use[^>]* d=", light)
    assert formulas.glyphs("<p>no formula</p>") == ("<p>no formula</p>", "")


def test_what_was_set_once_is_read_the_second_time(tmp_path, monkeypatch):
    first = formulas.Kept(tmp_path / "kept.json")
    there = first.typeset("h_t", False)
    assert first.typeset("h_t", True) != there
    first.save()
    monkeypatch.setattr(formulas, "typeset", None)  # nothing is left to set
    again = formulas.Kept(tmp_path / "kept.json")
    assert again.typeset("h_t", False) == there
    (tmp_path / "kept.json").write_text("{half")
    assert formulas.Kept(tmp_path / "kept.json").known == {}


RAW = re.compile(r"formula-error|data-mjx-error|<merror|\\\(|\\\[\s|\\begin\{")


def html_pages():
    return sorted(p for p in browsing.site().rglob("*.html") if "_static" not in p.parts)


@pytest.mark.site
def test_every_formula_is_set_and_none_by_a_script():
    seen = 0
    for page in html_pages():
        html = page.read_text("utf-8")
        places = len(re.findall(r'<(?:span|div) class="[^"]*\bmath notranslate', html))
        assert places == html.count("<mjx-container") == html.count("<mjx-assistive-mml"), page
        assert not RAW.search(prose(html)), page
        assert not re.search(r"<script[^>]*mathjax|window\.MathJax", html, re.I), page
        seen += places
    assert seen > 1000
    assert not list(browsing.site().rglob("*mathjax*"))


def prose(html):
    """A page without code, in which TeX may stand, and without scripts."""
    return re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", html, flags=re.S)


@pytest.mark.site
def test_as_many_formulas_as_the_source_has():
    """Each formula of the parsed source stands in its page."""
    doctrees = browsing.site().parent / ".doctrees"
    if not doctrees.is_dir():
        browsing.missing("no parsed sources beside the book")
    for path in doctrees.glob("book/**/*.doctree"):
        tree = pickle.loads(path.read_bytes())
        wanted = len(list(tree.findall(nodes.math))) + len(list(tree.findall(nodes.math_block)))
        page = browsing.site() / path.relative_to(doctrees).with_suffix(".html")
        assert page.read_text("utf-8").count("<mjx-container") >= wanted, page


@pytest.mark.site
@pytest.mark.browser
def test_formulas_are_read_without_a_script():
    with browsing.chromium() as browser:
        window = browsing.Page(browser, java_script_enabled=False)
        page = window.open(browsing.site() / "book/lstm/gates.html")
        open_text = ".bd-article p:not(details:not([open]) p)"  # not what is folded away
        set_in_text = page.locator(f"{open_text} mjx-container svg").all()[:40]
        boxes = [formula.bounding_box() for formula in set_in_text]
        assert len(boxes) > 20
        assert all(box and box["width"] > 2 and 4 < box["height"] < 80 for box in boxes)
        wide = page.locator(".bd-article div.math mjx-container").first.bounding_box()
        assert wide["width"] > 200
