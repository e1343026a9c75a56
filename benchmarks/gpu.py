"""Test and measure on a GPU within minutes: `benchmarks/gpu.sh`, which says how.

usage: python benchmarks/gpu.py [--dry-run] [--seconds N] [OUT]

Every part is a process of its own with a limit; what hangs or dies costs what it was about, and the
part goes on behind it.  OUT/gpu.json holds at any moment all that is known.
"""

import argparse
import os
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import gpu_driver
import gpu_goals
import gpu_machine
from gpu_record import Lost, Record, run_cases

ROOT = Path(__file__).parent.parent
CASE = 40  # seconds that one case or one test may take
LAST = 6  # seconds kept for the end
SECONDS = 465
LOST = 3  # the status of a process whose GPU answers no more


class Part(NamedTuple):
    """Seconds it may take, and what it runs: cases of gpu_cases, or tests of a file."""

    limit: float
    tests: str = ""
    named: str = ""  # which tests, as pytest's -k
    at_once: int = 1  # processes, where pytest-xdist is there


PARTS = {  # the most wanted first: the time may be up before they are done
    "ceilings": Part(40),
    "test-first": Part(80, "test_graph.py", "first_cells", at_once=4),
    "native": Part(60),
    "graph": Part(100),
    "compile": Part(60),
    "variants": Part(75),
    "eager": Part(30),
    "scan": Part(40),
    "test-scan": Part(40, "test_scan.py"),
    "test-graph": Part(90, "test_graph.py", "not first_cells", at_once=6),
    "trial": Part(75),
    "persistent": Part(40),
    "test-persistent": Part(40, "test_persistent.py"),
}


def main(arguments=None):
    """Run everything; the status is 0 where nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "_build" / "gpu")
    parser.add_argument("--dry-run", action="store_true", help="tiny, on the CPU, in seconds")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for everything")
    parser.add_argument("--work", help=argparse.SUPPRESS)  # the parts that this process measures
    given = parser.parse_args(arguments)
    record = Record(given.out)
    if given.work:
        return work(given.work.split(","), record, given.dry_run)
    found = drive(record, given.dry_run, given.seconds)
    for line in gpu_goals.table(found):
        print(line)
    print(f"\nwritten: {record.path}")
    return int(went_wrong(found))


def drive(record, dry, seconds):
    """Every part in its turn until the time is up; then the goals.  Returns all of it."""
    start = time.monotonic()
    record.path.unlink(missing_ok=True)
    seed = os.environ.get("UNROLLED_SEED") or str(int(time.time()))
    record.update(dry_run=dry, seed=int(seed))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for job in dry_jobs(record) if dry else jobs(record):
            print(f"\n== {', '.join(job.names)}", flush=True)
            environment = {
                "UNROLLED_SEED": seed,
                "UNROLLED_GPU_TEST_SECONDS": str(CASE),
                "UNROLLED_GPU_LOG": str(getattr(job.log, "path", "")),
            }
            left = start + seconds - LAST - time.monotonic()
            gpu_driver.run_job(job, record, left, environment, lost=LOST, after=clocks)
    finally:
        found = record.read()
        found |= {"goals": gpu_goals.goals(found), "seconds": round(time.monotonic() - start, 1)}
        record.write(found)
    return found


def clocks():
    """What a part leaves the GPU at."""
    return {"clocks": gpu_machine.clocks()}


def jobs(record):
    """One process for each part."""
    for name, part in PARTS.items():
        if part.tests:
            log = gpu_driver.TestLog(record, name)
            yield gpu_driver.Job([name], pytest(part), part.limit, log)
        elif name == "trial":
            log = gpu_driver.TrialLog(record)
            yield gpu_driver.Job([name], trial(part.limit - LAST), part.limit, log, log.path)
        else:
            log = gpu_driver.CaseLog(record, [name])
            yield gpu_driver.Job([name], worker(record, [name]), part.limit, log)


def dry_jobs(record):
    """All cases in one process; the tests are listed, not run."""
    names = [name for name, part in PARTS.items() if not part.tests and name != "trial"]
    log = gpu_driver.CaseLog(record, names)
    yield gpu_driver.Job(names, [*worker(record, names), "--dry-run"], 120, log)
    log = gpu_driver.TestLog(record, "tests")
    yield gpu_driver.Job(["tests"], [*pytest(Part(0)), "-q", "--collect-only"], 60, log)


def worker(record, names):
    """The command that measures parts."""
    return [sys.executable, __file__, "--work", ",".join(names), record.path.parent]


def trial(seconds):
    """The command that tries the persistent kernel, each cell in a process with a watchdog."""
    module = "course_utils.torch_nn.gpu.persistent_trial"
    return [sys.executable, "-m", module, "--seconds", seconds, "--limit", CASE, "--at-once", 6]


def pytest(part):
    """The command that runs tests of tests/gpu, and reads no conftest.py above it."""
    folder = ROOT / "tests" / "gpu"
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-q", "-p", "no:cacheprovider"]
    command += ["-W", "default", f"--rootdir={ROOT}", f"--confcutdir={folder}"]
    command += ["-k", part.named] if part.named else []
    if part.at_once > 1 and find_spec("xdist"):
        command += ["-n", part.at_once]
    return [*command, folder / part.tests]


def work(names, record, dry):
    """Measure parts in this process."""
    import gpu_cases
    import gpu_clock
    import torch

    if not record.read()["machine"]:
        record.update(machine=gpu_machine.machine(dry))
    clock = gpu_clock.Cpu() if dry else gpu_clock.Cuda()
    torch.set_num_threads(1 if dry else torch.get_num_threads())
    trial = {"passed": True} if dry else record.read().get("trial")
    parts = gpu_cases.parts(gpu_cases.DRY if dry else gpu_cases.REAL, clock, trial)
    try:
        with gpu_cases.interpreted(dry):
            for name in names:
                run_cases(record, name, parts[name], limit=CASE, healthy=clock.healthy)
    except Lost as error:
        print(error, file=sys.stderr)
        return LOST
    return 0


def went_wrong(found):
    """Whether a part did not end, a test failed, or a row is an error."""
    return (
        any(part["status"] != "done" for part in found["parts"].values())
        or any(tests["failed"] for tests in found["tests"].values())
        or any("error" in row for row in found["cases"])
    )


if __name__ == "__main__":
    sys.exit(main())
