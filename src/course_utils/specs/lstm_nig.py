"""Greff's variant without an input gate."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_nig",
    title="NIG",
    summary="No input gate: i = 1.",
    equations=(
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + p_f * c_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = f * c_prev + g",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + p_o * c + b_o)",
        "h = o * tanh(c)",
    ),
    gates=(
        "f",
        "g",
        "o",
    ),
    states=("h", "c"),
    params=stacked("fgo", peepholes="fo"),
    source=Source(
        "greff2017",
        "the equations of V and its variant NIG",
        "quoted: the code of fomorians/lstm-odyssey",
    ),
    paper_names={"g": "z", "h": "y", "x": "x"},
    retention=(("f", 1),),
)
