"""Late days and resubmissions: a small file in TOML or YAML, checked when it is read.

    deadline = 2027-01-15T23:59:00+01:00
    grace_minutes = 10           # this late is not late
    late_days = 3                # free days a student may use on this exercise
    penalty = 0.1                # share of the points lost for each day after those
    most_days = 7                # later than this: no points; without it, always some
    counts = "last"              # of several submissions: "last", "best" or "first"
    times = "download"           # "files": where a download says no time, use the file's

    [students."ada@x.edu"]       # by email, number, login or name, as in the roster
    deadline = 2027-01-20
    late_days = 5

A day without an hour ends at its last second, a time without a zone is UTC.
"""

import math
import tomllib
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading.roster import letters, plain
from course_utils.grading.systems import moment

COUNTS = ("last", "best", "first")
TIMES = ("download", "files")


@dataclass(frozen=True)
class Policy:
    """The rules of one exercise; students: {key: those that differ for one person}."""

    deadline: datetime | None = None
    grace_minutes: float = 0
    late_days: float = 0
    penalty: float = 0
    most_days: float | None = None
    counts: str = "last"
    times: str = "download"
    students: dict = field(default_factory=dict)

    def of(self, student):
        """The policy for one student (None: nobody known)."""
        for key in [*student.keys(), student.name] if student else []:
            for name, own in self.students.items():
                if plain(name) == plain(key) or letters(name) == letters(key):
                    return replace(self, **own)
        return self

    def days(self, submitted):
        """Whole days begun after the deadline; 0 in time, None where one of both is unknown."""
        if self.deadline is None or submitted is None:
            return None
        over = submitted - self.deadline - timedelta(minutes=self.grace_minutes)
        return max(0, math.ceil(over / timedelta(days=1)))

    def share(self, days):
        """What part of the points is left after so many days."""
        if not days:
            return 1.0
        if self.most_days is not None and days > self.most_days:
            return 0.0
        return max(0.0, 1 - self.penalty * max(0, days - self.late_days))


def load_policy(path):
    """The `Policy` of a .toml, .yaml or .yml file; UserError names what is wrong with it."""
    path = Path(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        raw = from_yaml(path)
    elif path.suffix.lower() == ".toml":
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise UserError(f"--policy: {path}: {error}") from None
    else:
        raise UserError(f"--policy: {path} must end in .toml, .yaml or .yml")
    if not isinstance(raw, dict):
        raise UserError(f"--policy: {path} holds no settings")
    people = raw.pop("students", {}) or {}
    if not isinstance(people, dict) or not all(isinstance(v, dict) for v in people.values()):
        raise UserError(f"--policy: {path}: students must name persons with settings of their own")
    own = {str(k): checked(path, v, ("deadline", "late_days", "penalty", "most_days")) for k, v in
           people.items()}  # fmt: skip
    known = [f.name for f in fields(Policy) if f.name != "students"]
    return Policy(**checked(path, raw, known), students=own)


def from_yaml(path):
    """The settings of a YAML file."""
    import yaml

    try:
        return yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, or the 32nd of a month
        raise UserError(f"--policy: {path}: {error}") from None


def checked(path, raw, known):
    """Settings by name, each of its kind."""
    settings = {}
    for name, value in raw.items():
        if name not in known:
            raise UserError(f"--policy: {path}: {name} is unknown; know {', '.join(known)}")
        if name == "deadline":
            wanted, value = "a date, or a date and time", moment(value)
        elif name in ("counts", "times"):
            choices = COUNTS if name == "counts" else TIMES
            wanted, value = f"one of {', '.join(choices)}", value if value in choices else None
        else:
            wanted, value = "a number from 0", amount(value)
        if value is None:
            raise UserError(f"--policy: {path}: {name} must be {wanted}, not {raw[name]!r}")
        if name == "penalty" and value > 1:
            raise UserError(f"--policy: {path}: penalty is a share of the points, from 0 to 1")
        settings[name] = value
    return settings


def amount(value):
    """A finite number that is not negative, or None."""
    plain_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if plain_number and math.isfinite(value) and value >= 0 else None
