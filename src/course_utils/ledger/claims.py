"""Claims: one falsifiable sentence each, with its source, its rule and its verdict."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from course_utils.ledger import results
from course_utils.ledger.results import LedgerError

FOLDER = Path(__file__).parent / "claims"
VERDICTS = ("reproduced", "partly", "not reproduced", "ours only")
SEEN = ("paper", "none")  # or "quoted: by whom"
UNVERIFIED = "number not verified"
COMPARE = {
    "ge": lambda a, b: a >= b, "at least": lambda a, b: a >= b,
    "gt": lambda a, b: a > b, "greater than": lambda a, b: a > b,
    "le": lambda a, b: a <= b, "at most": lambda a, b: a <= b,
    "lt": lambda a, b: a < b, "less than": lambda a, b: a < b,
}  # fmt: skip
RULE = re.compile(rf"({'|'.join(sorted(COMPARE, key=len, reverse=True))}) (.+)")


@dataclass(frozen=True)
class Claim:
    """One entry of claims/<part>/<chapter>.yml.

    statement  one sentence that a measurement can refute
    source     cite (bib key), locator, seen: "paper", "quoted: by whom", "none"; empty if ours
    paper      {"value": number, "unit": text} or None
    result     the experiment's name;  value: a path into its values
    rule       decides "reproduced" (or "ours only", where no source is cited)
    partly     a looser rule that decides "partly"; otherwise "not reproduced"
    shown      how the number is printed: text with {path|format}; default: the value, 3 digits
    """

    id: str
    chapter: str
    statement: str
    result: str
    value: str
    rule: str
    verdict: str
    source: dict = field(default_factory=dict)
    paper: dict | None = None
    partly: str = ""
    shown: str = ""
    note: str = ""

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise LedgerError(f"claim {self.id!r}: id must be kebab-case")
        if self.verdict not in VERDICTS:
            raise LedgerError(f"claim {self.id}: verdict {self.verdict!r} is not in {VERDICTS}")
        if self.paper is not None and "value" not in self.paper:
            raise LedgerError(f"claim {self.id}: paper needs a value (and a unit), or null")
        if self.source and not self.source.get("cite"):
            raise LedgerError(f"claim {self.id}: source needs cite, a key of references.bib")
        seen = str(self.source.get("seen", "none"))
        if seen not in SEEN and not seen.startswith("quoted:"):
            raise LedgerError(f"claim {self.id}: seen is {seen!r}; paper, quoted: NAME or none")
        if self.paper is not None and seen == "none":
            raise LedgerError(f"claim {self.id}: a paper's number nobody saw; set paper: null")

    @property
    def ours(self):
        """The recorded value."""
        return results.value(self.result, self.value)

    @property
    def ours_text(self):
        """The recorded value as the book prints it."""
        template = self.shown or f"{{{self.value}|.3g}}"
        return re.sub(r"\{([^}|]+)(?:\|([^}]*))?\}", self._filled, template)

    def _filled(self, match):
        return format(results.value(self.result, match[1]), match[2] or "")

    @property
    def paper_text(self):
        """The source's number with its unit; what is missing is said."""
        if self.paper is None:
            return UNVERIFIED if self.source and self.source.get("seen") == "none" else "—"
        value = self.paper["value"]
        number = f"{value:,}" if isinstance(value, int) else str(value)
        return f"{number} {self.paper.get('unit') or ''}".strip()

    @property
    def recomputed(self):
        """The verdict that the recorded value earns."""
        if self.holds(self.rule):
            return "reproduced" if self.source else "ours only"
        return "partly" if self.partly and self.holds(self.partly) else "not reproduced"

    def holds(self, rule):
        """Whether the recorded value satisfies a rule.

        ``ge 0.9``, ``less than rnn.rate``, ``at least 2 times rnn.rate``, ``within 0.02 of paper``,
        ``between 0.4 and 0.6``.  A word that is no number is a path into the same result.
        """
        ours = self.ours
        if ours is None:  # it diverged; no rule is satisfied by that
            return False
        if match := re.fullmatch(r"within (\S+) of (.+)", rule):
            return abs(ours - self._operand(match[2])) <= self._operand(match[1])
        if match := re.fullmatch(r"between (\S+) and (\S+)", rule):
            return self._operand(match[1]) <= ours <= self._operand(match[2])
        if match := RULE.fullmatch(rule):
            return bool(COMPARE[match[1]](ours, self._operand(match[2])))
        raise LedgerError(f"claim {self.id}: no such rule: {rule!r}")

    def _operand(self, text):
        if match := re.fullmatch(r"(\S+) times (\S+)", text):
            return self._operand(match[1]) * self._operand(match[2])
        if text == "paper":
            if self.paper is None:
                raise LedgerError(f"claim {self.id}: the rule names paper, which has no number")
            return self.paper["value"]
        try:
            return float(text)
        except ValueError:
            return results.value(self.result, text)


@cache
def claims():
    """Every claim, in the order of the files and of their ids."""
    found = []
    for path in sorted(FOLDER.glob("*/*.yml")):
        listed = _read(path)
        if [c.id for c in listed] != sorted(c.id for c in listed):
            raise LedgerError(f"{path.name}: sort the claims by id")
        found += listed
    ids = [c.id for c in found]
    if twice := {i for i in ids if ids.count(i) > 1}:
        raise LedgerError(f"two claims have the same id: {sorted(twice)}")
    return tuple(found)


def claim(name):
    """The claim with the id ``name``."""
    for found in claims():
        if found.id == name:
            return found
    near = [c.id for c in claims() if c.id.split("-")[0] == name.split("-")[0]]
    raise LedgerError(f"no claim {name!r}; near it: {near}")


def _read(path):
    try:
        import yaml  # only the book and the tests read claims; Colab has it as well
    except ImportError as error:
        raise ImportError("claims are YAML: pip install pyyaml") from error
    listed = yaml.safe_load(path.read_text("utf-8")) or []
    try:
        return [Claim(**entry) for entry in listed]
    except TypeError as error:
        raise LedgerError(f"{path.name}: {error}") from error
