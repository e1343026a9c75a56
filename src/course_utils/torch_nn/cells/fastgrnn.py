"""FastGRNN (spec: ``specs/fastgrnn.py``)."""

from torch.nn import functional as F


def init_(p):
    """ζ = 1 and ν = −4, as in the authors' code."""
    p["zeta"].fill_(1)
    p["nu"].fill_(-4)


def project(p, x):
    """x (..., D) -> (..., H) without biases: gate and candidate add their own."""
    return F.linear(x, p["weight_ih"])


def step(p, from_x, prev):
    """from_x (B, H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    b_z, b_n = p["bias_ih"].chunk(2) if "bias_ih" in p else (0, 0)
    a = from_x + F.linear(h_prev, p["weight_hh"])
    z, n = (a + b_z).sigmoid(), (a + b_n).tanh()
    return (z * h_prev + (p["zeta"].sigmoid() * (1 - z) + p["nu"].sigmoid()) * n,)
