"""The LSTM as first published: a cell state without a forget gate."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm_1997",
    title="LSTM of 1997",
    summary="No forget gate: the cell state is only ever added to.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + b_i)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + b_o)",
        "c = c_prev + i * g",
        "h = o * tanh(c)",
    ),
    gates=(
        "i",
        "g",
        "o",
    ),
    states=("h", "c"),
    params=stacked("igo"),
    source=Source("hochreiter1997", "section 4, eqs 3–9"),
    paper_names={"c": "s_c", "i": "y^in", "o": "y^out", "g": "g(net_c)", "h": "y^c"},
    departures=(
        "The paper squashes with h(x) = 2σ(x) − 1 and g(x) = 4σ(x) − 2; here both are tanh.",
        "The paper's gates also read the gates of the step before; here they read x and h only.",
        "The paper truncates the gradient at the inputs of cells and gates; here it is full.",
    ),
)
