"""The LSTM in which the input gate is one minus the forget gate."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_coupled",
    title="LSTM with coupled gates",
    summary="Writes exactly as much as it forgets; no peepholes.",
    equations=(
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + b_o)",
        "c = f * c_prev + (1 - f) * g",
        "h = o * tanh(c)",
    ),
    gates=(
        "f",
        "g",
        "o",
    ),
    states=("h", "c"),
    params=stacked("fgo"),
    source=Source(
        "greff2017", "CIFG without peepholes", "quoted: the code of fomorians/lstm-odyssey"
    ),
    departures=(
        "CIFG computes i, sets f = 1 − i and has peepholes; here f is computed and i = 1 − f.",
    ),
    retention=(("f", 1),),
)
