"""Greff's variant with full gate recurrence: the gates also read the gates of the step before."""

from course_utils.spec import CellSpec, Param, Source, stacked

_OLD = "concat(i_prev, f_prev, o_prev)"

SPEC = CellSpec(
    key="lstm_fgr",
    title="FGR",
    summary="Peephole LSTM whose gates also read all three gates of the step before.",
    equations=(
        f"i = sigmoid(W_xi @ x + W_hi @ h_prev + R_i @ {_OLD} + p_i * c_prev + b_i)",
        f"f = sigmoid(W_xf @ x + W_hf @ h_prev + R_f @ {_OLD} + p_f * c_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = f * c_prev + i * g",
        f"o = sigmoid(W_xo @ x + W_ho @ h_prev + R_o @ {_OLD} + p_o * c + b_o)",
        "h = o * tanh(c)",
    ),
    gates=("i", "f", "g", "o"),
    states=("h", "c", "i", "f", "o"),
    params=(
        *stacked("ifgo", peepholes="ifo"),
        Param("weight_gates", "3H 3H", ("R_i", "R_f", "R_o")),
    ),
    source=Source(
        "greff2017", "variant FGR, nine more matrices", "quoted: the code of fomorians/lstm-odyssey"
    ),
    retention=(("f", 1),),
)
