"""Grade the same class by this course, by nbgrader and by plain nbval, side by side.

usage: python benchmarks/grading.py [--batch N] [--torch-batch N] [--large N] [--otter]
                                    [--fresh] [--large-only] [--out FOLDER]

A run that was stopped goes on when it is started again, as long as neither this script nor the
package has changed.  --large-only grades the large batch on two cores, prints the time and writes
nothing.

One worker each, one thread each, turn by turn in one run; CPU seconds of a command and of all its
descendants, for one submission in a batch of 100 (a smaller --batch is taken to 100 by the cost of
a batch of one).  The others are installed by this script, from PyPI, into
environments of their own below _build/bench; NumPy and torch they share with this one, so that the
libraries are the same.  Ours runs each notebook three times, in a sandbox; theirs once, without.
"""

import argparse
import contextlib
import csv
import ctypes
import datetime
import hashlib
import json
import os
import platform
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
import venv
from importlib import metadata
from pathlib import Path

import grading_notebooks as notebooks

from course_utils.grading.exercise import load

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "_build" / "bench"
PARTIAL = PLACE / "partial.json"
LSTM = ROOT / "solutions" / "lstm" / "lstm_step.ipynb"
ANSWER = re.compile(r"(# === ANSWER \w+ ===)")
INSTALL = {
    "nbval": ["nbval==0.11.0", "ipykernel==7.4.0", "pytest==9.2.0"],
    "nbgrader": ["nbgrader==0.9.6"],
    "otter": ["otter-grader==7.0.0", "ipykernel==7.4.0"],
}
INSTALL_S = {"nbval": 600, "nbgrader": 1200, "otter": 600}
SHARED = ("numpy", "torch", "torchgen", "typing_extensions", "sympy", "mpmath", "networkx")
SHARED += ("fsspec", "filelock", "jinja2", "markupsafe", "setuptools")
RUNS = {"ours": 3, "nbgrader": 1, "nbval": 1, "otter": 1}
OTTER_BATCH = 4  # it starts anew for every submission: more of them would cost as much each
CONFIG = """\
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "bench"
c.NbGraderConfig.logfile = ""
"""


