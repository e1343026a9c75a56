"""The neuromodulated bistable cell (spec: ``specs/nbrc.py``)."""

from torch.nn import functional as F


def project(p, x):
    """x (..., D) -> (..., 3H) without biases: the candidate has none."""
    return F.linear(x, p["weight_ih"])


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_r, w_z, w_n = from_x.chunk(3, dim=-1)
    u_r, u_z = F.linear(h_prev, p["weight_hh"], p.get("bias_ih")).chunk(2, dim=-1)
    r, z = 1 + (w_r + u_r).tanh(), (w_z + u_z).sigmoid()
    return (z * h_prev + (1 - z) * (w_n + r * h_prev).tanh(),)
