"""The LSTM with a forget gate (spec: ``specs/lstm.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 4H), prev = (h, c) -> (h, c)."""
    h_prev, c_prev = prev
    a_i, a_f, a_g, a_o = (from_x + recur(p, h_prev)).chunk(4, dim=-1)
    i, f, g, o = a_i.sigmoid(), a_f.sigmoid(), a_g.tanh(), a_o.sigmoid()
    c = f * c_prev + i * g
    return o * c.tanh(), c
