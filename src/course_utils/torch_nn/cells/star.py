"""The stackable recurrent cell (spec: ``specs/star.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_z, w_n = from_x.chunk(2, dim=-1)
    z = (w_z + recur(p, h_prev)).sigmoid()
    return (((1 - z) * h_prev + z * w_n.tanh()).tanh(),)
