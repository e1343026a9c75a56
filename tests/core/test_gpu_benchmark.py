"""benchmarks/gpu.sh: what hangs, dies or fails costs itself alone; and all of it once, dry."""

import fcntl
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))

import gpu_driver  # noqa: E402
import gpu_goals  # noqa: E402
from gpu_record import Lost, Missing, Record, run_cases  # noqa: E402

RESULTS = sorted((BENCHMARKS / "results" / "gpu").glob("*.json"))

SPOKEN = "import sys; sys.path.insert(0, sys.argv[1]); import gpu_record as r, os, time; "
CASES = (
    "record = r.Record(sys.argv[2]);"
    "cases = {'good': lambda: [{'ms': 1.0}], 'bad': lambda: 1 / 0,"
    " 'hung': lambda: time.sleep(999), 'dead': lambda: os._exit(5), 'late': lambda: [{'ms': 2.0}]};"
    "r.run_cases(record, 'part', cases, limit=4)"
)


def raises(error):
    raise error


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path)


def rows(record):
    return {row["case"]: row for row in record.read()["cases"]}


def test_a_case_that_raises_is_a_row_and_the_others_stand(record):
    cases = {
        "one": lambda: [{"ms": 1.0}, {"ms": 2.0}],
        "two": lambda: raises(ValueError("a\n\nreason")),
        "three": lambda: raises(Missing("no kernel")),
        "four": lambda: [{"ms": float("nan"), "low": 1.0}],
    }
    run_cases(record, "part", cases, limit=60)
    found = record.read()
    assert [row.get("ms") for row in found["cases"]] == [1.0, 2.0, None, None, None]
    assert rows(record)["two"]["error"] == "ValueError: a reason"
    assert rows(record)["three"]["missing"] == "no kernel"
    assert "ms is nan" in rows(record)["four"]["error"]
    assert found["parts"]["part"]["running"] is None
    run_cases(record, "part", cases, limit=60)  # what is known is not measured again
    assert record.read() == found


def test_a_gpu_that_answers_no_more_ends_the_process_but_not_what_was_found(record):
    cases = {"one": lambda: [{"ms": 1.0}], "two": lambda: [{"ms": 2.0}]}
    with pytest.raises(Lost):
        run_cases(record, "part", cases, limit=60, healthy=lambda: False)
    assert list(rows(record)) == ["one"]


def test_what_hangs_or_takes_the_process_along_costs_itself_alone(record):
    command = [sys.executable, "-c", SPOKEN + CASES, BENCHMARKS, record.path.parent]
    job = gpu_driver.Job(["part"], command, 600, gpu_driver.CaseLog(record, ["part"]))
    gpu_driver.run_job(job, record, 600, {})
    found = rows(record)
    assert [found[name].get("ms") for name in ("good", "late")] == [1.0, 2.0]
    assert "ZeroDivisionError" in found["bad"]["error"]
    assert "status 1" in found["hung"]["error"] and "status 5" in found["dead"]["error"]
    assert record.read()["parts"]["part"]["status"] == "done"


def test_a_part_that_hangs_is_stopped_with_its_children_and_the_next_one_runs(record):
    lock = record.path.with_name("lock")
    child = f"import fcntl, time; f = open({str(lock)!r}, 'w'); fcntl.flock(f, 2); time.sleep(3600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    jobs = {
        "hangs": ([sys.executable, "-c", parent], 1),
        "fails": ([sys.executable, "-c", "raise SystemExit(7)"], 300),
        "works": ([sys.executable, "-c", ""], 300),
        "late": ([sys.executable, "-c", ""], 1e-3),
    }
    for name, (command, limit) in jobs.items():
        job = gpu_driver.Job([name], command, limit, gpu_driver.CaseLog(record, [name]))
        gpu_driver.run_job(job, record, 300, {}, worth_it=1e-2)
    assert unlocked(lock)  # the grandchild has ended too
    status = {name: part["status"] for name, part in record.read()["parts"].items()}
    assert status["hangs"].startswith("stopped after") and status["fails"] == "failed, status 7"
    assert status["works"] == "done" and status["late"] == "not run: the time was up"


