"""Long expressive memory: two states that move at speeds of their own."""

from course_utils.spec import CellSpec, Param, Source

SPEC = CellSpec(
    key="lem",
    title="Long expressive memory",
    summary=(
        "Two leaky states, each with a learned step size: the cell state follows the input, "
        "and the hidden state follows the cell state."
    ),
    equations=(
        "i = sigmoid(W_xi @ x + W_hi @ h_prev + b_i)",
        "o = sigmoid(W_xo @ x + W_ho @ h_prev + b_o)",
        "g = tanh(W_xg @ x + W_hg @ h_prev + b_g)",
        "c = (1 - i) * c_prev + i * g",
        "u = tanh(W_xu @ x + W_cu @ c + b_xu)",
        "h = (1 - o) * h_prev + o * u",
    ),
    gates=("i", "o", "g", "u"),
    states=("h", "c"),
    params=(
        Param("weight_ih", "4H D", ("W_xi", "W_xo", "W_xg", "W_xu")),
        Param("weight_hh", "3H H", ("W_hi", "W_ho", "W_hg")),
        Param("weight_ch", "H H", ("W_cu",)),
        Param("bias_ih", "4H", ("b_xi", "b_xo", "b_xg", "b_xu")),
        Param("bias_hh", "3H", ("b_hi", "b_ho", "b_hg")),
    ),
    source=Source("rusch2022", "the LEM", "quoted: the authors' code, psMNIST/network.py"),
    paper_names={"h": "y", "c": "z", "i": "Δt", "o": "Δt̄"},
    departures=("The largest step size is 1, the default Δt of the authors' code.",),
    retention=(("i", -1),),
    words={
        "i": "the step size of the cell state: how far it moves",
        "o": "the step size of the hidden state: how far it moves",
        "g": "what the cell state moves towards",
        "u": "what the hidden state moves towards",
        "W_cu": "the weights through which the hidden state follows the new cell state",
    },
)
