"""What is particular to the linear recurrent unit."""

import numpy as np
import torch
from problems import close, make

from course_utils import numpy_nn, torch_nn


def test_the_recurrence_is_linear_as_its_paper_says():
    p = make("lru")
    zero = tuple(np.zeros_like(s) for s in p.state0)
    run = lambda x, s: numpy_nn.unroll("lru", p.params, x, s)[0]  # noqa: E731
    close(run(2 * p.x, zero), 2 * run(p.x, zero), 1e-12)
    close(run(p.x, p.state0), run(p.x, zero) + run(0 * p.x, p.state0), 1e-12)


def test_it_equals_the_complex_recurrence():
    p = make("lru")
    q = p.params
    lam = np.exp(-np.exp(q["nu"]) + 1j * q["theta"])
    B, C = q["B_re"] + 1j * q["B_im"], q["C_re"] + 1j * q["C_im"]
    h = p.state0[0] + 1j * p.state0[1]
    y, *_ = numpy_nn.unroll("lru", q, p.x, p.state0)
    for t, x in enumerate(p.x):
        h = lam * h + np.exp(q["gamma_log"]) * (x @ B.T)
        close(y[t], (h @ C.T).real + x @ q["D"].T, 1e-12)


def test_it_starts_in_the_ring_with_a_state_of_unit_size():
    rng = np.random.default_rng(0)
    ours = numpy_nn.init_params("lru", 3, 2000, rng)
    torch.manual_seed(0)
    theirs = torch_nn.to_numpy(torch_nn.Recurrent("lru", 3, 2000, dtype=torch.float64))
    for q in (ours, theirs):
        size = np.exp(-np.exp(q["nu"]))
        assert 0.5 <= size.min() < 0.52 and 0.98 < size.max() <= 0.99
        np.testing.assert_allclose(np.exp(q["gamma_log"]), np.sqrt(1 - size**2), rtol=1e-9)
        assert q["theta"].min() < 0.1 and q["theta"].max() > 6.1


def test_retention_sets_the_size_of_every_eigenvalue():
    q = numpy_nn.init_params("lru", 3, 8, np.random.default_rng(0), retention=0.9)
    np.testing.assert_allclose(np.exp(-np.exp(q["nu"])), 0.9)
    np.testing.assert_allclose(np.exp(q["gamma_log"]), np.sqrt(1 - 0.81))
