"""Greff's variant without an output gate."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_nog",
    title="NOG",
    summary="No output gate: o = 1.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + p_f * c_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = f * c_prev + i * g",
        "h = tanh(c)",
    ),
    gates=(
        "i",
        "f",
        "g",
    ),
    states=("h", "c"),
    params=stacked("ifg", peepholes="if"),
    source=Source(
        "greff2017",
        "the equations of V and its variant NOG",
        "quoted: the code of fomorians/lstm-odyssey",
    ),
    paper_names={"g": "z", "h": "y", "x": "x"},
    retention=(("f", 1),),
)
