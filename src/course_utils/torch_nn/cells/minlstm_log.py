"""minLSTM in log space (spec: ``specs/minlstm_log.py``)."""

from torch.nn import functional as F

from course_utils.torch_nn.cells import positive, project


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_i, a_f, a_n = from_x.chunk(3, dim=-1)
    keep = (F.logsigmoid(a_f) - F.logsigmoid(a_i)).sigmoid()  # f / (f + i), which may be 0 / 0
    return (keep * h_prev + (1 - keep) * positive(a_n),)


def coefficients(p, x):
    """x (T, B, D) -> a, b (T, B, H) of h = a * h_prev + b."""
    a_i, a_f, a_n = project(p, x).chunk(3, dim=-1)
    keep = (F.logsigmoid(a_f) - F.logsigmoid(a_i)).sigmoid()
    return keep, (1 - keep) * positive(a_n)
