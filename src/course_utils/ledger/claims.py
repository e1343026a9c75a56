"""Claims: one falsifiable sentence each, with its source, its rules and its verdict."""

import math
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from course_utils.errors import near
from course_utils.ledger import margins, results
from course_utils.ledger.results import LedgerError
from course_utils.ledger.rules import parse

FOLDER = Path(__file__).parent / "claims"
SOURCED = ("reproduced", "partly", "not reproduced", "not tested there")
OURS = ("held", "failed", "measured")
SEEN = ("paper", "none")  # or "quoted: by whom"
SETTINGS = ("same", "differs", "other")
FIXED = ("before", "after")
PLACE = re.compile(r"\{([^}|]+)(?:\|([^}]*))?\}")  # of a number in ``shown``
UNVERIFIED = "number not verified"
NO_NUMBER = "—"


@dataclass(frozen=True)
class Claim:
    """One entry of claims/<part>/<chapter>.yml.

    statement  one sentence that a measurement can refute
    source     cite (bib key), locator, seen: "paper", "quoted: by whom", "none"; empty if ours;
               setting: "same" in kind as here (the default), "differs" in a way that may matter,
               "other": another experiment, so that ours says nothing about theirs
    paper      {"value": number, "unit": text} or None
    result     the experiment's name;  value: a path into its values
    rules      one or several (see ``ledger.rules``); the statement holds if all do
    fixed      without a source: whether the rules were written "before" the run or "after" it
    partly     looser rules that decide "partly"
    of         for values that count seeds: the path of how many there are
    by_seed    {path: path of its values by seed}, where they do not stand beside it
    shown      how the number is printed: text with {path|format}; default: the value, 3 digits
    """

    id: str
    chapter: str
    statement: str
    result: str
    value: str
    rules: tuple
    verdict: str
    source: dict = field(default_factory=dict)
    paper: dict | None = None
    fixed: str = "after"
    partly: tuple = ()
    of: str = ""
    by_seed: dict = field(default_factory=dict)
    shown: str = ""
    note: str = ""

    def __post_init__(self):
        self._check_types()
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise LedgerError(f"claim {self.id!r}: id must be kebab-case")
        for name in ("rules", "partly"):
            rules = getattr(self, name)
            rules = (rules,) if isinstance(rules, str) else tuple(rules)
            object.__setattr__(self, name, tuple(parse(text) for text in rules))
        if not self.rules:
            raise LedgerError(f"claim {self.id}: rules is empty; what would refute the statement?")
        if self.fixed not in FIXED:
            raise LedgerError(f"claim {self.id}: fixed is {self.fixed!r}; {' or '.join(FIXED)}")
        verdicts = SOURCED if self.source else OURS
        if self.verdict not in verdicts:
            raise LedgerError(
                f"claim {self.id}: verdict {self.verdict!r} is not in {verdicts}, the verdicts "
                f"{'of a claim with' if self.source else 'without'} a source"
            )
        if self.verdict in ("partly", "not tested there") and not self.note:
            raise LedgerError(f"claim {self.id}: {self.verdict} needs a note: what differs?")
        self._check_source()

    def _check_types(self):
        for name in ("id", "chapter", "statement", "result", "value", "verdict", "of", "shown",
                     "note", "fixed"):  # fmt: skip
            if not isinstance(value := getattr(self, name), str):
                raise LedgerError(f"claim {self.id!r}: {name} is {value!r}; write it as text")
        for name in ("source", "by_seed", "paper"):
            value = getattr(self, name)
            if not isinstance(value, dict) and not (name == "paper" and value is None):
                raise LedgerError(f"claim {self.id}: {name} is {value!r}; write it as a mapping")
        for name in ("rules", "partly"):
            value = getattr(self, name)
            lines = value if isinstance(value, list | tuple) else [value]
            if not all(isinstance(line, str) for line in lines):
                raise LedgerError(f"claim {self.id}: {name} is {value!r}; write one text a rule")

    def _check_source(self):
        if self.paper is not None and "value" not in self.paper:
            raise LedgerError(f"claim {self.id}: paper needs a value (and a unit), or null")
        if self.source and not self.source.get("cite"):
            raise LedgerError(f"claim {self.id}: source needs cite, a key of references.bib")
        seen = str(self.source.get("seen", "none"))
        if seen not in SEEN and not seen.startswith("quoted:"):
            raise LedgerError(f"claim {self.id}: seen is {seen!r}; paper, quoted: NAME or none")
        if self.paper is not None and seen == "none":
            raise LedgerError(f"claim {self.id}: a paper's number nobody saw; set paper: null")
        if self.setting not in SETTINGS:
            raise LedgerError(
                f"claim {self.id}: setting is {self.setting!r}; {', '.join(SETTINGS)}"
            )

    @property
    def setting(self):
        """How like the source's our experiment is."""
        return self.source.get("setting", "same")

    @property
    def record(self):
        """The recorded result that decides."""
        return results.result(self.result)

    @property
    def ours(self):
        """The recorded value."""
        return results.value(self.result, self.value)

    @property
    def ours_text(self):
        """The recorded value as the book prints it."""
        return PLACE.sub(self._filled, self._template)

    @property
    def _template(self):
        return self.shown or f"{{{self.value}|.3g}}"

    def _filled(self, match):
        return results.printed(results.value(self.result, match[1]), match[2] or "")

    @property
    def paper_text(self):
        """The source's number with its unit; what is missing is said."""
        if self.paper is None:
            return UNVERIFIED if self.source and self.source.get("seen") == "none" else NO_NUMBER
        value = self.paper["value"]
        number = f"{value:,}" if isinstance(value, int) else str(value)
        return f"{number} {self.paper.get('unit') or ''}".strip()

    @property
    def interval(self):
        """(low, high) of 19 in 20 bootstrap samples of the seeds; None where nothing varies."""
        if self.of and isinstance(self.ours, int):
            return None
        x = self._drawn(self.value, self.record)
        low, high = np.quantile(x, (0.025, 0.975))
        return (float(low), float(high)) if low < high else None

    @property
    def ours_with_interval(self):
        """`ours_text` with the interval of the value in brackets behind it."""
        return PLACE.sub(lambda match: self._filled(match) + self._spread(match), self._template)

    def _spread(self, match):
        if match[1] != self.value or not (ends := self.interval):
            return ""
        form = match[2] if match[2] not in (None, "", "g") else ".3g"
        if form.endswith("%") and 0 <= self.ours <= 1:  # samples may leave what a share can be
            ends = np.clip(ends, 0, 1)
        low, high = (results.printed(float(end), form) for end in ends)
        return f" ({low}–{high})" if low != high else ""

    @property
    def against(self):
        """(paper's number, ours) where both count the same thing; None where they do not.

        A paper's percentage is met by our share of seeds or of answers.
        """
        if self.paper is None or not isinstance(self.ours, int | float):
            return None
        there, here = float(self.paper["value"]), float(self.ours)
        seeds = self.of and isinstance(self.ours, int)
        if str(self.paper.get("unit") or "").startswith("%"):
            of = results.value(self.result, self.of) if seeds else 1
            return there, 100 * here / of
        return None if seeds else (there, here)

    @property
    def recomputed(self):
        """The verdict that the recorded values earn."""
        return self.judged(self.record)

    @property
    def margin(self):
        """How far the recorded values are from another verdict: a `Margin`."""
        return self.margin_in(self.record)

    @property
    def elsewhere(self):
        """{kind of CPU: verdict} of the records that other machines left."""
        kinds = results.kinds(self.result)
        return {kind: self.judged(record) for kind, record in sorted(kinds.items())}

    def judged(self, record):
        """The verdict that a record of this experiment earns.

        A sentence about another setting than the source's must hold itself; "failed" then means
        that it has to be worded anew, for it says nothing about the source.
        """
        holds = self.holds(self.rules, record)
        if not self.source:
            return ("held" if self.fixed == "before" else "measured") if holds else "failed"
        if self.setting == "other":
            return "not tested there" if holds else "failed"
        if holds:
            return "partly" if self.setting == "differs" else "reproduced"
        partly = self.partly and self.holds(self.partly, record)
        return "partly" if partly else "not reproduced"

    def holds(self, rules, record=None):
        """Whether all of these rules hold in a record; its default is the one that decides."""
        record = self.record if record is None else record
        return all(self._holds(rule, record) for rule in rules)

    def _holds(self, rule, record):
        values = self._subject(rule, record)
        if any(v is None for v in values):  # it diverged; no rule is satisfied by that
            return False
        interval = rule.interval(lambda path: self._look(path, record))
        return all(v in interval for v in values)

    def _subject(self, rule, record):
        path = rule.subject or self.value
        if rule.every:
            return results.find_all(record, path, self.result)
        return [self._look(path, record)]

    def _look(self, path, record):
        if path == "paper":
            if self.paper is None:
                raise LedgerError(f"claim {self.id}: its rule needs a paper's value")
            return self.paper["value"]
        return results.find(record, path, self.result)

    def margin_in(self, record):
        """The margin of `judged`: the least of those rules of which one alone turns the verdict,
        or, where rules fail, the greatest of those that would all have to turn.
        """
        turns = [self._turning(self.rules, record)]
        if self.partly and not self.holds(self.rules, record):
            turns.append(self._turning(self.partly, record))
        return min(turns, key=lambda m: m.order)

    def _turning(self, rules, record):
        failing = [r for r in rules if not self._holds(r, record)]
        each = [self._margin(r, record) for r in failing or rules]
        return (max if failing else min)(each, key=lambda m: m.order)

    def _margin(self, rule, record):
        interval = rule.interval(lambda path: self._look(path, record))
        values = self._subject(rule, record)
        if any(v is None for v in values):
            return margins.Margin(math.inf, "relative")
        if rule.every:
            holds = self._holds(rule, record)
            each = [margins.relative(v, interval.ends) for v in values if (v in interval) == holds]
            return min(each, key=lambda m: m.order)
        [x] = values
        n = int(self._look(self.of, record)) if self.of else 0
        if isinstance(x, int) and 0 <= x <= n:
            return margins.in_seeds(x, interval, n)
        x_drawn = self._drawn(rule.subject or self.value, record)
        ends = rule.interval(lambda path: self._drawn(path, record)).ends
        if all(isinstance(v, float | int) for v in (x_drawn, *ends)):
            return margins.relative(x, interval.ends)
        return margins.in_errors(x, interval.ends, x_drawn, ends)

    def _drawn(self, path, record):
        """A recorded mean or median over bootstrap samples of its seeds (DRAWS,); the number
        itself where no values by seed are recorded."""
        value = self._look(path, record)
        if path in self.by_seed:
            return margins.drawn(self._seeds(self.by_seed[path], record), value)
        parent, _, key = path.rpartition(".")
        for beside in (f"by_seed.{key}", f"{key}_by_seed", "by_seed"):
            try:
                values = results.find(record, f"{parent}.{beside}" if parent else beside)
                if isinstance(values, list):
                    return margins.drawn([v for v in values if v is not None], value)
            except (LedgerError, TypeError, ValueError):
                continue  # not there, or the values of something else
        return value

    def _seeds(self, path, record):
        """Values by seed; "PATH else OTHER" puts a recorded number where one is missing."""
        path, _, other = path.partition(" else ")
        values = results.find_all(record, path, self.result)
        instead = results.find(record, other, self.result) if other else None
        return [v for v in (instead if v is None else v for v in values) if v is not None]


