"""minGRU in log space (spec: ``specs/mingru_log.py``)."""

from torch.nn import functional as F

from course_utils.torch_nn.cells import log_positive, positive, project


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_z, a_n = from_x.chunk(2, dim=-1)
    z = a_z.sigmoid()
    return ((1 - z) * h_prev + z * positive(a_n),)


def log_coefficients(p, x):
    """x (T, B, D) -> log a, log b (T, B, H) of h = a * h_prev + b."""
    a_z, a_n = project(p, x).chunk(2, dim=-1)
    return F.logsigmoid(-a_z), F.logsigmoid(a_z) + log_positive(a_n)
