"""The plain cell with rectified linear units (spec: ``specs/rnn_relu.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    return ((from_x + recur(p, h_prev)).relu(),)
