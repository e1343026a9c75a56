"""JANET (spec: ``specs/janet.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev, beta):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_f, a_g = (from_x + recur(p, h_prev)).chunk(2, dim=-1)
    return (a_f.sigmoid() * h_prev + (1 - (a_f - beta).sigmoid()) * a_g.tanh(),)
