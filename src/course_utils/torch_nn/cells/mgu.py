"""The minimal gated unit (spec: ``specs/mgu.py``)."""

from course_utils.torch_nn.cells import recur_rows


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    w_f, w_n = from_x.chunk(2, dim=-1)
    f = (w_f + recur_rows(p, h_prev, 0, 1)).sigmoid()
    n = (w_n + recur_rows(p, f * h_prev, 1, 2)).tanh()
    return ((1 - f) * h_prev + f * n,)
