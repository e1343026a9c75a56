"""A limit of time ends what it stands around, whatever the code inside does with the alarm."""

import signal
import time

import pytest

from course_utils.grading import guard
from course_utils.grading.guard import Overdue, time_limit

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms here")


def wait():
    """Longer than any limit here."""
    time.sleep(20)


def test_an_alarm_that_was_swallowed_rings_again(monkeypatch):
    monkeypatch.setattr(guard, "AGAIN_S", 0.05)
    with pytest.raises(Overdue), time_limit(0.05):
        for _ in range(2):
            try:
                wait()
            except Overdue:  # as a library's callback does
                continue
        wait()


def test_an_inner_limit_leaves_the_outer_one_standing():
    with pytest.raises(Overdue, match=r"0\.2 s"), time_limit(0.2):
        with time_limit(30):
            pass
        wait()


def test_an_outer_limit_that_ran_out_inside_is_noticed_outside():
    with pytest.raises(Overdue, match=r"0\.05 s"), time_limit(0.05):
        with time_limit(30):
            time.sleep(0.1)
        wait()


def test_nothing_rings_afterwards():
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(20):
        pass
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
