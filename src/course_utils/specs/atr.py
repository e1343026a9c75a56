"""The twin-gated cell: one sum opens the input gate, and the difference the forget gate."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="atr",
    title="Addition-subtraction twin-gated cell",
    summary=(
        "Two matrices make everything: what the input and the state have in common is written, "
        "and the difference of the two, by its sign, keeps the old state or lets it go."
    ),
    equations=(
        "g = W_xg @ x",
        "q = W_hq @ h_prev",
        "i = sigmoid(g + q)",
        "f = sigmoid(g - q)",
        "h = i * g + f * h_prev",
    ),
    gates=("g",),
    states=("h",),
    params=(
        Param("weight_ih", "H D", ("W_xg",)),
        Param("weight_hh", "H H", ("W_hq",)),
    ),
    source=Source("zhang2018", "the ATR", "quoted: two public cells, in TensorFlow and PyTorch"),
    paper_names={"g": "p", "q": "q"},
    words={
        "q": "what the old state says: it opens one gate and shuts the other",
        "W_hq": "the recurrent weights",
    },
)
