"""Full gate recurrence (spec: ``specs/lstm_fgr.py``)."""

import torch

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 4H), prev = (h, c, i, f, o) -> the same five."""
    h_prev, c_prev, *old = prev
    a_i, a_f, a_g, a_o = (from_x + recur(p, h_prev)).chunk(4, dim=-1)
    r_i, r_f, r_o = (torch.cat(old, dim=-1) @ p["weight_gates"].T).chunk(3, dim=-1)
    i = (a_i + r_i + p["weight_ci"] * c_prev).sigmoid()
    f = (a_f + r_f + p["weight_cf"] * c_prev).sigmoid()
    c = f * c_prev + i * a_g.tanh()
    o = (a_o + r_o + p["weight_co"] * c).sigmoid()
    return o * c.tanh(), c, i, f, o
