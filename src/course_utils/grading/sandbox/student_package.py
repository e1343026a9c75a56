"""The part of the package that students' code may see: no solutions, references or graders.

An exercise names the rooms it needs besides the student side of ``grading`` ("shapes",
"figures"); everything else is simply not there.
"""

import shutil
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
STUDENT_SIDE = (
    "__init__.py",
    "grading/__init__.py",
    "grading/student.py",
    "grading/bundle.py",
    "grading/compare.py",
    "shapes.py",
    "files.py",
)
OPEN_ROOMS = ("shapes", "equations", "figures", "tasks", "counting", "kernels")


def write_student_package(folder, rooms=()):
    """Write the student-facing package to ``folder/course_utils``; returns folder."""
    unknown = set(rooms) - set(OPEN_ROOMS)
    if unknown:
        raise ValueError(f"rooms: {sorted(unknown)} may not be shown; open: {OPEN_ROOMS}")
    for name in STUDENT_SIDE:
        target = folder / "course_utils" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / name, target)
    for room in rooms:
        if (PACKAGE / room).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            target = folder / "course_utils" / room
            shutil.copytree(PACKAGE / room, target, ignore=ignore, dirs_exist_ok=True)
        else:
            shutil.copyfile(PACKAGE / f"{room}.py", folder / "course_utils" / f"{room}.py")
    return folder


def closed_rooms(rooms):
    """Rooms of this package that answers cannot import when they are graded."""
    top = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").is_file()}
    top |= {p.stem for p in PACKAGE.glob("*.py") if p.stem != "__init__"}
    opened = {name.split("/")[0].removesuffix(".py") for name in STUDENT_SIDE} | set(rooms)
    return {f"course_utils.{name}" for name in top - opened}
