"""A state that is a matrix, and the five ways to keep it that go by different names.

    S_t = keep_t ⊙ S_{t-1},  less  erase_t (S k_t) k_tᵀ,  plus  v_t k_tᵀ;      y_t = S_t q_t

S (V, K) holds values under keys.  keep 1: linear attention.  keep a number a step: mLSTM without
its normaliser, or a decay.  keep exp(Δ_t ⊗ A), v = Δ_t ⊙ x_t, k = B_t, q = C_t: the selective
state space of Mamba.  erase > 0: the delta rule, which takes out what stands under a key before it
writes, gated where keep < 1 (v times erase, as it is written there).  Katharopoulos et al. 2020;
Beck et al. 2024; Gu & Dao 2023; Yang et al. 2024, and 2025, section 3.1.
"""

import numpy as np

from course_utils.shapes import expect


def remember(q, k, v, keep=1.0, erase=0.0):
    """Step by step: q, k (T, B, K), v (T, B, V) -> y (T, B, V).

    keep, a number, or (T, B), or (T, B, V, K); erase, a number or (T, B).  The state starts at
    zero.
    """
    sizes = expect(q=(q, "T B K"), k=(k, "T B K"), v=(v, "T B V"))
    T, B, K, V = (sizes[axis] for axis in "TBKV")
    keep, erase = np.asarray(keep, q.dtype), np.asarray(erase, q.dtype)
    keep = keep if keep.ndim == 4 else np.broadcast_to(keep, (T, B))[..., None, None]
    erase = np.broadcast_to(erase, (T, B))
    S, y = np.zeros((B, V, K), q.dtype), np.empty((T, B, V), q.dtype)
    for t in range(T):
        S = keep[t] * S
        under_key = (S @ k[t][..., None])[..., 0]  # (B, V): what stands there now
        S = S + (v[t] - erase[t][:, None] * under_key)[..., None] * k[t][:, None, :]
        y[t] = (S @ q[t][..., None])[..., 0]
    return y


def at_once(q, k, v, keep=1.0):
    """The same without erasing and with a number a step to keep, as attention without a softmax.

    y_t = Σ_{s ≤ t} (keep_{s+1} … keep_t)(q_t·k_s) v_s.  q, k (T, B, K), v (T, B, V); keep,
    positive, a number or (T, B) -> y (T, B, V).
    """
    sizes = expect(q=(q, "T B K"), k=(k, "T B K"), v=(v, "T B V"))
    keep = np.broadcast_to(np.asarray(keep, q.dtype), (sizes["T"], sizes["B"]))
    weights = np.exp(decay(np.log(keep))) * np.einsum("tbk,sbk->bts", q, k)
    return np.einsum("bts,sbv->tbv", weights, v)


def decay(log_keep):
    """log_keep (T, B) -> (B, T, T): Σ_{s < r ≤ t} log keep_r at [t, s], −inf where s > t."""
    total = log_keep.cumsum(axis=0).T  # (B, T)
    past = np.tri(total.shape[1], dtype=bool)
    return np.where(past, total[:, :, None] - total[:, None, :], -np.inf)


def mlstm(q, k, v, a_i, log_f):
    """The mLSTM's memory, step by step, with normaliser and stabiliser, before the output gate.

    q, k (T, B, K), v (T, B, V); a_i (T, B), the input gate before its exponential; log_f (T, B),
    the logarithm of the forget gate.  y (T, B, V).  Beck et al. 2024 (mLSTM), keys scaled by
    the caller; the state starts at zero.
    """
    sizes = expect(q=(q, "T B K"), k=(k, "T B K"), v=(v, "T B V"), a_i=(a_i, "T B"),
                   log_f=(log_f, "T B"))  # fmt: skip
    T, B, K, V = (sizes[axis] for axis in "TBKV")
    C, n, m = np.zeros((B, V, K)), np.zeros((B, K)), np.full(B, -np.inf)
    y = np.empty((T, B, V), q.dtype)
    for t in range(T):
        m_prev, m = m, np.maximum(log_f[t] + m, a_i[t])
        f, i = np.exp(log_f[t] + m_prev - m), np.exp(a_i[t] - m)
        C = f[:, None, None] * C + i[:, None, None] * v[t][..., None] * k[t][:, None, :]
        n = f[:, None] * n + i[:, None] * k[t]
        total = np.abs((n * q[t]).sum(axis=-1))
        y[t] = (C @ q[t][..., None])[..., 0] / np.maximum(total, np.exp(-m))[:, None]
    return y


def mlstm_at_once(q, k, v, a_i, log_f):
    """``mlstm`` as attention over all steps: scores q·k, weighted by the gates between them."""
    logs = decay(log_f) + a_i.T[:, None, :]  # (B, T, S)
    m = logs.max(axis=-1, keepdims=True)
    weights = np.exp(logs - m) * np.einsum("tbk,sbk->bts", q, k)
    total = np.abs(weights.sum(axis=-1, keepdims=True))
    return np.einsum("bts,sbv->tbv", weights / np.maximum(total, np.exp(-m)), v)
