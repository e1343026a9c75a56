"""The strongly typed RNN (spec: ``specs/trnn.py``)."""

from course_utils.torch_nn.cells import project


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_f, g = from_x.chunk(2, dim=-1)
    f = a_f.sigmoid()
    return (f * h_prev + (1 - f) * g,)


def coefficients(p, x):
    """x (T, B, D) -> a, b (T, B, H) of h = a * h_prev + b."""
    a_f, g = project(p, x).chunk(2, dim=-1)
    f = a_f.sigmoid()
    return f, (1 - f) * g
