"""The chaos-free network (spec: ``specs/cfn.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_i, w_f, w_g = from_x.chunk(3, dim=-1)
    u_i, u_f = recur(p, h_prev).chunk(2, dim=-1)
    return ((w_f + u_f).sigmoid() * h_prev.tanh() + (w_i + u_i).sigmoid() * w_g.tanh(),)
