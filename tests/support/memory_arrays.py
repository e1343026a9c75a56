"""Arguments for every function of a memory: random arrays, and which function takes which."""

import numpy as np
import pytest

B, K, N, M, S = 3, 2, 5, 4, 3


def make(seed=0, B=B, K=K, N=N, M=M, S=S, dtype=np.float64):
    """Random arrays for every function below, weights with sum 1."""
    rng = np.random.default_rng(seed)
    simplex = lambda *shape: rng.dirichlet(np.ones(shape[-1]), shape[:-1])  # noqa: E731
    values = {
        "memory": rng.standard_normal((B, N, M)),
        "key": rng.standard_normal((B, K, M)),
        "u": rng.uniform(-1, 1, (B, K, N)),
        "beta": rng.uniform(0.5, 5, (B, K)),
        "w_c": simplex(B, K, N),
        "w_prev": simplex(B, K, N),
        "w_g": simplex(B, K, N),
        "w_s": simplex(B, K, N),
        "w": simplex(B, K, N),
        "g": rng.uniform(0, 1, (B, K)),
        "s": simplex(B, K, S),
        "gamma": rng.uniform(1, 4, (B, K)),
        "erase": rng.uniform(0, 1, (B, K, M)),
        "add": rng.standard_normal((B, K, M)),
    }
    return {name: v.astype(dtype) for name, v in values.items()}


PARTS = {
    "cosine": ("memory", "key"),
    "content": ("u", "beta"),
    "interpolate": ("w_c", "w_prev", "g"),
    "shift": ("w_g", "s"),
    "sharpen": ("w_s", "gamma"),
    "read": ("memory", "w"),
    "write": ("memory", "w", "erase", "add"),
    "blend": ("memory", "w", "add"),
}
parts = pytest.mark.parametrize("name", PARTS)
