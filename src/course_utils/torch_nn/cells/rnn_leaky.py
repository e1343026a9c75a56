"""The plain cell with leaky integration (spec: ``specs/rnn_leaky.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev, alpha):
    """from_x (B, H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    return ((1 - alpha) * h_prev + alpha * (from_x + recur(p, h_prev)).tanh(),)
