"""The machines learn: a glance in the default tests, the whole of it in the slow ones.

``python tests/support/machines.py`` runs the same trainings by hand, over any seeds.
"""

import numpy as np
import pytest
from machines import train_copy, train_parity, train_tables

pytestmark = pytest.mark.usefixtures("one_thread")


def falls(losses, share):
    """The mean of the last tenth is below share of that of the first."""
    tenth = len(losses) // 10
    return np.mean(losses[-tenth:]) < share * np.mean(losses[:tenth])


@pytest.mark.parametrize(
    "options",
    [
        {"controller": "feedforward"},
        {"controller": "lstm", "write": "blend", "memory": "learned"},
    ],
    ids=str,
)
def test_a_turing_machine_learns_something_about_copying(options):
    """Seeds 0 to 3 reached 0.34 to 0.78 of the loss they began with."""
    small = {"longest": 2, "batch": 8, "hidden_size": 32, "slots": 6, "width": 8, "tests": 2}
    losses, _ = train_copy(2, 60, lr=5e-3, **small, **options)
    assert falls(losses, 0.9)


def test_pondering_learns_something_about_parity():
    """Seeds 0 to 3 reached 0.17 to 0.24."""
    small = {"size": 3, "hidden_size": 32, "batch": 32, "max_steps": 4, "tests": 20}
    losses, found = train_parity(0, 200, lr=1e-2, **small)
    assert falls(losses, 0.5) and 1 <= found["ponder steps"] <= 4


def test_a_programmer_learns_something_about_sums():
    """Seeds 0 to 3 reached 0.04 to 0.14, with noise on the gradients."""
    small = {"kinds": ("sum",), "batch": 16, "hidden_size": 16, "tests": 10}
    losses, _ = train_tables(0, 80, lr=2e-2, eta=0.01, **small)
    assert falls(losses, 0.5)


@pytest.mark.slow
def test_a_turing_machine_copies():
    _, found = train_copy(1)
    assert found["wrong bits"][6] < 0.001 and found["wrong bits"][12] < 0.05


@pytest.mark.slow
def test_pondering_finds_parity():
    _, found = train_parity(0)
    assert found["wrong"] < 0.1 and found["ponder steps"] > 1.5


@pytest.mark.slow
def test_a_programmer_writes_programs_that_sum_and_count():
    _, found = train_tables(0, 2000, kinds=("sum", "count_greater"))
    assert found["hard"] > 0.95
