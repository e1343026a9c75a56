"""Reading and writing a memory through weights, each with its backward.

Graves, Wayne & Danihelka 2014, sections 3.1 and 3.2.
"""

import numpy as np

from course_utils.numpy_nn.validation import of_shape
from course_utils.shapes import expect


def not_empty(sizes):
    """ValueError if the memory, with sizes N and M, has no slots or slots of no width."""
    if not (sizes["N"] and sizes["M"]):
        raise ValueError(
            f"memory: {sizes['N']} slots of width {sizes['M']}; a memory needs at least one of each"
        )


def read(memory, w):
    """Blend the slots: memory (B, N, M), w (B, K, N) -> r (B, K, M), cache.

    Graves 2014, eq. 2.
    """
    not_empty(expect(memory=(memory, "B N M"), w=(w, "B K N")))
    return w @ memory, (memory, w)


def read_backward(cache, dr):
    """dr (B, K, M) -> dmemory (B, N, M), dw (B, K, N)."""
    memory, w = cache
    of_shape((*w.shape[:2], memory.shape[2]), dr=dr)
    return w.mT @ dr, dr @ memory.mT


def write(memory, w, erase, add):
    """Erase, then add: memory (B, N, M), w (B, K, N), erase, add (B, K, M) -> new memory, cache.

    Graves 2014, eqs 3 and 4.  All heads erase before any adds, so that their order does not matter.
    """
    not_empty(_check_write(memory, w, erase=erase, add=add))
    keep = 1 - w[..., None] * erase[..., None, :]  # (B, K, N, M)
    kept = keep.prod(axis=1)  # (B, N, M)
    return memory * kept + w.mT @ add, (memory, w, erase, add, keep, kept)


def write_backward(cache, dnew):
    """dnew (B, N, M) -> dmemory (B, N, M), dw (B, K, N), derase, dadd (B, K, M)."""
    memory, w, erase, add, keep, kept = cache
    of_shape(memory.shape, dnew=dnew)
    dadd = w @ dnew  # + w^T @ add
    dw = add @ dnew.mT
    dmemory = dnew * kept  # memory * kept
    dkept = dnew * memory
    dkeep = dkept[:, None] * _products_of_others(keep)  # kept = product over heads of keep
    dw = dw - (dkeep * erase[..., None, :]).sum(axis=-1)  # keep = 1 - w * erase
    derase = -(dkeep * w[..., None]).sum(axis=-2)
    return dmemory, dw, derase, dadd


def _products_of_others(keep):
    """keep (B, K, N, M) -> for each head the product over the other heads; no division by zero."""
    heads = range(keep.shape[1])
    others = [np.delete(keep, k, axis=1).prod(axis=1) for k in heads]
    return np.stack(others, axis=1) if others else keep


def blend(memory, w, add):
    """The convex blend: memory (B, N, M), w (B, K, N), add (B, K, M) -> new memory, cache.

    Each head in turn moves slot i the share w(i) of the way to its vector: (1 - w) M + w a, as
    Olah & Carter 2016 tell it.  For one head this is ``write`` with erase = 1; the two differ by
    w (1 - erase) M.  For several it depends on their order, and ``write`` does not.
    """
    not_empty(_check_write(memory, w, add=add))
    before = []
    for k in range(w.shape[1]):
        before.append(memory)
        share = w[:, k, :, None]  # (B, N, 1)
        memory = (1 - share) * memory + share * add[:, k, None]
    return memory, (before, w, add)


def blend_backward(cache, dnew):
    """dnew (B, N, M) -> dmemory (B, N, M), dw (B, K, N), dadd (B, K, M)."""
    before, w, add = cache
    of_shape((*w.shape[::2], add.shape[2]), dnew=dnew)
    dw, dadd = np.zeros_like(w), np.zeros_like(add)
    for k in reversed(range(w.shape[1])):
        dw[:, k] = (dnew * (add[:, k, None] - before[k])).sum(axis=-1)
        dadd[:, k] = (dnew * w[:, k, :, None]).sum(axis=-2)
        dnew = dnew * (1 - w[:, k, :, None])
    return dnew, dw, dadd


def _check_write(memory, w, **vectors):
    return expect(
        memory=(memory, "B N M"),
        w=(w, "B K N"),
        **{name: (v, "B K M") for name, v in vectors.items()},
    )
