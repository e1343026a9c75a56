"""A product of weights and states in pieces, for the ladder and the floor of the timings.

A general product packs both matrices into blocks that suit the processor before it multiplies, at
every call.  For the thin products inside a loop over time that is a large share of the work.
OpenBLAS on AVX-512 has a second routine that packs nothing, and takes it for products of up to 100³
multiplications.  So there the rows of the weights are cut into pieces that small, and one
``np.matmul`` runs over them.  The sums stay the same to rounding.
"""

import functools
import os

import numpy as np

LARGEST = 100**3
"""Multiplications up to which OpenBLAS does not pack (its kernel/x86_64/*_small_kernel_permit)."""

LEAST_ROWS = 8
"""Pieces with fewer rows than this cost more calls than they save."""


@functools.cache
def small_products():
    """Whether NumPy's BLAS has the routine that packs nothing."""
    core = os.environ.get("OPENBLAS_CORETYPE", "").lower()
    if core and core not in ("skylakex", "cooperlake", "sapphirerapids"):
        return False  # pinned to older kernels
    try:
        name = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
        from numpy._core._multiarray_umath import __cpu_features__ as features
    except (ImportError, KeyError, TypeError):
        return False
    return "openblas" in name and bool(features.get("AVX512_SKX"))


def pieces(M, K, N):
    """Into how many pieces the M rows of an (M, K) @ (K, N) product are cut; 1 leaves it whole."""
    if not small_products() or M * K * N <= LARGEST:
        return 1
    fits = (p for p in range(2, M // LEAST_ROWS + 1) if M % p == 0 and M // p * K * N <= LARGEST)
    return next(fits, 1)


class Product:
    """A product of weights (M, K) and states (K, N), always of these sizes.

    ``multiply(cut(weights), states, out=cut(result))`` computes it.
    """

    def __init__(self, M, K, N):
        self.pieces = pieces(M, K, N)
        self.multiply = np.dot if self.pieces == 1 else np.matmul

    def cut(self, rows):
        """A view of rows (…, M, ·), contiguous, as ``multiply`` wants weights and result."""
        if self.pieces == 1:
            return rows
        return rows.reshape(*rows.shape[:-2], self.pieces, -1, rows.shape[-1])
