"""The light GRU (spec: ``specs/ligru.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_z, a_n = (from_x + recur(p, h_prev)).chunk(2, dim=-1)
    z = a_z.sigmoid()
    return (z * h_prev + (1 - z) * a_n.relu(),)
