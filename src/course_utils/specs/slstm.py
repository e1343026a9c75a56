"""sLSTM: exponential gates, a normaliser n, and a stabiliser m that keeps both finite."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="slstm",
    title="sLSTM",
    summary="Exponential gates; what was written is divided by how much was written.",
    equations=(
        "a_i = W_xi @ x + W_hi @ h_prev + b_i",
        "a_f = log_sigmoid(W_xf @ x + W_hf @ h_prev + b_f)",
        "m = maximum(a_f + m_prev, a_i)",
        "i = exp(a_i - m)",
        "f = exp(a_f + m_prev - m)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + b_o)",
        "c = f * c_prev + i * g",
        "n = f * n_prev + i",
        "h = o * c / n",
    ),
    gates=("i", "f", "g", "o"),
    states=("h", "c", "n", "m"),
    params=stacked("ifgo"),
    source=Source("beck2024", "eqs 8–17"),
    departures=(
        "The forget gate is the logistic one of the two that the paper allows.",
        "One head: the recurrent matrix is full, not block-diagonal.",
        "Starts from n = 1 at m = −50, a zero that weighs next to nothing, not from n = m = 0.",
    ),
    initial={"n": 1.0, "m": -50.0},
    paper_names={"g": "z", "a_i": "ĩ"},
    retention=(("f", 1),),
    words={
        "i": "the input gate, exponential and scaled by the stabiliser",
        "f": "the forget gate, scaled by the stabiliser",
        "n": "the normaliser: how much has been written so far",
        "m": "the stabiliser: the largest exponent so far, which is taken out of both gates",
        "a_i": "the pre-activation of the input gate, the logarithm of the gate",
        "a_f": "the logarithm of the forget gate",
    },
)
