"""The GRU with the reset after the matrix (spec: ``specs/gru.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_r, w_z, w_n = from_x.chunk(3, dim=-1)
    u_r, u_z, u_n = recur(p, h_prev).chunk(3, dim=-1)
    r, z = (w_r + u_r).sigmoid(), (w_z + u_z).sigmoid()
    n = (w_n + r * u_n).tanh()
    return ((1 - z) * n + z * h_prev,)
