"""The LSTM whose gates see the cell state."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_peephole",
    title="LSTM with peepholes",
    summary="The gates also see the cell state: i and f the old one, o the new one.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + p_f * c_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = f * c_prev + i * g",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + p_o * c + b_o)",
        "h = o * tanh(c)",
    ),
    gates=(
        "i",
        "f",
        "g",
        "o",
    ),
    states=("h", "c"),
    params=stacked("ifgo", peepholes="ifo"),
    source=Source("gers2002", "section 2; Greff et al. 2017 call it V"),
    paper_names={"c": "s_c", "i": "y^in", "f": "y^φ", "o": "y^out", "g": "g(net_c)", "h": "y^c"},
    departures=(
        "The paper lets no error flow back through the peepholes; here the gradient is full.",
    ),
    retention=(("f", 1),),
)
