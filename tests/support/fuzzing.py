"""Hypothesis with few examples by default and many under the mark ``slow``."""

import functools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def fuzz(*strategies, few=60, many=2000):
    """Run a test on drawn values: ``few`` of them always, ``many`` where slow tests run."""

    def wrap(test):
        @functools.wraps(test)
        def run(examples):
            @settings(
                max_examples=examples,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            )
            @given(st.tuples(*strategies))
            def one(values):
                test(*values)

            one()

        del run.__wrapped__  # or pytest would ask for fixtures of the inner arguments' names
        sizes = [few, pytest.param(many, marks=pytest.mark.slow)]
        return pytest.mark.parametrize("examples", sizes)(run)

    return wrap
