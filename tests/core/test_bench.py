"""`make bench`: measures, prints, and writes one file named after the processor."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*.json"))


@pytest.mark.slow
def test_a_quick_run_writes_the_machine_and_what_was_measured(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "bench.py", "--quick", "--out", tmp_path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    found = json.loads(path.read_text("utf-8"))
    assert set(found["speed_growth"]["fit"]) == {"readable", "fast", "torch"}
    assert {"cpu", "blas", "environment", "threads", "versions", "load"} <= set(found["machine"])
    assert found["imports"]["course_utils"] < found["imports"]["torch"]
    row = found["speed_cells"]["cells"]["lstm"][0]
    assert {"readable", "fast", "torch"} < set(row["seconds"]) and row["floor"] > 0
    assert {goal["met"] for goal in found["goals"]} <= {True, False} and len(found["goals"]) >= 5
    for text in ("readable/fast", "Goals", "us a step", "The ladder, small", str(path)):
        assert text in done.stdout


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_what_is_committed_was_measured_in_full(path):
    found = json.loads(path.read_text("utf-8"))
    assert {row["size"][0] for row in found["speed_cells"]["cells"]["lstm"]} == {
        25,
        35,
        100,
        784,
        50,
    }
    assert found["machine"]["threads"] == 1
