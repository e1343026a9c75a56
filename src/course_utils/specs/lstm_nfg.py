"""Greff's variant without a forget gate."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_nfg",
    title="NFG",
    summary="No forget gate: f = 1.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = c_prev + i * g",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + p_o * c + b_o)",
        "h = o * tanh(c)",
    ),
    gates=(
        "i",
        "g",
        "o",
    ),
    states=("h", "c"),
    params=stacked("igo", peepholes="io"),
    source=Source(
        "greff2017",
        "the equations of V and its variant NFG",
        "quoted: the code of fomorians/lstm-odyssey",
    ),
    paper_names={"g": "z", "h": "y", "x": "x"},
)
