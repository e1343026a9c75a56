"""The simple recurrent unit (spec: ``specs/sru.py``)."""

from torch.nn import functional as F


def project(p, x):
    """x (..., D) -> (..., 4H) without biases: the gates add their own."""
    return F.linear(x, p["weight_ih"])


def step(p, from_x, prev):
    """from_x (B, 4H), prev = (h, c) -> the same two."""
    _, c_prev = prev
    g, w_f, w_r, s = from_x.chunk(4, dim=-1)
    U_f, U_r = p["weight_c"].chunk(2)
    b_f, b_r = p["bias_ih"].chunk(2) if "bias_ih" in p else (0, 0)
    f, r = (w_f + U_f * c_prev + b_f).sigmoid(), (w_r + U_r * c_prev + b_r).sigmoid()
    c = f * c_prev + (1 - f) * g
    return r * c + (1 - r) * s, c
