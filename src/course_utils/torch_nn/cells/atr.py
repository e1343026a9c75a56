"""The twin-gated cell (spec: ``specs/atr.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    g, q = from_x, recur(p, h_prev)
    return ((g + q).sigmoid() * g + (g - q).sigmoid() * h_prev,)
