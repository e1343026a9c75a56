"""NFG (spec: ``specs/lstm_nfg.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h, c) -> (h, c)."""
    h_prev, c_prev = prev
    a_i, a_g, a_o = (from_x + recur(p, h_prev)).chunk(3, dim=-1)
    i = (a_i + p["weight_ci"] * c_prev).sigmoid()
    c = c_prev + i * a_g.tanh()
    o = (a_o + p["weight_co"] * c).sigmoid()
    return o * c.tanh(), c
