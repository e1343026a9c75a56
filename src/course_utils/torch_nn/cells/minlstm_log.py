"""minLSTM in log space (spec: ``specs/minlstm_log.py``)."""

from torch.nn import functional as F

from course_utils.torch_nn.cells import log_positive, positive, project


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_i, a_f, a_n = from_x.chunk(3, dim=-1)
    keep = (F.logsigmoid(a_f) - F.logsigmoid(a_i)).sigmoid()  # f / (f + i), which may be 0 / 0
    return (keep * h_prev + (1 - keep) * positive(a_n),)


def log_coefficients(p, x):
    """x (T, B, D) -> log a, log b (T, B, H) of h = a * h_prev + b."""
    a_i, a_f, a_n = project(p, x).chunk(3, dim=-1)
    ratio = F.logsigmoid(a_f) - F.logsigmoid(a_i)  # f / (f + i) = σ(log f / i)
    return F.logsigmoid(ratio), F.logsigmoid(-ratio) + log_positive(a_n)
