"""The equation language: one text, four readings."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils import equations
from course_utils.equations import EquationError
from course_utils.spec import NUMPY, TENSOR, CellSpec, Source, stacked

GRU_CANDIDATE = "n = tanh(W_xn @ x + b_xn + r * (W_hn @ h_prev + b_hn))"


def test_latex_sets_time_parameters_and_brackets():
    text = equations.latex([GRU_CANDIDATE, "h = (1 - z) * n + z * h_prev", "s = a - (b - c)"])
    assert text.splitlines() == [
        r"\begin{aligned}",
        r"n_{t} &= \tanh\left(W_{xn}\,x_{t} + b_{xn} + r_{t} \odot "
        r"\left(W_{hn}\,h_{t-1} + b_{hn}\right)\right) \\",
        r"h_{t} &= \left(1 - z_{t}\right) \odot n_{t} + z_{t} \odot h_{t-1} \\",
        r"s_{t} &= a_{t} - \left(b_{t} - c_{t}\right)",
        r"\end{aligned}",
    ]


def test_a_fraction_a_minus_and_a_greek_constant():
    assert equations.latex(["f = f / (f + i)"]).splitlines()[1] == (
        r"f_{t} &= \frac{f_{t}}{f_{t} + i_{t}}"
    )
    assert r"-\lambda" in equations.latex(["a = -lam * h_prev"])
    assert r"\left(-a_{t}\right)" in equations.latex(["b = exp(c * (-a))"])


def test_edges_leave_out_parameters_and_functions():
    assert equations.edges([GRU_CANDIDATE]) == {("x", "n"), ("r", "n"), ("h_prev", "n")}


@pytest.mark.parametrize(
    "line",
    [
        "h = __import__('os').system('true')",
        "h = x.T",
        "h = [x]",
        "h = x if y else z",
        "h = tanh(x, axis=0)",
        "h = unknown(x)",
        "h = (lambda: 1)()",
        "h = x ** 2",
        "h = 'text'",
        "h",
        "h = ",
        "h, c = x",
        "a = 1; b = 2",
    ],
)
def test_anything_outside_the_language_is_refused_and_quoted(line):
    with pytest.raises(EquationError) as caught:
        equations.latex([line])
    assert repr(line) in str(caught.value)


def test_a_missing_value_is_named_with_its_line():
    with pytest.raises(EquationError, match="no value for 'b' in 'a = b'"):
        equations.evaluate(["a = b"], {}, NUMPY)


numbers = st.floats(-50, 50, allow_nan=False)


@given(numbers, numbers)
def test_every_function_means_the_same_for_arrays_and_tensors(a, b):
    x, y = np.array([[a, b]]), np.array([[b, a + 1]])
    for name in set(equations.FUNCTIONS) - {"due", "slower"}:  # those: test_clockwork.py
        arguments = {
            "maximum": (x, y), "concat": (x, y), "outer": (x, y),
            "log": (np.abs(x) + 1e-3,), "sqrt": (np.abs(x) + 1e-3,),
            "diag": (x, x[..., None] * y), "read": (x[..., None] + y, x),
        }.get(name, (x,))  # fmt: skip
        tensors = [torch.tensor(v) for v in arguments]
        expected = TENSOR[name](*tensors).numpy()
        # ½(1 + tanh(a/2)) is exact to rounding of ½, not of a σ(a) that is much smaller
        np.testing.assert_allclose(NUMPY[name](*arguments), expected, rtol=1e-13, atol=1e-15)


def test_evaluate_runs_top_to_bottom():
    found = equations.evaluate(["c = 2 * a", "a = c + 1"], {"a": 3.0}, NUMPY)
    assert found == {"a": 7.0, "c": 6.0}


def spec(**changes):
    values = {
        "key": "toy",
        "title": "Toy",
        "summary": "",
        "equations": ("h = tanh(W_xh @ x + W_hh @ h_prev + b_h)",),
        "gates": ("h",),
        "states": ("h",),
        "params": stacked("h"),
        "source": Source("nobody", ""),
    }
    return CellSpec(**values | changes)


def test_a_spec_whose_equations_do_not_define_a_state_is_refused():
    with pytest.raises(EquationError, match="toy: no equation defines c"):
        spec(states=("h", "c"))


def test_a_spec_that_reads_an_unknown_name_is_refused():
    with pytest.raises(EquationError, match="W_xq"):
        spec(equations=("h = tanh(W_xq @ x)",))


def test_lines_picks_by_name_and_refuses_what_is_not_there():
    assert spec().lines("h") == spec().equations
    with pytest.raises(KeyError, match="toy has no equation for q"):
        spec().lines(["h", "q"])


def test_check_names_missing_and_unknown_parameters():
    params = {n: np.zeros(s) for n, s in spec().shapes(2, 3).items()}
    assert spec().check(params) == {"H": 3, "D": 2}
    del params["bias_hh"]
    with pytest.raises(KeyError, match="missing bias_hh; unknown extra"):
        spec().check(params | {"extra": np.zeros(1)})
