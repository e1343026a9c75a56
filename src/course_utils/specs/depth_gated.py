"""The depth-gated LSTM: a fifth gate lets the cell state of the layer below in."""

from course_utils.spec import CellSpec, Param, Source, stacked

SPEC = CellSpec(
    key="depth_gated",
    title="Depth-gated LSTM",
    summary="A peephole LSTM with a gate d for the cell state of the layer underneath.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + p_i * c_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + p_f * c_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "d = sigmoid(W_xd @ x + p_d * c_prev + q_d * below + b_xd)",
        "c = d * below + f * c_prev + i * g",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + p_o * c + b_o)",
        "h = o * tanh(c)",
    ),
    gates=("i", "f", "g", "o", "d"),
    states=("h", "c"),
    params=(
        *stacked("ifgod", recurrent="ifgo", peepholes="ifod"),
        Param("weight_ld", "H", ("q_d",)),
    ),
    source=Source("yao2015", "the depth gate", "quoted: the authors' code, cnn/dglstm.cc"),
    paper_names={"below": "c^{L-1}", "q_d": "w_l", "p_d": "w_c"},
    departures=(
        "Below the first layer the authors' code uses a projection of x; here it is zero.",
        "The code sets f = 1 − i by default and adds a stabiliser; here f is a gate of its own.",
    ),
    retention=(("f", 1),),
    inputs=("below",),
    symbols={"below": r"c^{\text{below}}_t", "q_d": "q_d"},
    words={
        "below": "the cell state of the layer below, at the same step",
        "q_d": "the weights through which the depth gate sees the cell state of the layer below",
    },
)
