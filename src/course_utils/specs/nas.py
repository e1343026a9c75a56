"""The cell that a search by reinforcement learning found."""

from course_utils.spec import CellSpec, Param, Source

_KEYS = "ijksmnoq"

SPEC = CellSpec(
    key="nas",
    title="NAS cell",
    summary=(
        "Eight layers are joined two by two in a tree that a controller network chose, with "
        "c among its leaves."
    ),
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev)",
        "j = relu(W_xj @ x + W_hj @ h_prev)",
        "k = sigmoid(W_xk @ x + W_hk @ h_prev)",
        "s = relu((W_xs @ x) * (W_hs @ h_prev))",  # torchrecurrent adds where TensorFlow multiplies
        "m = tanh(W_xm @ x + W_hm @ h_prev)",
        "n = sigmoid(W_xn @ x + W_hn @ h_prev)",
        "o = tanh(W_xo @ x + W_ho @ h_prev)",
        "q = sigmoid(W_xq @ x + W_hq @ h_prev)",
        "c = tanh(tanh(i * j) + c_prev) * tanh(k + s)",
        "h = tanh(c * tanh(tanh(m * n) + sigmoid(o + q)))",
    ),
    gates=tuple(_KEYS),
    states=("h", "c"),
    params=(
        Param("weight_ih", "8H D", tuple(f"W_x{k}" for k in _KEYS)),
        Param("weight_hh", "8H H", tuple(f"W_h{k}" for k in _KEYS)),
    ),
    source=Source("zoph2017", "the cell found", "quoted: TensorFlow 1 (contrib.rnn.NASCell)"),
    words={key: f"leaf {n} of the tree" for n, key in enumerate(_KEYS, 1)},
)
