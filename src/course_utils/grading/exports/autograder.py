"""A zip that makes Gradescope grade by itself, and what runs there.

"Autograder Specifications" (gradescope-autograders.readthedocs.io, specs): ``setup.sh`` and
``run_autograder`` at the root of the zip, which is unpacked to /autograder/source; a submission
lies in /autograder/submission, the result goes to /autograder/results/results.json.  When nothing
could be graded by a fault of ours, no result is written: Gradescope then reports a failed
autograder, not a zero.
"""

import contextlib
import io
import json
import os
import sys
import zipfile
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading.exports.gradescope import result
from course_utils.grading.files import write

PACKAGE = Path(__file__).parents[2]
LEFT_AT_HOME = ("ledger/results/", "__pycache__/", "figures/assets/")
NEEDED = ("numpy", "nbformat", "nbval", "pytest", "ipython", "PyYAML")
SETUP = """#!/usr/bin/env bash
# Run once, as root, when Gradescope builds the image: Python 3.11 or later and the libraries.
set -euo pipefail
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" > /dev/null &&
        "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'; then
        python="$candidate"
        break
    fi
done
if [ -z "${python:-}" ]; then
    apt-get update
    apt-get install -y python3.11 python3.11-venv
    python=python3.11
fi
"$python" -m venv /autograder/venv
/autograder/venv/bin/python -m pip install --no-cache-dir -r /autograder/source/requirements.txt
chmod -R go-rwx /autograder/source
"""
RUN = """#!/usr/bin/env bash
# Run for every submission.  AUTOGRADER and COURSE_PYTHON are for trying it elsewhere.
set -euo pipefail
root="${AUTOGRADER:-/autograder}"
python="${COURSE_PYTHON:-$root/venv/bin/python}"
export PYTHONPATH="$root/source" OMP_NUM_THREADS=1
exec "$python" -m course_utils.grading.exports.autograder "$root"
"""


def autograder_zip(exercise, solution, target):
    """Write the zip for one exercise to ``target``; it holds the solution: give it to nobody."""
    files = {
        "setup.sh": SETUP,
        "run_autograder": RUN,
        "requirements.txt": requirements(exercise),
        f"solutions/{exercise.part}/{exercise.name}.ipynb": Path(solution).read_text("utf-8"),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, (2027, 1, 1, 0, 0, 0))
            runs = name in ("setup.sh", "run_autograder")
            info.external_attr = (0o755 if runs else 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
        for path in sorted(PACKAGE.rglob("*")):
            name = path.relative_to(PACKAGE).as_posix()
            if path.is_file() and not any(part in name for part in LEFT_AT_HOME):
                archive.write(path, f"course_utils/{name}")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_bytes(stream.getvalue())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def requirements(exercise):
    """What the grader and the exercise import, in the versions of this machine."""
    known, lines = distributions(), []
    loaded = [name for module in exercise.preload for name in known.get(module, [module])]
    for name in dict.fromkeys([*NEEDED, *loaded]):
        with contextlib.suppress(metadata.PackageNotFoundError):
            lines.append(f"{name}=={metadata.version(name).partition('+')[0]}")
    return "\n".join(lines) + "\n"


distributions = lru_cache(metadata.packages_distributions)  # module -> what pip installs it by


def main(root="/autograder"):
    """Grade root/submission by the solution in root/source; write root/results/results.json."""
    from course_utils.grading.batch import grade_class
    from course_utils.grading.files import scratch

    root = Path(root)
    (solution,) = (root / "source" / "solutions").glob("*/*.ipynb")
    options = {"jobs": 1, "unsandboxed": True, "whole": True}
    (row,) = grade_class(root / "submission", solution, scratch("autograder"), options).rows
    if row.record.status == "failed":
        raise UserError(row.record.reason)
    results = result(row)
    if row.record.sandbox == "unsandboxed":
        print("UNSANDBOXED: this image allows no isolation; see the instructors' page")
    write(root / "results" / "results.json", json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
