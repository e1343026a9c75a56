"""Greff's variant with coupled input and forget gates."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_cifg",
    title="CIFG",
    summary="Coupled input and forget gate, f = 1 − i, with peepholes.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = (1 - i) * c_prev + i * g",
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
        "the equations of V and its variant CIFG",
        "quoted: the code of fomorians/lstm-odyssey",
    ),
    paper_names={"g": "z", "h": "y", "x": "x"},
    retention=(("i", -1),),
)
