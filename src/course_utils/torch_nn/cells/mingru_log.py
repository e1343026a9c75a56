"""minGRU in log space (spec: ``specs/mingru_log.py``)."""

from course_utils.torch_nn.cells import positive, project


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_z, a_n = from_x.chunk(2, dim=-1)
    z = a_z.sigmoid()
    return ((1 - z) * h_prev + z * positive(a_n),)


def coefficients(p, x):
    """x (T, B, D) -> a, b (T, B, H) of h = a * h_prev + b."""
    a_z, a_n = project(p, x).chunk(2, dim=-1)
    z = a_z.sigmoid()
    return 1 - z, z * positive(a_n)
