"""The clockwork RNN (spec: ``specs/clockwork.py``)."""

import torch
from torch.nn import functional as F


def init_(p, periods):
    """The weights that the clocks switch off start, and stay, at zero."""
    weight = p["weight_hh"]
    weight.mul_(_wiring(weight.shape[0], periods, weight.device)[1])


def _wiring(H, periods, device):
    """The period of each unit (H,), and (H, H): true where the row's unit hears the column's."""
    if H % len(periods):
        raise ValueError(
            f"hidden_size: {H} units cannot be divided among {len(periods)} modules; "
            f"use a multiple of {len(periods)}, or other periods than {tuple(periods)}"
        )
    period = torch.tensor(periods, device=device).repeat_interleave(H // len(periods))
    return period, period[None, :] >= period[:, None]


def step(p, from_x, prev, periods):
    """from_x (B, H), prev = (h, t) -> the same two."""
    h_prev, t_prev = prev
    period, hears = _wiring(h_prev.shape[-1], periods, h_prev.device)
    a = from_x + F.linear(h_prev, p["weight_hh"] * hears, p.get("bias_hh"))
    return torch.where(t_prev % period == 0, a.tanh(), h_prev), t_prev + 1
