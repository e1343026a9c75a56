"""The depth-gated LSTM (spec: ``specs/depth_gated.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev, below):
    """from_x (B, 5H), prev = (h, c), below (B, H) -> (h, c)."""
    h_prev, c_prev = prev
    H = h_prev.shape[-1]
    a_i, a_f, a_g, a_o = (from_x[:, : 4 * H] + recur(p, h_prev)).chunk(4, dim=-1)
    i = (a_i + p["weight_ci"] * c_prev).sigmoid()
    f = (a_f + p["weight_cf"] * c_prev).sigmoid()
    d = (from_x[:, 4 * H :] + p["weight_cd"] * c_prev + p["weight_ld"] * below).sigmoid()
    c = d * below + f * c_prev + i * a_g.tanh()
    o = (a_o + p["weight_co"] * c).sigmoid()
    return o * c.tanh(), c
