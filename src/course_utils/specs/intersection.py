"""The intersection RNN: one gate along time, and one along depth."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="intersection",
    title="Intersection RNN",
    summary=(
        "The state is gated along time as in the UGRNN; the output is gated along depth, between "
        "the input and a rectifier."
    ),
    equations=(
        "z = sigmoid(W_xz @ x + W_hz @ h_prev + b_z)",
        "n = tanh(W_xn @ x + W_hn @ h_prev + b_n)",
        "d = sigmoid(W_xd @ x + W_hd @ h_prev + b_d)",
        "u = relu(W_xu @ x + W_hu @ h_prev + b_u)",
        "h = z * h_prev + (1 - z) * n",
        "y = d * (W_xs @ x) + (1 - d) * u",
    ),
    gates=("z", "n", "d", "u", "s"),
    states=("y", "h"),
    params=(
        Param("weight_ih", "5H D", ("W_xz", "W_xn", "W_xd", "W_xu", "W_xs")),
        Param("weight_hh", "4H H", ("W_hz", "W_hn", "W_hd", "W_hu")),
        Param("bias_ih", "4H", ("b_xz", "b_xn", "b_xd", "b_xu")),
        Param("bias_hh", "4H", ("b_hz", "b_hn", "b_hd", "b_hu")),
    ),
    source=Source(
        "collins2017", "the +RNN", "quoted: TensorFlow 1 (contrib.rnn) and torchrecurrent"
    ),
    paper_names={"z": "g^h", "n": "h^in", "d": "g^y", "u": "y^in"},
    departures=(
        "The input passes a matrix $W_{xs}$ on its way along depth; in the paper all layers but "
        "the first take it as it is.",
        "The output y is carried as a state that nothing reads.",
    ),
    retention=(("z", 1),),
    words={
        "d": "the depth gate: how much of the output is the input",
        "u": "the candidate of the output",
        "W_xs": "the weights of the input on its way along depth",
    },
    bounded=False,
)
