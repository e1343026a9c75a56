"""sLSTM (spec: ``specs/slstm.py``)."""

import torch
from torch.nn import functional as F

from course_utils.torch_nn.cells import recur


def step(p, from_x, prev):
    """from_x (B, 4H), prev = (h, c, n, m) -> the same four."""
    h_prev, c_prev, n_prev, m_prev = prev
    a_i, a_f, a_g, a_o = (from_x + recur(p, h_prev)).chunk(4, dim=-1)
    kept = F.logsigmoid(a_f) + m_prev
    m = torch.maximum(kept, a_i)
    i, f = (a_i - m).exp(), (kept - m).exp()
    c = f * c_prev + i * a_g.tanh()
    n = f * n_prev + i
    return a_o.sigmoid() * c / n, c, n, m
