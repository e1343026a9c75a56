"""What a page of a cell says of letters: the paper's, the equations', the code's."""

import re

import browsing
import pytest
from bs4 import BeautifulSoup

import atlas_letters
import cell_pages
from course_utils import equations
from course_utils.specs import SPECS

pytest.importorskip("scipy", reason="matching lines needs SciPy")
ROOT = str(browsing.ROOT)


@pytest.mark.parametrize("key", SPECS)
def test_prose_has_formulas_as_formulas_and_no_names_of_code(key):
    entry = cell_pages.words(ROOT).get(key, {})
    said = [cell_pages.summary(key), entry.get("more", ""), *SPECS[key].departures]
    plain = re.sub(r"\$[^$]+\$|`[^`]+`", "", " ".join(said))
    assert not re.findall(r"\w*[_^]\w*", plain)


@pytest.mark.parametrize("key", SPECS)
def test_every_function_but_the_usual_is_explained(key):
    called = {name for line in SPECS[key].equations for name in equations.calls(line)}
    (said,) = atlas_letters.functions(SPECS[key]) or [""]
    for name in called - atlas_letters.PLAIN:
        assert atlas_letters.FUNCTIONS[name] in said


@pytest.mark.parametrize("paper, tex", [
    ("h̃", r"\tilde{h}"), ("y^in", r"y^{\mathrm{in}}"), ("s_c", "s_{c}"),
    ("Δt̄", r"\overline{\Delta t}"),
    ("g(net_c)", r"g(\mathrm{net}_{c})"), ("Re x", r"\mathrm{Re}\,x"), ("c^{L-1}", "c^{L-1}"),
])  # fmt: skip
def test_a_letter_of_a_paper_is_set_as_a_formula(paper, tex):
    assert atlas_letters.in_tex(paper) == f"${tex}$"
    assert atlas_letters.in_tex("hidden units") == "“hidden units”"


def test_a_letter_that_paper_code_and_equations_share_or_do_not_is_told():
    said = {key: " ".join(atlas_letters.names(SPECS[key])) for key in SPECS}
    assert "$v_{f}$, as in the paper, is `U_f`" in said["sru"]
    assert "$w_{a}$ for our $U_{r}$" in said["brc"] and "code" not in said["brc"]
    assert (
        "$k$ is `t`; $e$ is `on`; $P$ is `periods` in the code and in the diagram"
        in (said["clockwork"])
    )
    assert said["lstm_coupled"] == said["mgu"] == ""


@pytest.mark.parametrize("key", SPECS)
def test_weights_that_are_vectors_are_told_and_the_notation_has_their_letters(key):
    spec = SPECS[key]
    vectors = {name for p in spec.params if re.fullmatch(r"\d*H", p.axes) for name in p.symbols}
    mixed = " ".join(spec.equations)  # a peephole stands before ⊙, a bias behind +
    vectors = {name for name in vectors if re.search(rf"\b{name} \* [a-z]+(_prev)?\b", mixed)}
    assert set(atlas_letters.unit_weights(spec)) == vectors
    notation = (browsing.ROOT / "book/reference/notation.md").read_text("utf-8")
    for name in vectors:
        latex = atlas_letters.letter(spec, name)
        row = re.search(rf"^\|[^|]*\${latex[0]}(_k|_d)?\$[^|]*\|.*\| \$\(H\)\$ \|$", notation, re.M)
        assert row, latex
        assert f"${latex}$" in atlas_letters.vectors(spec)[0]


@pytest.mark.parametrize("key", SPECS)
def test_the_lines_beside_a_relative_have_the_letters_of_the_equations(key):
    spec = SPECS[key]
    for line in spec.equations:
        text = BeautifulSoup("".join(atlas_letters.pieces(line, spec)), "lxml").text
        for name in {equations.target(line), *equations.names(line)} & set(spec.symbols):
            latex = re.sub(r"\\(mathrm|text|log)\b", lambda m: m[1] * (m[1] == "log"),
                           spec.symbols[name])  # fmt: skip
            for tex, sign in atlas_letters.UNICODE.items():
                latex = latex.replace(tex, sign)
            assert re.sub(r"[\^_{} ]", "", latex).replace("-", "−") in text, (name, text)
