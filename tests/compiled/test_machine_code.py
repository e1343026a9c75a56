"""Machine code keeps the laws of generated code, for every cell: ``test_layer`` has it uncompiled.

By default for the cells of ``QUICK``, among the slow tests for all in float32, and in float64 for
the first of each kind of program.
"""

import numpy as np
import pytest
import workers
from generated import DTYPES, LAWS, as_type
from kinds import PROGRAMS
from problems import KEYS, make

from course_utils.compiled.code import code

QUICK = ("lstm", np.float32), ("clockwork", np.float32), ("lru", np.float64)
RUNS = [
    pytest.param(
        key, dtype, id=f"{key}-{dtype.__name__}",
        marks=[] if (key, dtype) in QUICK else [pytest.mark.slow],
    )
    for key in KEYS for dtype in DTYPES
    if dtype is np.float32 or key in PROGRAMS
]  # fmt: skip


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """One folder for the whole run: what all cells have is compiled once."""
    monkeypatch.setenv("COURSE_CACHE", str(workers.common_folder(tmp_path_factory, "compiled")))


@pytest.mark.parametrize(("key", "dtype"), RUNS)
def test_machine_code_keeps_every_law(key, dtype):
    """All laws in one test: to compile a cell takes longer than they do."""
    p = as_type(make(key), dtype)
    for law in LAWS:
        try:
            law(p)
        except AssertionError as error:
            raise AssertionError(f"{law.__name__}: {error}") from None
    made = code(key, dtype)
    assert not made.plain
    kinds = {name: len(function.nopython_signatures) for name, function in made.call.items()}
    assert set(kinds.values()) == {1}, f"compiled anew for other arguments: {kinds}"
