"""Cells whose memory is a matrix, and what attention says: not of SPECS, to test the language."""

from odd_cells import cell

from course_utils.spec import Param

MATRIX = {
    "mlstm: a matrix memory with exponential gates": cell(
        "q = W_q @ x",
        "k = 0.5 * (W_k @ x)",
        "v = W_v @ x",
        "a_i = W_i @ x + b_i",
        "a_f = log_sigmoid(W_f @ x + b_f)",
        "m = maximum(a_f + m_prev, a_i)",
        "i = exp(a_i - m)",
        "f = exp(a_f + m_prev - m)",
        "C = diag(f, C_prev) + outer(i * v, k)",
        "n = f * n_prev + i * k",
        "h = sigmoid(W_o @ x) * read(C, q) / (1 + total(n * q) * total(n * q))",
        states=("h", "C", "n", "m"), matrices=("C",),
        params=(
            Param("weight", "6H D", ("W_q", "W_k", "W_v", "W_i", "W_f", "W_o")),
            Param("bias", "2H", ("b_i", "b_f")),
        ),
    ),
    "gated delta rule: what is written with a key replaces what was there": cell(
        "u = W_k @ x",
        "k = u / sqrt(0.1 + total(u * u))",
        "q = W_q @ concat(x, h_prev)",
        "beta = sigmoid(W_b @ x)",
        "alpha = sigmoid(W_a @ x + p * h_prev)",
        "D = diag(alpha, C_prev)",
        "C = D + outer(beta * (W_v @ x - read(D, k)), k)",
        "h = tanh(W_r @ read(C, q))",
        states=("h", "C"), matrices=("C",),
        params=(
            Param("weight", "4H D", ("W_k", "W_b", "W_a", "W_v")),
            Param("weight_q", "H 2H", ("W_q",)), Param("weight_r", "H H", ("W_r",)),
            Param("peephole", "H", ("p",)),
        ),
    ),
    "attention over what was written: keys and values in slots": cell(
        "s = softmax(W_s @ x + 2 * s_prev)",  # where to write
        "K = diag(1 - s, K_prev) + outer(s, W_k @ x)",
        "V = tanh(diag(p, V_prev) + outer(W_v @ x, s)) - 0.5 * V_prev",
        "w = softmax(read(K, W_q @ h_prev))",
        "h = read(V, w) + W_h @ h_prev",
        "y = W_y @ (total(h * w) * read(K, h)) + h",
        states=("h", "s", "K", "V"), matrices=("K", "V"), output="y",
        params=(
            Param("weight", "3H D", ("W_s", "W_k", "W_v")),
            Param("weight_h", "3H H", ("W_q", "W_h", "W_y")),
            Param("slots", "H", ("p",)),
        ),
    ),
    "a readout that reads a matrix, sums of sums, a vector that is shared": cell(
        "e = exp(p)",
        "c = total(e * h_prev) - total(h_prev)",
        "C = -C_prev * 0.3 + outer(e, h_prev) + outer(x, p) + diag(c, outer(h_prev, x))",
        "r = 1 / (2 + c * c)",
        "h = tanh(W @ x + r) + c * r",
        "y = R @ softmax(read(C, p) + h) + total(h) * (Q @ h)",
        states=("h", "C"), matrices=("C",), output="y",
        params=(
            Param("weight", "H D", ("W",)), Param("readout", "2H H", ("R", "Q")),
            Param("shared", "H", ("p",)),
        ),
    ),
}  # fmt: skip
