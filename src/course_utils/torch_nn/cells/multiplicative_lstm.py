"""The multiplicative LSTM (spec: ``specs/multiplicative_lstm.py``)."""

from torch.nn import functional as F


def project(p, x):
    """x (..., D) -> (..., 5H) without biases: m has none."""
    return F.linear(x, p["weight_ih"])


def step(p, from_x, prev):
    """from_x (B, 5H), prev = (h, c) -> the same two."""
    h_prev, c_prev = prev
    H = h_prev.shape[-1]
    m = from_x[..., -H:] * F.linear(h_prev, p["weight_hh"])
    a = from_x[..., :-H] + F.linear(m, p["weight_mh"], p.get("bias_ih"))
    a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)
    c = a_f.sigmoid() * c_prev + a_i.sigmoid() * a_g.tanh()
    return a_o.sigmoid() * c.tanh(), c
