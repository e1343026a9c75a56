"""MUT1 (spec: ``specs/mut1.py``)."""

from torch.nn import functional as F

from course_utils.torch_nn.cells import recur_rows


def project(p, x):
    """x (..., D) -> (..., 3H) without biases: the candidate's stands outside its tanh."""
    return F.linear(x, p["weight_ih"])


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_z, w_r, w_n = from_x.chunk(3, dim=-1)
    b_z, b_r, b_n = p["bias_ih"].chunk(3) if "bias_ih" in p else (0, 0, 0)
    z = (w_z + b_z).sigmoid()
    r = (w_r + b_r + recur_rows(p, h_prev, 0, 1)).sigmoid()
    n = (recur_rows(p, r * h_prev, 1, 2) + w_n.tanh() + b_n).tanh()
    return (n * z + h_prev * (1 - z),)
