"""The quasi-recurrent network (spec: ``specs/qrnn.py``)."""


def step(p, from_x, prev):
    """from_x (B, 3H), prev = (h, c) -> the same two."""
    _, c_prev = prev
    a_f, a_g, a_o = from_x.chunk(3, dim=-1)
    f = a_f.sigmoid()
    c = f * c_prev + (1 - f) * a_g.tanh()
    return a_o.sigmoid() * c, c
