"""The minimal RNN (spec: ``specs/minimalrnn.py``)."""

from torch.nn import functional as F


def project(p, x):
    """x (..., D) -> (..., H): the candidate, for all steps at once."""
    b_n = p["bias_ih"].chunk(2)[0] if "bias_ih" in p else None
    return F.linear(x, p["weight_ih"], b_n).tanh()


def step(p, from_x, prev):
    """from_x (B, H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    n = from_x
    U_h, U_n = p["weight_hh"].chunk(2)
    b_z = p["bias_ih"].chunk(2)[1] if "bias_ih" in p else None
    z = (F.linear(h_prev, U_h, b_z) + F.linear(n, U_n)).sigmoid()
    return (z * h_prev + (1 - z) * n,)
