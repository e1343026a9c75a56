"""The independently recurrent network (spec: ``specs/indrnn.py``)."""


def init_(p):
    """Recurrent weights uniform in [0, 1], as in the authors' code."""
    p["weight_hh"].uniform_(0, 1)


def step(p, from_x, prev):
    """from_x (B, H), prev = (h,) -> (h,)."""
    (h_prev,) = prev
    return ((from_x + p["weight_hh"] * h_prev).relu(),)
