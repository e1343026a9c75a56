"""The subtractive LSTM (spec: ``specs/sublstm.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 4H), prev = (h, c) -> the same two."""
    h_prev, c_prev = prev
    i, f, g, o = (from_x + recur(p, h_prev)).sigmoid().chunk(4, dim=-1)
    c = f * c_prev + g - i
    return c.sigmoid() - o, c
