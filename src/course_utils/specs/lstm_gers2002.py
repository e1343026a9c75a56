"""The peephole LSTM with identity squashing, used to learn precise timing."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_gers2002",
    title="Timing LSTM",
    summary="Peepholes, and neither the candidate nor the cell state is squashed.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + p_f * c_prev + b_f)",
        "g = W_xg @ x + W_hg @ h_prev + b_g",
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
    source=Source("gers2002", "section 3", "none"),
    departures=(
        "Which squashing the paper leaves out was recalled, not seen: both, here.",
        "The paper lets no error flow back through the peepholes; here the gradient is full.",
    ),
    retention=(("f", 1),),
)