def main(arguments=None):
    """Install, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=100, help="submissions a batch")
    parser.add_argument("--torch-batch", type=int, default=25, help="with PyTorch: slow elsewhere")
    parser.add_argument("--large", type=int, default=500, help="the large batch; 0: none")
    parser.add_argument("--large-only", action="store_true", help="nothing but the large batch")
    parser.add_argument("--fresh", action="store_true", help="forget what a stopped run measured")
    parser.add_argument("--otter", action="store_true", help="try to install otter-grader as well")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "grading")
    given = parser.parse_args(arguments)
    if given.fresh:
        PARTIAL.unlink(missing_ok=True)
    if given.large_only:
        large = graded_large(PLACE / "large", LSTM, given.large)
        print("{submissions} submissions, {jobs} jobs: {wall_s:.1f} s, {cpu_s:.1f} CPU s".format(
            **large))  # fmt: skip
        return
    batches = {"numpy": given.batch, "torch": min(given.batch, given.torch_batch)}
    measured = measure(batches, given.large, given.otter)
    for row in measured["rows"]:
        print("{tool:9} {notebook:6} {cpu_s:7.3f} CPU s each, {wall_s:7.3f} s".format(**row))
    for goal in measured["goals"]:
        print(f"{'met' if goal['met'] else 'MISSED':7} {goal['name']}: {goal['value']:.3g}")
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / f"{slug(measured['machine']['cpu'])}.json"
    path.write_text(json.dumps(measured, indent=1) + "\n", "utf-8")
    PARTIAL.unlink(missing_ok=True)
    print(f"written: {path}")


def measure(batches, large, with_otter=False):
    """Everything as plain values; batches: {notebook: submissions}."""
    work = PLACE / "work"
    shutil.rmtree(work, ignore_errors=True)
    installed = {tool: install(tool) for tool in ("nbgrader", "nbval", *["otter"] * with_otter)}
    solutions = {
        "numpy": LSTM,
        "torch": notebooks.torch_exercise(work / "solutions"),
    }
    rows = []
    for name, solution in solutions.items():
        for tool in ("ours", *(tool for tool, why in installed.items() if not why)):
            count = min(batches[name], OTTER_BATCH) if tool == "otter" else batches[name]
            seen = {n: once(tool, name, n, solution, work) for n in (1, count)}
            rows.append({"tool": tool, "notebook": name, "runs": RUNS[tool], **each(seen, count)})
    measured = {
        "machine": machine(),
        "batch": batches["numpy"],
        "batches": batches,
        "installed": installed,
        "counted": "all descendants" if counter() is not None else "awaited children only",
        "rows": rows,
        "check": check(solutions["numpy"], work),
    }
    if large:
        measured["large"] = graded_large(work / "large", LSTM, large)
    measured["goals"] = goals(measured)
    return measured


def once(tool, name, count, solution, work):
    """(CPU, wall seconds) of one batch; from a run that was stopped, if that had come so far."""
    key, kept = f"{tool}-{name}-{count}", partial()
    if key not in kept["seen"]:
        folder = work / key
        kept["seen"][key] = clock(*TOOLS[tool](folder, solution, count))
        proved(tool, folder, count, load(solution))
        PARTIAL.write_text(json.dumps(kept), "utf-8")
        print(f"{key}: {kept['seen'][key][0]:.1f} CPU s", flush=True)
    return kept["seen"][key]


def partial():
    """What a stopped run has measured of just this code; nothing of any other."""
    code = hashlib.sha256()
    for path in (*sorted(ROOT.glob("src/course_utils/grading/**/*.py")), Path(__file__), LSTM):
        code.update(path.read_bytes())
    fresh = {"code": code.hexdigest(), "seen": {}}
    if PARTIAL.is_file():
        kept = json.loads(PARTIAL.read_text("utf-8"))
        return kept if kept["code"] == fresh["code"] else fresh
    return fresh


def graded_large(folder, solution, count):
    """The large batch on two cores: every submission graded, every one right."""
    shutil.rmtree(folder, ignore_errors=True)
    used, wall = clock(*ours(folder, solution, count, jobs=2))
    proved("ours", folder, count, load(solution))
    return {"submissions": count, "jobs": 2, "cpu_s": used, "wall_s": wall}


def each(seen, count):
    """Seconds for one submission in a batch of 100, from batches of 1 and of ``count``.

    A batch costs a start and so much for each: with two sizes both are known.
    """
    (first, _), (used, wall) = seen[1], seen[count]
    more = (used - first) / (count - 1) if count > 1 else first
    in_100 = used / count if count >= 100 else (first + 99 * more) / 100
    return {"submissions": count, "first_cpu_s": first, "batch_cpu_s": used, "cpu_s": in_100,
            "wall_s": wall / count}  # fmt: skip


def goals(measured):
    """The issue's goals, what was seen, and whether it is enough."""
    cost = {(row["tool"], row["notebook"]): row["cpu_s"] for row in measured["rows"]}
    made = []
    for name in ("numpy", "torch"):
        mine = cost["ours", name]
        pairs = (
            ("one run, against nbgrader's", mine / 3 / cost["nbgrader", name], 0.1),
            ("one run, against nbval's", mine / 3 / cost["nbval", name], 0.25),
            ("all three runs, against nbgrader's one", mine / cost["nbgrader", name], 0.2),
        )
        pairs = [(f"{name} notebook: {what}", value, most) for what, value, most in pairs]
        made += [{"name": n, "value": v, "most": most, "met": v <= most} for n, v, most in pairs]
    check_s = measured["check"]["cpu_s"]
    made.append({"name": "course check, CPU s", "value": check_s, "most": 1, "met": check_s <= 1})
    if "large" in measured:
        large = measured["large"]
        name = f"{large['submissions']} submissions on two cores, CPU s / 2"
        half = large["cpu_s"] / 2
        most = 240 * large["submissions"] / 500
        made.append({"name": name, "value": half, "most": most, "met": half <= most})
        name, wall = name.replace("CPU s / 2", "seconds by the clock"), large["wall_s"]
        made.append({"name": name, "value": wall, "most": most, "met": wall <= most})
    return made


