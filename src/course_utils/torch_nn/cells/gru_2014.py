"""The GRU with the reset before the matrix (spec: ``specs/gru_2014.py``)."""

from course_utils.torch_nn.cells import recur_rows


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_r, w_z, w_n = from_x.chunk(3, dim=-1)
    u_r, u_z = recur_rows(p, h_prev, 0, 2).chunk(2, dim=-1)
    r, z = (w_r + u_r).sigmoid(), (w_z + u_z).sigmoid()
    n = (w_n + recur_rows(p, r * h_prev, 2, 3)).tanh()
    return ((1 - z) * n + z * h_prev,)
