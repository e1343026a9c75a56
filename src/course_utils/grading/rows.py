"""From records to a class's rows: whose each is, how late, what a person changed, what to look at.

Records stay as the grader wrote them.  Everything here is computed anew from them, the roster, the
policy and the adjustments, each time that results are written.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from course_utils.grading.adjust import load_adjustments
from course_utils.grading.pick import saved, turn
from course_utils.grading.policy import Policy, load_policy
from course_utils.grading.records import Record
from course_utils.grading.roster import Roster, load_roster, plain
from course_utils.grading.similar import likeness

NO_TIMES = (
    "policy: nothing says when anybody handed in, so nothing is taken off for lateness; "
    'times = "files" takes the times of the files'
)
UNGRADED = ("unreadable", "failed")


@dataclass
class Row:
    """One submission as every table and export shows it.

    late: days late, None where nothing is known; adjusted: the score after lateness and changes by
    hand, None where neither touched it; counts: False where another submission of the same student
    counts; flags: what a person should look at.
    """

    record: Record
    student: object = None
    sender: object = None
    submitted: datetime | None = None
    late: float | None = None
    adjusted: float | None = None
    counts: bool = True
    notes: list = field(default_factory=list)
    flags: list = field(default_factory=list)

    @property
    def final(self):
        """The score to hand on: None where nothing was graded and nobody set one."""
        if self.adjusted is not None:
            return self.adjusted
        return None if self.record.status in UNGRADED else self.record.score

    @property
    def who(self):
        """The student's name where it is known, else what the download says."""
        return self.student.label if self.student else self.sender.name if self.sender else ""

    @property
    def called(self):
        """What a person calls this row: its student, else the submission's name."""
        return self.who or self.record.submission

    def told(self):
        """The record as its student reads it: with the score that counts, and why it differs."""
        score = self.record.score if self.adjusted is None else self.adjusted
        return replace(self.record, score=score, notes=[*self.record.notes, *self.notes])

    def remarks(self):
        """All that is to be said about a row: the record's notes, ours, and the flags."""
        review = [f"{key}: {', '.join(q.review)}" for key, q in self.record.questions.items()
                  if q.review]  # fmt: skip
        said = [*self.record.notes, *self.notes, *review, *self.flags]
        return list(dict.fromkeys(note.removesuffix(".") for note in said))  # joined by semicolons


@dataclass
class Course:
    """What an instructor brings along: the roster, the policy, changes by hand."""

    roster: Roster = field(default_factory=Roster)
    policy: Policy = field(default_factory=Policy)
    adjustments: list = field(default_factory=list)


def read_course(exercise, out, roster=None, policy=None, adjust=None):
    """The `Course` of these files; ``out/adjustments.csv`` is taken where there is one."""
    usual = out / "adjustments.csv"
    adjust = adjust or (usual if usual.is_file() else None)
    return Course(
        load_roster(roster) if roster else Roster(),
        load_policy(policy) if policy else Policy(),
        load_adjustments(adjust, exercise) if adjust else [],
    )


@dataclass
class Klass:
    """All rows of a run, who handed in nothing, what was left out, what names nobody."""

    rows: list
    missing: list = field(default_factory=list)
    left_out: list = field(default_factory=list)
    complaints: list = field(default_factory=list)


def klass(exercise, entries, records, course, left_out=()):
    """The `Klass` of the entries that have a record; records: {entry's name: Record}."""
    rows, students = [], set()
    for entry in entries:
        student, doubt = course.roster.find(entry)
        students.add(student)
        if entry.name not in records:
            continue
        row = Row(records[entry.name], student, next(iter(entry.senders), None))
        row.notes += [doubt] if doubt else []
        if course.roster.students and student is None and not doubt:
            row.flags.append("nobody on the roster fits this name")
        row.submitted = submitted(entry, course.policy)
        rows.append(row)
    complaints = adjust(rows, course, exercise)
    if course.policy.deadline and rows and not any(row.submitted for row in rows):
        complaints.append(NO_TIMES)
    choose(rows, course.policy)
    for name, flags in likeness(exercise, [row.record for row in rows]).items():
        next(row for row in rows if row.record.submission == name).flags.extend(flags)
    missing = [s for s in course.roster.students if s not in students]
    return Klass(rows, missing, list(left_out), complaints)


def submitted(entry, policy):
    """When an entry was handed in: what the download says, else the file's time if so agreed."""
    for sender in entry.senders:
        if sender.submitted is not None:
            return sender.submitted
    if policy.times == "files" and entry.path is not None:
        when = saved(entry.path)
        return datetime.fromtimestamp(when, UTC) if when else None
    return None


def adjust(rows, course, exercise):
    """Lateness and changes by hand, into the rows; complaints about changes that fit no row."""
    by_key, complaints = defaultdict(list), []
    for row in rows:
        for key in {row.record.submission, *(row.student.keys() if row.student else ()), row.who}:
            by_key[plain(key)].append(row)
    changes = defaultdict(list)
    for change in course.adjustments:
        fitting = by_key.get(plain(change.submission), [])
        fitting = [r for r in fitting if r.record.submission == change.submission] or fitting
        if not fitting:
            complaints.append(f"adjustments: no submission fits {change.submission!r}")
        for row in fitting:
            changes[id(row)].append(change)
    for row in rows:
        settle(row, changes[id(row)], course.policy.of(row.student))
    return complaints


def settle(row, changes, policy):
    """The late days and the adjusted score of one row."""
    record, score = row.record, 0.0
    for key, question in record.questions.items():
        points = question.points
        for change in (c for c in changes if c.question == key):
            points = change.apply(points)
        score += points
    days, share = policy.days(row.submitted), 1.0
    if days is None and row.sender is not None and row.sender.late:
        row.notes.append("The download marks this as late; how late is not known: nothing is off.")
    elif days is not None:
        row.late, share = days, policy.share(days)
        late = f"{days} day{'s' * (days != 1)} late"
        if share < 1:
            row.notes.append(f"{late}: {share:.0%} of the points count.")
        elif days:
            row.notes.append(f"{late}, within the free late days.")
    whole = [c for c in changes if not c.question]
    row.notes += [change.said() for change in changes]
    if changes or (share < 1 and record.status not in UNGRADED):
        score *= share
        for change in whole:
            score = change.apply(score)
        row.adjusted = round(max(0.0, score), 4)


def choose(rows, policy):
    """Of several submissions of one student, mark those that do not count."""
    same = defaultdict(list)
    for row in rows:
        if row.student is not None:
            same[row.student].append(row)
        elif row.sender is not None and (row.sender.email or row.sender.user_id):
            same[row.sender.system, row.sender.email or row.sender.user_id].append(row)
    for mine in (group for group in same.values() if len(group) > 1):
        best = max(mine, key=lambda row: worth(row, policy.counts))
        for row in mine:
            if row is not best:
                row.counts = False
                row.notes.append(f"Handed in again: {best.record.submission} counts.")


def worth(row, counts):
    """The order among one student's submissions; the one to be counted comes last."""
    when = row.submitted.timestamp() if row.submitted else 0.0
    attempt = row.sender.attempt if row.sender else 0
    order = (when, attempt, turn(row.record.submission)[1], row.record.submission)
    if counts == "best":
        return (row.final if row.final is not None else -1.0, *order)
    if counts == "first":
        return (row.final is not None, -when, -attempt)
    return (row.final is not None, *order)
