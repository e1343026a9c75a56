"""The multiplicative LSTM: each input has, in effect, a recurrent matrix of its own."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="multiplicative_lstm",
    title="Multiplicative LSTM",
    summary=(
        "The gates read m, the old state as the input multiplies it, where those of an LSTM read "
        "the old state."
    ),
    equations=(
        "m = (W_xm @ x) * (W_hm @ h_prev)",
        "i = sigmoid(W_xi @ x + W_mi @ m + b_xi)",
        "f = sigmoid(W_xf @ x + W_mf @ m + b_xf)",
        "g = tanh(W_xg @ x + W_mg @ m + b_xg)",
        "o = sigmoid(W_xo @ x + W_mo @ m + b_xo)",
        "c = f * c_prev + i * g",
        "h = o * tanh(c)",
    ),
    gates=("i", "f", "g", "o", "m"),
    states=("h", "c"),
    params=(
        Param("weight_ih", "5H D", ("W_xi", "W_xf", "W_xg", "W_xo", "W_xm")),
        Param("weight_hh", "H H", ("W_hm",)),
        Param("weight_mh", "4H H", ("W_mi", "W_mf", "W_mg", "W_mo")),
        Param("bias_ih", "4H", ("b_xi", "b_xf", "b_xg", "b_xo")),
    ),
    source=Source("krause2017", "the mLSTM", "quoted: two public TensorFlow cells"),
    paper_names={"g": "ĥ"},
    retention=(("f", 1),),
    words={
        "m": "the multiplied state: what the old state says, as far as the input lets it",
        "W_mi": "the weights through which the input gate reads the multiplied state",
        "W_mf": "the weights through which the forget gate reads the multiplied state",
        "W_mg": "the weights through which the candidate reads the multiplied state",
        "W_mo": "the weights through which the output gate reads the multiplied state",
    },
)
