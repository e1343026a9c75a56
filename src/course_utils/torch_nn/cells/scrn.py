"""The structurally constrained network (spec: ``specs/scrn.py``)."""

from torch.nn import functional as F

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev, rho):
    """from_x (B, 2H), prev = (h, s) -> the same two."""
    h_prev, s_prev = prev
    w_h, w_s = from_x.chunk(2, dim=-1)
    s = (1 - rho) * w_s + rho * s_prev
    return (w_h + recur(p, h_prev) + F.linear(s, p["weight_sh"])).sigmoid(), s
