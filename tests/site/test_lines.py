"""Signs that touch a formula stay on its line."""

import pytest
from docutils import nodes

import lines_ext


def paragraph(*parts):
    """A paragraph of texts and, in tuples, formulas."""
    made = [nodes.math("", p[0]) if isinstance(p, tuple) else nodes.Text(p) for p in parts]
    return nodes.paragraph("", "", *made)


@pytest.mark.parametrize("parts, whole, rest", [
    (["as ", ("h",), ", and so on"], ["h,"], "as h, and so on"),
    (["differently (", ("i, f",), " in ONNX)"], ["(i, f"], "differently (i, f in ONNX)"),
    ([("c",), "."], ["c."], "c."),
    (["(", ("a",), "), ", ("b",), "; ", ("c",), " too"], ["(a),", "b;"], "(a), b; c too"),
    (["the ", ("k",), "-th step"], [], "the k-th step"),
])  # fmt: skip
def test_a_formula_and_what_touches_it_are_one_piece(parts, whole, rest):
    tree = paragraph(*parts)
    lines_ext.keep(tree)
    assert [n.astext() for n in tree.findall(nodes.inline)] == whole
    assert tree.astext() == rest