def ours(folder, solution, count, jobs=1):
    """(commands, environment) that grade ``count`` copies by this course."""
    spread(folder / "in", solution.read_text("utf-8"), count, "s{:03}.ipynb")
    command = [sys.executable, "-W", "ignore", "-m", "course_utils", "grade", folder / "in"]
    command += ["--assignment", solution.stem, "--solutions", solution.parent.parent]
    return [[*command, "--out", folder / "out", "--jobs", jobs]], {}


def nbgrader(folder, solution, count):
    """The same by nbgrader autograde: a course folder with one assignment."""
    text = notebooks.written_for("nbgrader", solution)
    name = f"{solution.stem}.ipynb"
    spread(folder / "source" / "hw", text, 1, name)
    spread(folder / "submitted", text, count, f"s{{:03}}/hw/{name}")
    (folder / "nbgrader_config.py").write_text(CONFIG.format(root=str(folder)), "utf-8")
    python = [PLACE / "nbgrader" / "bin" / "python", "-m", "nbgrader"]
    environment = {"JUPYTER_CONFIG_DIR": str(folder), "cwd": folder}
    run([*python, "generate_assignment", "hw"], environment)
    return [[*python, "autograde", "hw"]], environment


def nbval(folder, solution, count):
    """The same by pytest --nbval, all notebooks in one session."""
    spread(folder, notebooks.written_for("nbval", solution), count, "s{:03}.ipynb")
    command = [PLACE / "nbval" / "bin" / "python", "-m", "pytest", "--nbval", "-q"]
    return [[*command, "-p", "no:cacheprovider", folder]], {"cwd": folder}


def otter(folder, solution, count):
    """The same by otter run, which takes one submission at a time."""
    name = f"{solution.stem}.ipynb"
    spread(folder, notebooks.written_for("otter", solution), count, f"s{{:03}}/{name}")
    for key, rules in load(solution).questions.items():
        spread(folder / "tests", notebooks.otter_test(key, rules.points), 1, f"{key}.py")
    program = PLACE / "otter" / "bin" / "otter"
    run([program, "generate", "-t", "tests", "-o", "ag.zip", "--no-environment"], {"cwd": folder})
    each = ([program, "run", "-a", "ag.zip", "-o", f"s{k:03}", f"s{k:03}/{name}"] for k in
            range(count))  # fmt: skip
    return list(each), {"cwd": folder}


TOOLS = {"ours": ours, "nbgrader": nbgrader, "nbval": nbval, "otter": otter}


def proved(tool, folder, count, exercise):
    """Raise unless every submission had all its points: what fails early is quick."""
    most = count * exercise.max_score
    if tool == "ours":
        with (folder / "out" / "grades.csv").open(encoding="utf-8") as lines:
            points = sum(float(row["score"]) for row in csv.DictReader(lines))
    elif tool == "nbgrader":
        with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as book:
            points = book.execute("select sum(auto_score) from grade").fetchone()[0]
    elif tool == "otter":
        tests = [t for path in folder.glob("s*/results.json")
                 for t in json.loads(path.read_text("utf-8"))["tests"]]  # fmt: skip
        points = sum(t.get("score", 0) for t in tests)
    else:
        return  # pytest's exit code has said it
    if points != most:
        raise RuntimeError(f"{tool}: {points} points of {most}")


def check(solution, work):
    """The CPU and wall seconds of one `course check`."""
    exercise = ROOT / "exercises" / "lstm" / solution.name
    handed_in = work / "check" / solution.name
    spread(handed_in.parent, exercise.read_text("utf-8"), 1, solution.name)
    command = [sys.executable, "-W", "ignore", "-m", "course_utils", "check", handed_in]
    used, wall = clock([command], {}, expect=(0, 1))
    return {"cpu_s": used, "wall_s": wall}


