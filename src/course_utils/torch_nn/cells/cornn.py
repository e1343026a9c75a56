"""The coupled oscillatory network (spec: ``specs/cornn.py``)."""

from torch.nn import functional as F


def step(p, from_x, prev, delta, gamma, epsilon):
    """from_x (B, H), prev = (h, v) -> the same two."""
    h_prev, v_prev = prev
    W_h, W_v = p["weight_hh"].chunk(2)
    n = (from_x + F.linear(h_prev, W_h) + F.linear(v_prev, W_v)).tanh()
    v = v_prev + delta * (n - gamma * h_prev - epsilon * v_prev)
    return h_prev + delta * v, v