@cache
def claims():
    """Every claim, in the order of the files and of their ids."""
    all_claims = []
    for path in sorted(FOLDER.glob("*/*.yml")):
        listed = _read(path)
        if [c.id for c in listed] != sorted(c.id for c in listed):
            raise LedgerError(f"{path.name}: sort the claims by id")
        all_claims += listed
    ids = [c.id for c in all_claims]
    if twice := {i for i in ids if ids.count(i) > 1}:
        raise LedgerError(f"two claims have the same id: {sorted(twice)}")
    return tuple(all_claims)


def claim(name):
    """The claim with the id ``name``."""
    for candidate in claims():
        if candidate.id == name:
            return candidate
    raise LedgerError(f"no claim {name!r}; {near(name, (c.id for c in claims()))}")


def _read(path):
    try:
        import yaml  # only the book and the tests read claims; Colab has it as well
    except ImportError as error:
        raise ImportError("claims are YAML: pip install pyyaml") from error
    try:
        listed = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())  # YAML's spread over several lines
        raise LedgerError(f"{path.name} is damaged: {said}") from error
    listed = [] if listed is None else listed
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise LedgerError(f"{path.name}: expected a list of claims, each with its fields")
    from_file = []
    for entry in listed:
        try:
            from_file.append(Claim(**entry))
        except TypeError as error:  # a field that is missing, or that there is not
            said = str(error).removeprefix("Claim.__init__() ")
            raise LedgerError(f"{path.name}: claim {entry.get('id')!r}: {said}") from error
        except LedgerError as error:
            raise LedgerError(f"{path.name}: {error}") from error
    return from_file
