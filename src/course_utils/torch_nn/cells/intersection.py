"""The intersection RNN (spec: ``specs/intersection.py``)."""

from torch.nn import functional as F

from course_utils.torch_nn.cells import recur


def project(p, x):
    """x (..., D) -> (..., 5H) without biases: the way along depth has none."""
    return F.linear(x, p["weight_ih"])


def step(p, from_x, prev):
    """from_x (B, 5H), prev = (y, h) -> the same two."""
    _, h_prev = prev
    H = h_prev.shape[-1]
    bias = p["bias_ih"] if "bias_ih" in p else 0
    a_z, a_n, a_d, a_u = (from_x[..., :-H] + bias + recur(p, h_prev)).chunk(4, dim=-1)
    z, d = a_z.sigmoid(), a_d.sigmoid()
    return d * from_x[..., -H:] + (1 - d) * a_u.relu(), z * h_prev + (1 - z) * a_n.tanh()
