"""Compiled layers run their source as plain Python here; a test that wants machine code says so."""

import pytest

from course_utils import compiled


@pytest.fixture(autouse=True)
def _plain():
    with compiled.uncompiled():
        yield
