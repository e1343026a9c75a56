"""The NAS cell (spec: ``specs/nas.py``)."""

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 8H), prev = (h, c) -> the same two."""
    h_prev, c_prev = prev
    from_h = recur(p, h_prev)
    a_i, a_j, a_k, _, a_m, a_n, a_o, a_q = (from_x + from_h).chunk(8, dim=-1)
    s = (from_x.chunk(8, dim=-1)[3] * from_h.chunk(8, dim=-1)[3]).relu()
    c = ((a_i.sigmoid() * a_j.relu()).tanh() + c_prev).tanh() * (a_k.sigmoid() + s).tanh()
    u = (a_m.tanh() * a_n.sigmoid()).tanh()
    v = (a_o.tanh() + a_q.sigmoid()).sigmoid()
    return (c * (u + v).tanh()).tanh(), c
