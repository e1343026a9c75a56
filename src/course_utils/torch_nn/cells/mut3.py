"""MUT3 (spec: ``specs/mut3.py``)."""

from course_utils.torch_nn.cells import recur_rows


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_z, w_r, w_n = from_x.chunk(3, dim=-1)
    z = (w_z + recur_rows(p, h_prev.tanh(), 0, 1)).sigmoid()
    r = (w_r + recur_rows(p, h_prev, 1, 2)).sigmoid()
    n = (w_n + recur_rows(p, r * h_prev, 2, 3)).tanh()
    return (n * z + h_prev * (1 - z),)
