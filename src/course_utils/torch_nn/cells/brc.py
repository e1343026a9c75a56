"""The bistable recurrent cell (spec: ``specs/brc.py``)."""

from torch.nn import functional as F


def init_(p):
    """Recurrent weights 1, as in the authors' code."""
    p["weight_hh"].fill_(1)


def project(p, x):
    """x (..., D) -> (..., 3H) without biases: the candidate has none."""
    return F.linear(x, p["weight_ih"])


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_r, w_z, w_n = from_x.chunk(3, dim=-1)
    U_r, U_z = p["weight_hh"].chunk(2)
    b_r, b_z = p["bias_ih"].chunk(2) if "bias_ih" in p else (0, 0)
    r = 1 + (w_r + U_r * h_prev + b_r).tanh()
    z = (w_z + U_z * h_prev + b_z).sigmoid()
    return (z * h_prev + (1 - z) * (w_n + r * h_prev).tanh(),)
