"""Greff's variant without an output activation function."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_noaf",
    title="NOAF",
    summary="No output activation function: h = o c.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + p_f * c_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = f * c_prev + i * g",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + p_o * c + b_o)",
        "h = o * c",
    ),
    gates=(
        "i",
        "f",
        "g",
        "o",
    ),
    states=("h", "c"),
    params=stacked("ifgo", peepholes="ifo"),
    source=Source(
        "greff2017",
        "the equations of V and its variant NOAF",
        "quoted: the code of fomorians/lstm-odyssey",
    ),
    paper_names={"g": "z", "h": "y", "x": "x"},
    retention=(("f", 1),),
)
