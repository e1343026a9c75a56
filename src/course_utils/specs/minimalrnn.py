"""The minimal RNN: the input is mapped to a place, and one gate blends that into the state."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="minimalrnn",
    title="Minimal RNN",
    summary="The candidate sees the input alone; the gate sees the candidate, not the input.",
    equations=(
        "n = tanh(W_xn @ x + b_xn)",
        "z = sigmoid(W_hz @ h_prev + W_nz @ n + b_xz)",
        "h = z * h_prev + (1 - z) * n",
    ),
    gates=("n", "z"),
    states=("h",),
    params=(
        Param("weight_ih", "H D", ("W_xn",)),
        Param("weight_hh", "2H H", ("W_hz", "W_nz")),
        Param("bias_ih", "2H", ("b_xn", "b_xz")),
    ),
    source=Source(
        "chen2017", "the three equations", "quoted: a public TensorFlow cell and torchrecurrent"
    ),
    paper_names={"n": "z", "z": "u"},
    departures=("The paper leaves the map of the input open; here it is one layer with tanh.",),
    retention=(("z", 1),),
    words={"W_nz": "the weights through which the update gate sees the candidate"},
)
