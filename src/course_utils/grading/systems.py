"""What the names in a download say: Canvas, Moodle and Gradescope write the student into them.

Canvas (its `submission_zip`): ``doejane_LATE_4711_90210_lstm_step-2.ipynb``, a file each; the first
number is the user's id, the second the attachment's, ``-2`` the attempt.  Moodle ("Download all
submissions"): ``Jane Doe_815_assignsubmission_file_/…``, a folder each, or the file's name right
after it.  Gradescope ("Download Submissions"): ``submission_123/`` beside
``submission_metadata.yml``, which names the submitters.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

CANVAS = re.compile(
    r"(?P<who>[^_/]+)(?P<late>_LATE)?_(?P<id>\d{1,19})_(?P<file>\d{1,19})_(?P<rest>.+)", re.DOTALL
)
MOODLE = re.compile(
    r"(?P<who>.+?)_(?P<id>\d{1,19})_assignsubmission_(file|onlinetext)(?P<rest>.*)", re.DOTALL
)
LARGEST_METADATA = 16 << 20


@dataclass(frozen=True)
class Sender:
    """Whom a download names; empty texts where it is silent, ``submitted`` an aware datetime."""

    system: str = ""
    name: str = ""
    user_id: str = ""
    email: str = ""
    late: bool = False
    attempt: int = 0
    submitted: datetime | None = None


def sender_of(name):
    """The sender in the name of a file or a folder, or None where it has neither system's form."""
    moodle = MOODLE.fullmatch(name)
    if moodle:
        return Sender("moodle", moodle["who"], moodle["id"])
    canvas = CANVAS.fullmatch(name)
    if canvas:
        attempt = re.search(r"-(\d{1,4})(\.\w+)?$", canvas["rest"])
        late, times = bool(canvas["late"]), int(attempt[1]) if attempt else 0
        return Sender("canvas", canvas["who"], canvas["id"], late=late, attempt=times)
    return None


def gradescope_senders(data):
    """submission_metadata.yml as bytes -> {folder: [Sender, …]}; {} where it cannot be read."""
    import yaml

    if len(data) > LARGEST_METADATA:
        return {}
    try:
        raw = yaml.load(data.decode("utf-8-sig"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    if not isinstance(raw, dict):
        return {}
    return {str(k): submitters(about) for k, about in raw.items() if isinstance(about, dict)}


def submitters(about):
    """The senders of one Gradescope entry."""
    people = about.get(":submitters")
    people = [p for p in people if isinstance(p, dict)] if isinstance(people, list) else []
    when = moment(about.get(":created_at"))
    return [
        Sender(
            "gradescope",
            str(p.get(":name") or ""),
            str(p.get(":sid") or ""),
            str(p.get(":email") or ""),
            submitted=when,
        )
        for p in people
    ]


def moment(value):
    """A date, a datetime or an ISO text as an aware datetime (UTC where it says nothing), or None.

    A day without an hour ends at its last second.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(23, 59, 59))
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
