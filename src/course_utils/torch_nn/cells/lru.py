"""The linear recurrent unit (spec: ``specs/lru.py``)."""

import math

import torch
from torch.nn import functional as F


def init_(p, r_min=0.5, r_max=0.99):
    """Eigenvalues uniform in the ring r_min < |λ| < r_max.  Orvieto et al. 2023, lemma 3.2."""
    square = p["nu"].uniform_() * (r_max**2 - r_min**2) + r_min**2
    p["nu"].copy_((-0.5 * square.log()).log())
    p["theta"].uniform_(0, 2 * math.pi)
    p["gamma_log"].copy_(0.5 * (-torch.expm1(-2 * p["nu"].exp())).log())


def project(p, x):
    """x (..., D) -> (..., 2H): what drives the real and the imaginary half."""
    gamma = p["gamma_log"].exp()
    return torch.cat([gamma * F.linear(x, p["B_re"]), gamma * F.linear(x, p["B_im"])], dim=-1)


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h_re, h_im) -> the same two."""
    h_re, h_im = prev
    u_re, u_im = from_x.chunk(2, dim=-1)
    rho = (-p["nu"].exp()).exp()
    lam_re, lam_im = rho * p["theta"].cos(), rho * p["theta"].sin()
    return lam_re * h_re - lam_im * h_im + u_re, lam_im * h_re + lam_re * h_im + u_im


def readout(p, x, states):
    """y = Re(C h) + D x: x (B, D), states (B, H) -> (B, H)."""
    h_re, h_im = states
    return F.linear(h_re, p["C_re"]) - F.linear(h_im, p["C_im"]) + F.linear(x, p["D"])


def coefficients(p, x):
    """x (T, B, D) -> complex a (H,), b (T, B, H) of h = a * h_prev + b."""
    rho = (-p["nu"].exp()).exp()
    return torch.polar(rho, p["theta"]), torch.complex(*project(p, x).chunk(2, dim=-1))