def spread(folder, text, count, pattern):
    """``count`` copies of a notebook, each of its own student: no two answers are the same text."""
    for k in range(count):
        mine = ANSWER.sub(rf"\1\\n# student {k}", text)
        path = folder / pattern.format(k)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(mine, "utf-8")


def install(tool):
    """Make a tool's environment once; "" or why there is none."""
    home = PLACE / tool
    stamp = home / "installed"
    if not stamp.is_file():
        if not (home / "bin" / "python").exists():
            venv.create(home, with_pip=True, symlinks=True)
        pip = [home / "bin" / "python", "-m", "pip", "install", "-q", *INSTALL[tool]]
        try:
            subprocess.run(pip, check=True, timeout=INSTALL_S[tool])
        except subprocess.TimeoutExpired:
            return f"did not install within {INSTALL_S[tool]} s"
        except subprocess.CalledProcessError as error:
            return f"pip failed with {error.returncode}"
        share(home)
        stamp.write_text("\n".join(INSTALL[tool]), "utf-8")
    return ""


def share(home):
    """Let an environment see this one's NumPy and torch, and nothing else of it."""
    libraries = PLACE / "libraries"
    libraries.mkdir(parents=True, exist_ok=True)
    for base in (p for p in map(Path, sys.path) if p.name == "site-packages"):
        for name in SHARED:
            for path in [*base.glob(name), *base.glob(f"{name}.py"), *base.glob(f"{name}.libs")]:
                target = libraries / path.name
                if not target.exists():
                    target.symlink_to(path)
        for path in [*base.glob("torch-*.dist-info"), *base.glob("numpy-*.dist-info")]:
            if not (libraries / path.name).exists():
                (libraries / path.name).symlink_to(path)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "shared.pth").write_text(f"{libraries}\n", "utf-8")


def run(command, about, expect=(0,)):
    """Run a command on one thread; its output is shown only where it fails."""
    about = dict(about)
    where = about.pop("cwd", ROOT)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", **about}
    environment["PYTHONPATH"] = str(ROOT / "src") if command[0] == sys.executable else ""
    environment["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        [str(word) for word in command], cwd=where, env=environment, capture_output=True, text=True
    )
    if done.returncode not in expect:
        said = f"{done.stdout[-2000:]}{done.stderr[-3000:]}"
        raise RuntimeError(f"{command}: {done.returncode}\n{said}")


def clock(commands, about, expect=(0,)):
    """(CPU seconds of commands with all their descendants, wall seconds)."""
    fd, before = counter(), sum(os.times()[2:4])
    start = time.perf_counter()
    for command in commands:
        run(command, about, expect)
    wall = time.perf_counter() - start
    if fd is None:
        return sum(os.times()[2:4]) - before, wall
    used = struct.unpack("Q", os.read(fd, 8))[0] / 1e9
    os.close(fd)
    return used, wall


def counter():
    """A counter of the CPU time of this process and all processes it starts from now on, or None.

    perf_event_open(2) with ``inherit``: unlike the times that wait(2) gives, it has also those
    processes that nobody waits for, such as a sandbox's.
    """
    number = {"x86_64": 298, "aarch64": 241}.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return None
    software, task_clock, inherit = 1, 1, 1 << 1
    attributes = struct.pack("=IIQQQQQ", software, 112, task_clock, 0, 0, 0, inherit)
    buffer = ctypes.create_string_buffer(attributes, 112)
    fd = ctypes.CDLL(None, use_errno=True).syscall(number, buffer, 0, -1, -1, 0)
    return fd if fd >= 0 else None


def machine():
    """What was measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        model = re.search(r"model name\s*: (.+)", info.read_text("utf-8"))
        cpu = model[1] if model else cpu
    names = ("numpy", "torch", "nbval", "pytest", "ipython")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(),
                     **{name: metadata.version(name) for name in names}},
        "date": datetime.date.today().isoformat(),
    }  # fmt: skip


def slug(name):
    """A processor's name as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((R|TM)\)", "", name).lower()).strip("-")


if __name__ == "__main__":
    main()