def test_tests_that_began_and_did_not_end_have_failed(record):
    log = gpu_driver.TestLog(record, "tests")
    lines = [("a", "started"), ("a", "passed"), ("b", "started"), ("c", "started"), ("c", "failed")]
    text = [json.dumps({"test": t, "outcome": o, "why": "because"}) for t, o in lines]
    log.path.write_text("\n".join(text) + "\n", "utf-8")
    assert log.died("a reason") and not log.died("again")
    log.collect()
    found = record.read()["tests"]["tests"]
    assert found["passed"] == 1
    assert found["failed"] == [
        {"test": "b", "why": "a reason"}, {"test": "c", "why": "because"},
    ]  # fmt: skip


def test_what_runs_side_by_side_is_left_when_its_time_is_over():
    assert gpu_driver.side_by_side(time.sleep, [3600], 1, 0.3) == []
    assert sorted(gpu_driver.side_by_side(abs, [-1, -2], 2, 300)) == [1, 2]


def unlocked(path, tries=2000):
    with path.open("w") as file:
        for _ in range(tries):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                time.sleep(0.05)
    return False


def timed(part, case, ms, **facts):
    return {"part": part, "case": case, "ms": ms, "pass_": "training"} | facts


def test_goals_are_decided_by_the_worst_case_against_the_best_setting():
    lstm = {"cell": "lstm"}
    cases = [
        timed("graph", "small", 3.0, way="graph", format="bf16", **lstm),
        timed("graph", "small", 9.0, way="graph", format="tf32", **lstm),
        timed("graph", "small", 2.0, way="cudnn", format="fp16", **lstm),
        timed("graph", "large", 4.0, way="graph", format="bf16", **lstm),
        timed("graph", "large", 4.0, way="cudnn", format="bf16", **lstm),
        timed("variants", "lstm_fgr", 3.3, cell="lstm_fgr", way="graph"),
        timed("variants", "lstm_fgr", 1.0, way="graph", **lstm),  # 3.25 times the products
        timed("variants", "lstm_cifg", 1.2, cell="lstm_cifg", way="graph"),
        timed("variants", "lstm_cifg", 1.0, way="graph", **lstm),
        timed("scan", "float32", 1.0, what="forward", gb_s=3000.0),
        timed("scan", "float32", 1.0, what="copy", gb_s=4000.0),
        {"part": "eager", "case": "gru", "error": "a reason"},
    ]
    found = {"cases": cases, "machine": {"data_sheet_gb_s": 5000}, "dry_run": False}
    goals = gpu_goals.goals(found)
    assert [(g["here"] and round(g["here"], 3), g["met"]) for g in goals] == [
        (1.5, True), (1.2, False), (None, "not measured"), (0.75, True), (0.6, False),
        (None, "not measured"),
    ]  # fmt: skip
    assert "small" in goals[0]["where"] and "lstm_cifg" in goals[1]["where"]
    assert {g["met"] for g in gpu_goals.goals(found | {"dry_run": True})} == {gpu_goals.DRY}


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_what_is_committed_was_measured_on_a_gpu_and_its_goals_follow_from_it(path):
    found = json.loads(path.read_text("utf-8"))
    assert not found["dry_run"] and found["machine"]["architecture"] and found["machine"]["sources"]
    assert gpu_goals.goals(found) == found["goals"]


@pytest.mark.slow
def test_a_dry_run_measures_every_case_and_lists_the_tests(tmp_path):
    done = subprocess.run(
        [BENCHMARKS / "gpu.sh", "--dry-run", tmp_path], capture_output=True, text=True
    )
    found = json.loads((tmp_path / "gpu.json").read_text("utf-8"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert [row for row in found["cases"] if "error" in row] == []
    for part in found["parts"]:
        assert part == "tests" or any(row["part"] == part for row in found["cases"]), part
    ways = {(row.get("way"), row.get("pass_")) for row in found["cases"] if "ms" in row}
    for way in ("cudnn", "graph", "scan", "eager"):
        assert {(way, "training"), (way, "forward")} <= ways
    numbers = [row[k] for row in found["cases"] for k in ("ms", "low", "high") if "ms" in row]
    assert len(numbers) > 100 and all(0 < n < 1e6 for n in numbers)
    assert {"torch", "triton", "commit", "sources", "device"} <= found["machine"].keys()
    assert {goal["met"] for goal in found["goals"]} == {gpu_goals.DRY}
    assert found["tests"]["tests"]["listed"] > 100
    assert str(tmp_path / "gpu.json") in done.stdout
    assert done.stdout in (tmp_path / "log.txt").read_text("utf-8")
