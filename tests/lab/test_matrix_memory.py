"""A matrix memory is attention without a softmax, whichever way it is computed."""

import numpy as np
import pytest

from course_utils.lab.matrix_memory import at_once, mlstm, mlstm_at_once, remember
from course_utils.shapes import ShapeError

T, B, K, V = 9, 2, 3, 4


@pytest.fixture
def given():
    rng = np.random.default_rng(2)
    q, k = rng.standard_normal((2, T, B, K))
    return q, k, rng.standard_normal((T, B, V)), rng


def test_one_state_for_all_steps_is_attention_over_them(given):
    *qkv, rng = given
    for keep in (1.0, 0.7, rng.uniform(0.2, 1, (T, B))):
        np.testing.assert_allclose(remember(*qkv, keep), at_once(*qkv, keep), atol=1e-12)


def test_an_elementwise_keep_is_a_diagonal_recurrence_for_every_entry(given):
    """A selective state space: h_vk = keep h_vk + v k, entry by entry, read by q."""
    q, k, v, rng = given
    keep = rng.uniform(0, 1, (T, B, V, K))
    h, expected = 0.0, []
    for t in range(T):
        h = keep[t] * h + np.einsum("bv,bk->bvk", v[t], k[t])
        expected.append(np.einsum("bvk,bk->bv", h, q[t]))
    np.testing.assert_allclose(remember(q, k, v, keep), expected, atol=1e-12)


def test_the_delta_rule_replaces_what_stood_under_a_key(given):
    _, _, v, rng = given
    key = rng.standard_normal((1, 1, K)).repeat(T, axis=0).repeat(B, axis=1)
    key /= np.linalg.norm(key, axis=-1, keepdims=True)
    np.testing.assert_allclose(remember(key, key, v, erase=1.0), v, atol=1e-12)
    np.testing.assert_allclose(remember(key, key, v), v.cumsum(axis=0), atol=1e-12)


def test_the_mlstm_is_the_same_at_once_and_a_ratio_of_two_memories(given):
    q, k, v, rng = given
    a_i, log_f = rng.standard_normal((T, B)), -rng.uniform(0, 1, (T, B))
    y = mlstm(q, k, v, a_i, log_f)
    np.testing.assert_allclose(y, mlstm_at_once(q, k, v, a_i, log_f), atol=1e-12)
    written = np.exp(a_i)[..., None]
    top = remember(q, k, written * v, np.exp(log_f))
    below = remember(q, k, written, np.exp(log_f))
    np.testing.assert_allclose(y, top / np.maximum(np.abs(below), 1), atol=1e-12)


def test_the_stabiliser_keeps_what_would_overflow(given):
    q, k, v, rng = given
    a_i = rng.uniform(800, 900, (T, B))
    for way in (mlstm, mlstm_at_once):
        assert np.isfinite(way(q, k, v, a_i, np.zeros((T, B)))).all()
    shifted = mlstm(q, k, v, a_i - 700, np.zeros((T, B)))
    np.testing.assert_allclose(mlstm(q, k, v, a_i, np.zeros((T, B))), shifted, rtol=1e-9)


def test_sizes_are_checked_by_name(given):
    q, k, v, _ = given
    with pytest.raises(ShapeError, match=r"^v: "):
        remember(q, k, v[:3])
