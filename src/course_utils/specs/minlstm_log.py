"""minLSTM, the form for log space."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="minlstm_log",
    title="minLSTM (log space)",
    summary="As minLSTM, with a candidate made positive, so that it can run on logarithms.",
    equations=(
        "f = sigmoid(W_xf @ x + b_xf)",
        "i = sigmoid(W_xi @ x + b_xi)",
        "n = positive(W_xn @ x + b_xn)",
        "h = f / (f + i) * h_prev + i / (f + i) * n",
    ),
    gates=("i", "f", "n"),
    states=("h",),
    params=stacked("ifn", recurrent=""),
    source=Source("feng2024", "minLSTM, log-space form", "quoted: two public note files"),
    retention=(("f", 1), ("i", -1)),
    words={
        "f": "the forget gate, before the two gates are scaled to sum to 1",
        "i": "the input gate, before the two gates are scaled to sum to 1",
    },
)
