"""The subLSTM: gates that subtract, as inhibitory neurons do."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="sublstm",
    title="Subtractive LSTM",
    summary="An LSTM whose input and output gates are taken away, not multiplied.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + b_f)",
        "g = sigmoid(W_xg @ x + W_hg @ h_prev + b_g)",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + b_o)",
        "c = f * c_prev + g - i",
        "h = sigmoid(c) - o",
    ),
    gates=("i", "f", "g", "o"),
    states=("h", "c"),
    params=stacked("ifgo"),
    source=Source("costa2017", "the subLSTM", "quoted: the public code neuralml/pytorch-subLSTM"),
    paper_names={"g": "z"},
    retention=(("f", 1),),
    words={
        "i": "the input gate: what is taken away from what is written",
        "o": "the output gate: what is taken away from what is shown",
    },
)
