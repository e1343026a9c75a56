"""The LSTM with a forget gate, as everybody means it today."""

from course_utils.spec import CellSpec, Source, stacked

SPEC = CellSpec(
    key="lstm",
    title="LSTM",
    summary="A cell state that one gate forgets, one writes and one shows.",
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + b_i)",
        "f = sigmoid(W_xf @ x + W_hf @ h_prev + b_f)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + b_o)",
        "c = f * c_prev + i * g",
        "h = o * tanh(c)",
    ),
    gates=("i", "f", "g", "o"),
    states=("h", "c"),
    params=stacked("ifgo"),
    source=Source(
        "gers2000", "eqs 10–11; Hochreiter & Schmidhuber 1997 without f; as torch.nn.LSTM"
    ),
    paper_names={"c": "s_c", "i": "y^in", "f": "y^φ", "o": "y^out", "g": "g(net_c)", "h": "y^c"},
    departures=(
        "The papers squash with h(x) = 2σ(x) − 1 and g(x) = 4σ(x) − 2; here both are tanh.",
        "The 1997 gates also read the other gates of the step before; here they read x and h only.",
        "Gates belong to single cells, not to blocks of cells.",
    ),
    retention=(("f", 1),),
)
