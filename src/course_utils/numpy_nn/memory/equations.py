"""The same parts as lines of ``course_utils.equations``: printed by the book, run by the tests.

One memory, not a batch: keys and weights are rows, ``softmax`` and ``total`` run over the slots
(over the width in ``cosine``), P_back and P_on are the cyclic permutations.  In ``write`` and
``blend`` the rows are slots: m, m_prev (N, M), w_i (N, 1), e and a (M,).  The language
stops at a batch of memories (a matrix is a weight there, without time or batch), at the floor of
``cosine`` and at an index: a shift by more than one slot would need further permutations.
"""

EQUATIONS = {
    "cosine": ("u = (Memory @ k) / (sqrt(total(k * k)) * sqrt((Memory * Memory) @ one))",),
    "content": ("w_c = softmax(beta * u)",),
    "interpolate": ("w_g = g * w_c + (1 - g) * w_prev",),
    "shift": ("w_s = s_back * (P_back @ w_g) + s_stay * w_g + s_on * (P_on @ w_g)",),
    "sharpen": ("q = exp(gamma * log(w_s))", "w = q / total(q)"),
    "read": ("r = Transposed @ w",),
    "write": ("m = m_prev * (1 - w_i * e) + w_i * a",),
    "blend": ("m = (1 - w_i) * m_prev + w_i * a",),
}
SYMBOLS = {
    "Memory": "M_t",
    "Transposed": r"M_t^\top",
    "one": r"\mathbf 1",
    "beta": r"\beta_t",
    "gamma": r"\gamma_t",
    "w_c": "w^c_t",
    "w_g": "w^g_t",
    "w_s": r"\tilde w_t",
    "P_back": "P_{-1}",
    "P_on": "P_{+1}",
    "s_back": "s_t(-1)",
    "s_stay": "s_t(0)",
    "s_on": "s_t(1)",
    "w_i": "w_t(i)",
    "m": "M_t(i)",
    "m_prev": "M_{t-1}(i)",
}
