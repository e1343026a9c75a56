"""The independently recurrent network: each unit hears itself alone."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="indrnn",
    title="IndRNN",
    summary="A ReLU RNN whose recurrent matrix is diagonal: units meet only in the next layer.",
    equations=("h = relu(W_xh @ x + U * h_prev + b_xh)",),
    gates=("h",),
    states=("h",),
    params=(
        Param("weight_ih", "H D", ("W_xh",)),
        Param("weight_hh", "H", ("U",)),
        Param("bias_ih", "H", ("b_xh",)),
    ),
    source=Source("li2018", "the IndRNN with ReLU", "quoted: the authors' code, IndRNN_pytorch"),
    paper_names={"W_xh": "W", "U": "u"},
    departures=(
        "Nothing bounds u here. The authors hold |u|, while they train, below the T-th root of a "
        "constant for T steps, or below 1: a ReLU does not saturate, and a unit with |u| > 1 can "
        "grow without limit.",
        "No batch normalisation and no residual connections, which the authors' deep networks "
        "have.",
        "Other functions may stand in place of the ReLU, which is that of the authors' code.",
    ),
    symbols={"U": "u"},
    words={"U": "the recurrent weights: one for each unit, through which it hears itself"},
    bounded=False,
)
