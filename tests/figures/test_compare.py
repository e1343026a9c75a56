"""Two cells compared: the pieces are the equations, and the script finds what Python finds."""

import re
from itertools import product

import pytest

from course_utils import equations, figures
from course_utils.equations import names, target
from course_utils.figures import FigureError, compare
from course_utils.figures.page import asset
from course_utils.specs import SPECS

from .alone import opened
from .html import Open, data

SOME = ("lstm", "lstm_peephole", "lstm_coupled", "gru", "gru_2014", "slstm", "lru", "rnn")


def cell(key):
    return compare._cell(SPECS[key])


@pytest.mark.parametrize("key", SPECS)
def test_the_pieces_of_a_line_name_all_that_it_reads(key):
    for line in SPECS[key].equations:
        pieces = compare.tokens(line)
        for name in {target(line), *names(line)}:
            assert compare.symbol(name) in pieces, (line, name)
        text = re.sub("<[^>]*>", "", "".join(pieces))
        assert text.count("(") == text.count(")"), text


def test_the_page_that_trains_spells_the_same_greek_letters():
    (table,) = re.findall(r"const GREEK = \{(.*?)\};", asset("train_language.js"))
    assert dict(re.findall(r'(\w+): "(.)"', table)) == equations.LETTERS
    assert equations.GREEK.keys() == equations.LETTERS.keys()


def test_different_names_look_different():
    read = {n for s in SPECS.values() for line in s.equations for n in (target(line), *names(line))}
    shown = {n: compare.symbol(n) for n in read}
    assert len(set(shown.values())) == len(shown), sorted(shown)


@pytest.mark.parametrize("first, second", list(product(SOME, SOME)))
def test_every_line_stands_in_one_row_and_kept_pieces_are_equal(first, second):
    a, b = cell(first), cell(second)
    rows, says = compare.compared(a, b)
    for at, one in ((0, a), (2, b)):
        found = [row[at] for row in rows if row[at] >= 0]
        assert sorted(found) == list(range(len(one["lines"])))
    for j, left, k, right in rows:
        kept = [[p for p, same in zip(c["lines"][n], marks, strict=True) if same] if n >= 0 else []
                for c, n, marks in ((a, j, left), (b, k, right))]  # fmt: skip
        assert kept[0] == kept[1]
    assert (first != second) or f"{len(rows)} the same, 0 changed" in says


def test_peepholes_change_three_lines_by_one_term_each():
    a, b = cell("lstm"), cell("lstm_peephole")
    rows, says = compare.compared(a, b)
    new = ["".join(p for p, same in zip(b["lines"][k], right, strict=True) if not same)
           for _, _, k, right in rows]  # fmt: skip
    text = [re.sub("<[^>]*>", "", t) for t in new]
    assert sorted(t for t in text if t) == ["pf ⊙ ct−1 + ", "pi ⊙ ct−1 + ", "po ⊙ ct + "], text
    assert "3 the same, 3 changed" in says and "4HD + 4H² + 11H" in says


def test_the_page_is_complete_without_script():
    html = figures.compare_cells("lstm", "gru", keys=["lstm", "gru"]).html()
    Open(html)
    assert html.count("<svg") - html.count('"svg"') >= 2 and "2 gone" in html
    assert [c["title"] for c in data(html)] == ["LSTM", "GRU"]


def test_it_says_what_is_wrong():
    with pytest.raises(FigureError, match="second: 'x' is none of lstm, gru"):
        figures.compare_cells("lstm", "x", keys=["lstm", "gru"])


@pytest.mark.browser
def test_the_script_finds_what_python_finds_and_shows_it(browser, tmp_path):
    body = figures.compare_cells(keys=SOME).html()
    with opened(browser, tmp_path, body) as (page, wrong):
        for first, second in product(SOME, SOME):
            pair = [cell(first), cell(second)]
            found = page.evaluate("a => unrolled.compared(a[0], a[1])", pair)
            rows, says = compare.compared(*pair)
            assert found == {"rows": rows, "says": says}, (first, second)
        page.locator("select[name=second]").select_option(label="GRU")
        rows, says = compare.compared(cell("lstm"), cell("gru"))
        assert page.locator(".u-say").inner_text() == says
        assert page.locator(".u-lines > div").count() == len(rows)
        page.get_by_text("exchange", exact=True).click()
        assert page.locator(".u-say").inner_text().startswith("GRU to LSTM: ")
        assert not wrong
