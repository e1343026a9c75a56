"""Symbols of equations: each use is marked, each has a meaning and can be spoken."""

import re

import pytest

import symbols_ext
from course_utils import equations
from course_utils.specs import SPECS


@pytest.mark.parametrize("key", sorted(SPECS))
def test_every_use_of_a_symbol_is_marked_and_the_formula_stays(key):
    spec = SPECS[key]
    symbols, marked = symbols_ext.of_cell(spec, None)
    lines = [(equations.target(n), n) for n in spec.equations]
    marks = re.findall(r"\\class\{u-sym u-sym-(\d+)\}", marked)
    assert len(marks) >= sum(1 + len(equations.names(line)) for _, line in lines)
    assert {int(k) for k in marks} == set(range(len(symbols)))
    bare = re.sub(
        r"\\class\{u-sym u-sym-\d+\}\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", r"\1", marked
    )
    assert bare == spec.latex()


def test_an_equation_of_the_text_marks_whole_symbols_only():
    symbols, marked = symbols_ext.of_text(
        r"a_k = W_{xk}\, x_t + \max(x, 0)",
        ["a_k | sum | (B, H) | a = 1", r"W_{xk} | weights | (H, D)", "x_t | input | (B, D)"],
    )
    assert [s.code for s in symbols] == ["a = 1", "", ""]
    assert marked == (r"\class{u-sym u-sym-0}{a_k} = \class{u-sym u-sym-1}{W_{xk}}\, "
                      r"\class{u-sym u-sym-2}{x_t} + \max(x, 0)")  # fmt: skip


@pytest.mark.parametrize(
    "line, says",
    [
        ("a_k | sum", "expected 'symbol | meaning"),
        ("a_k |  | (B, H)", "expected 'symbol | meaning"),
        ("a_k | sum | B by H", "a shape is written"),
        ("q | sum | (B, H)", "does not hold the symbol 'q'"),
    ],
)
def test_a_line_that_does_not_fit_its_equation_is_refused(line, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        symbols_ext.of_text("a_k = x_t", [line])


@pytest.mark.parametrize(
    "latex, words",
    [("W_{xf}", "W x f"), ("h_{t-1}", "h t minus 1"), ("a_{i,t}", "a i t"), (r"\rho", "rho"),
     (r"h^{\mathrm{re}}_{t-1}", "h re t minus 1")],
)  # fmt: skip
def test_symbols_are_spoken(latex, words):
    assert symbols_ext.said(latex) == words
