"""Long expressive memory (spec: ``specs/lem.py``)."""

from torch.nn import functional as F

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 4H), prev = (h, c) -> the same two."""
    h_prev, c_prev = prev
    w_i, w_o, w_g, w_u = from_x.chunk(4, dim=-1)
    u_i, u_o, u_g = recur(p, h_prev).chunk(3, dim=-1)
    i, o = (w_i + u_i).sigmoid(), (w_o + u_o).sigmoid()
    c = (1 - i) * c_prev + i * (w_g + u_g).tanh()
    u = (w_u + F.linear(c, p["weight_ch"])).tanh()
    return (1 - o) * h_prev + o * u, c
