"""What grading one submission found: typed here, plain JSON in ``records/<submission>.json``.

`Record.from_json` believes nothing: a file that is no record raises `RecordError`, so that whoever
resumes grades anew and whoever exports says which file is broken.
"""

import json
import math
from dataclasses import asdict, dataclass, field

STATUSES = ("graded", "partial", "unreadable", "failed")


class RecordError(ValueError):
    """JSON that is no record; the message says what is wrong with it."""


@dataclass
class PartResult:
    """One emitted value: right at every secret seed? What to say of the public and secret runs."""

    ok: bool = True
    public: str = ""
    secret: str = ""


@dataclass
class QuestionResult:
    """Points, verdicts on the parts, lines for the student, reasons for an instructor to look."""

    points: float
    max: float
    parts: dict[str, PartResult] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    review: list[str] = field(default_factory=list)

    @property
    def full(self):
        """Has it all its points?"""
        return self.points == self.max


@dataclass
class Record:
    """One submission's result; status: graded, partial, unreadable or failed.

    sandbox: the backend that ran it; submission: its name as given; file: the stem of its files
    in records/ and feedback/; key: what the result depends on (see batch.py); fingerprint: hashes
    of the answers, to be compared with others' (see similar.py).
    """

    assignment: str
    sandbox: str
    max_score: float
    questions: dict[str, QuestionResult]
    status: str = "graded"
    reason: str = ""
    score: float = 0.0
    notes: list[str] = field(default_factory=list)
    submission: str = ""
    file: str = ""
    key: str = ""
    fingerprint: dict = field(default_factory=dict)

    @classmethod
    def empty(cls, exercise, sandbox, status="graded", reason=""):
        """Nothing earned yet; ``sandbox`` is the backend's name."""
        questions = {key: QuestionResult(0.0, q.points) for key, q in exercise.questions.items()}
        return cls(exercise.name, sandbox, exercise.max_score, questions, status, reason)

    def add_up(self):
        """The score from the questions' points."""
        self.score = round(sum(q.points for q in self.questions.values()), 4)

    def to_json(self):
        """The record as text."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text):
        """The record that a text holds; anything else raises RecordError."""
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"record: not JSON ({error})") from None
        return cls.from_dict(raw)

    @classmethod
    def from_dict(cls, raw):
        """The record that plain values hold, each checked; fields that it does not know are left.

        A file from before a field existed has its default.
        """
        raw = mapping(raw, "record")
        questions = mapping(raw.get("questions"), "questions")
        fields = {
            "questions": {str(k): question_from(k, q) for k, q in questions.items()},
            "max_score": number(raw.get("max_score"), "max_score"),
            "score": number(raw.get("score", 0.0), "score"),
            "notes": texts(raw.get("notes", []), "notes"),
        }
        for name in ("assignment", "sandbox", "status", "reason", "submission", "file", "key"):
            fields[name] = text(raw.get(name, ""), name)
        fields["fingerprint"] = fingerprint_from(raw.get("fingerprint", {}))
        if fields["status"] not in STATUSES:
            raise RecordError(f"record: status is {fields['status']!r}; know {STATUSES}")
        return cls(**fields)


def question_from(key, raw):
    """One question of a record, checked."""
    raw = mapping(raw, key)
    parts = mapping(raw.get("parts", {}), f"{key}.parts")
    return QuestionResult(
        number(raw.get("points"), f"{key}.points"),
        number(raw.get("max"), f"{key}.max"),
        {str(name): part_from(f"{key}.{name}", part) for name, part in parts.items()},
        texts(raw.get("said", []), f"{key}.said"),
        texts(raw.get("review", []), f"{key}.review"),
    )


def part_from(name, raw):
    """One part of a question, checked."""
    raw = mapping(raw, name)
    if not isinstance(raw.get("ok"), bool):
        raise RecordError(f"record: {name}.ok is not true or false")
    return PartResult(
        raw["ok"], *(text(raw.get(k, ""), f"{name}.{k}") for k in ("public", "secret"))
    )


def fingerprint_from(raw):
    """The hashes of a record's answers, {} or both of them."""
    raw = mapping(raw, "fingerprint")
    return raw and {
        "text": text(raw.get("text"), "fingerprint.text"),
        "tree": texts(raw.get("tree"), "fingerprint.tree"),
    }


def mapping(value, name):
    """A dict, or RecordError."""
    if not isinstance(value, dict):
        raise RecordError(f"record: {name} is {type(value).__name__}, not a mapping")
    return value


def number(value, name):
    """A finite number, or RecordError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise RecordError(f"record: {name} is not a finite number")
    return value


def text(value, name):
    """A text, or RecordError."""
    if not isinstance(value, str):
        raise RecordError(f"record: {name} is {type(value).__name__}, not a text")
    return value


def texts(value, name):
    """A list of texts, or RecordError."""
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise RecordError(f"record: {name} is not a list of texts")
    return value
