"""NOG (spec: ``specs/lstm_nog.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h, c) -> (h, c)."""
    h_prev, c_prev = prev
    a_i, a_f, a_g = (from_x + recur(p, h_prev)).chunk(3, dim=-1)
    i = (a_i + p["weight_ci"] * c_prev).sigmoid()
    f = (a_f + p["weight_cf"] * c_prev).sigmoid()
    c = f * c_prev + i * a_g.tanh()
    return c.tanh(), c
