"""The recurrent additive network (spec: ``specs/ran.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h, c) -> the same two."""
    h_prev, c_prev = prev
    w_i, w_f, g = from_x.chunk(3, dim=-1)
    u_i, u_f = recur(p, h_prev).chunk(2, dim=-1)
    c = (w_f + u_f).sigmoid() * c_prev + (w_i + u_i).sigmoid() * g
    return c.tanh(), c
