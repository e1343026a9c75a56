"""minGRU (spec: ``specs/mingru.py``)."""


def step(p, from_x, prev):
    """from_x (B, 2H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    a_z, a_n = from_x.chunk(2, dim=-1)
    z = a_z.sigmoid()
    return ((1 - z) * h_prev + z * a_n,)
