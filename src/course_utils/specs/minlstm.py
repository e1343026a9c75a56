"""minLSTM."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="minlstm",
    title="minLSTM",
    summary="Gates that see the input alone and are divided by their sum.",
    equations=(
        "f = sigmoid(W_xf @ x + b_xf)",
        "i = sigmoid(W_xi @ x + b_xi)",
        "n = W_xn @ x + b_xn",
        "h = f / (f + i) * h_prev + i / (f + i) * n",
    ),
    gates=("i", "f", "n"),
    states=("h",),
    params=stacked("ifn", recurrent=""),
    source=Source("feng2024", "minLSTM, main text", "quoted: two public note files"),
    retention=(("f", 1), ("i", -1)),
    words={
        "f": "the forget gate, before the two gates are scaled to sum to 1",
        "i": "the input gate, before the two gates are scaled to sum to 1",
    },
)
