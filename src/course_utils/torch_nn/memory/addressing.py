"""Where a head looks, what it reads and writes; the files in ``numpy_nn/memory`` explain.

B rows of a batch, K heads, N slots of width M; weights w (B, K, N).
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.shapes import ShapeError, expect

FLOOR = 1e-3  # a vector shorter than this counts as nearly empty


class Head(NamedTuple):
    """What K heads are told: key (B, K, M), beta, g, gamma (B, K), s (B, K, S) with odd S."""

    key: Tensor
    beta: Tensor
    g: Tensor
    s: Tensor
    gamma: Tensor


def head(a, width):
    """The controller's free numbers a (B, K, M + 3 + S), width M -> Head."""
    shifts = a.shape[-1] - width - 3
    if shifts < 1 or shifts % 2 == 0:
        raise ShapeError(
            f"a: axis 2 should be width + 3 + an odd number of shifts, got {a.shape[-1]} for width "
            f"{width}; full shape {tuple(a.shape)}"
        )
    key, beta, g, gamma, s = a.split([width, 1, 1, 1, shifts], dim=-1)
    return Head(
        key.tanh(),
        F.softplus(beta).squeeze(-1),
        g.sigmoid().squeeze(-1),
        s.softmax(-1),
        1 + F.softplus(gamma).squeeze(-1),
    )


def cosine(memory, key):
    """memory (B, N, M), key (B, K, M) -> similarities (B, K, N).  Graves et al. 2014, eq. 6."""
    sizes = expect(memory=(memory, "B N M"), key=(key, "B K M"))
    if not (sizes["N"] and sizes["M"]):
        raise ValueError(
            f"memory: {sizes['N']} slots of width {sizes['M']}; a memory needs at least one of each"
        )
    return F.normalize(key, dim=-1, eps=FLOOR) @ F.normalize(memory, dim=-1, eps=FLOOR).mT


def content(u, beta):
    """u (B, K, N), beta (B, K) -> w_c (B, K, N).  Eq. 5."""
    return (beta.unsqueeze(-1) * u).softmax(-1)


def interpolate(w_c, w_prev, g):
    """w_c, w_prev (B, K, N), g (B, K) -> w_g (B, K, N).  Eq. 7."""
    expect(w_c=(w_c, "B K N"), w_prev=(w_prev, "B K N"), g=(g, "B K"))
    return torch.lerp(w_prev, w_c, g.unsqueeze(-1))


def shift(w_g, s):
    """w_g (B, K, N), s (B, K, S) with odd S -> w_s (B, K, N).  Eq. 8."""
    S = expect(w_g=(w_g, "B K N"), s=(s, "B K S"))["S"]
    if S % 2 == 0:
        raise ShapeError(f"s: axis S should be odd (shifts -S//2 … S//2), got {S}")
    moved = torch.stack([w_g.roll(j - S // 2, -1) for j in range(S)], dim=-1)  # (B, K, N, S)
    return (moved @ s.unsqueeze(-1)).squeeze(-1)


def sharpen(w_s, gamma):
    """w_s (B, K, N), gamma (B, K) -> w (B, K, N).  Eq. 9."""
    ratio = w_s / w_s.detach().amax(-1, keepdim=True)
    return F.normalize(ratio ** gamma.unsqueeze(-1), p=1.0, dim=-1)


def address(memory, w_prev, told):
    """memory (B, N, M), w_prev (B, K, N), told, a Head -> w (B, K, N).  Figure 2."""
    w_c = content(cosine(memory, told.key), told.beta)
    return sharpen(shift(interpolate(w_c, w_prev, told.g), told.s), told.gamma)


def read(memory, w):
    """memory (B, N, M), w (B, K, N) -> r (B, K, M).  Eq. 2."""
    return w @ memory


def write(memory, w, erase, add):
    """memory (B, N, M), w (B, K, N), erase, add (B, K, M) -> new memory.  Eqs 3 and 4."""
    expect(memory=(memory, "B N M"), w=(w, "B K N"), erase=(erase, "B K M"), add=(add, "B K M"))
    kept = (1 - w.unsqueeze(-1) * erase.unsqueeze(-2)).prod(dim=1)
    return memory * kept + w.mT @ add


def blend(memory, w, add):
    """memory (B, N, M), w (B, K, N), add (B, K, M) -> new memory, head after head."""
    expect(memory=(memory, "B N M"), w=(w, "B K N"), add=(add, "B K M"))
    for share, vector in zip(w.unbind(1), add.unbind(1), strict=True):
        memory = torch.lerp(memory, vector.unsqueeze(1), share.unsqueeze(-1))
    return memory
