"""Run recorded experiments again: which numbers are identical here, and which verdicts hold."""

import datetime
import json
from dataclasses import dataclass, field

from course_utils import ledger
from course_utils.lab import dependencies, running
from course_utils.lab.catalogue import ExperimentError
from course_utils.lab.machine import device, kind, versions

QUICK = 15.0  # CPU seconds: what a recording took that is verified without being asked for


@dataclass(frozen=True)
class Verified:
    """What a second run of one experiment said.

    same, of: how many of the recorded values came out identical, of how many.
    differ: [(path, recorded, here)]; verdicts: {claim: (recorded, here)} of this experiment.
    record: the new one.
    """

    name: str
    same: int
    of: int
    differ: list
    verdicts: dict
    record: dict = field(repr=False)

    @property
    def identical(self):
        return self.same == self.of and not self.differ

    @property
    def flipped(self):
        """{claim: (recorded, here)} where the two verdicts differ."""
        return {name: pair for name, pair in self.verdicts.items() if pair[0] != pair[1]}

    @property
    def lines(self):
        """As `course verify` prints it."""
        held = len(self.verdicts) - len(self.flipped)
        said = f"{self.name}: {self.same} of {self.of} values identical"
        if self.differ:
            path, then, now, far = max(
                ((*row, distance(*row[1:])) for row in self.differ), key=lambda row: row[3]
            )
            said += f", the furthest {path}: {shown(then)} recorded, {shown(now)} here"
            said += f" ({far:.2g} of it)" if far < float("inf") else ""
        said += f"; {held} of {len(self.verdicts)} verdicts hold"
        return [said] + [
            f"  {name}: {then} as recorded, {now} here"
            for name, (then, now) in self.flipped.items()
        ]


def verify(name, progress=iter):
    """Run an experiment as it was recorded and compare: `Verified`.  LedgerError without a record;
    ValueError if its settings are others today."""
    then = ledger.result(name, "experiment", "config")
    config = running.load(name).Config()
    if then["config"] != running.plain(config):
        raise ExperimentError(
            f"{name}: recorded with other settings; record it anew: course run {name}"
        )
    now = running.run(name, progress=progress, config=config)
    return compared(then, now)


def compared(then, now):
    """`Verified` from two records of one experiment."""
    name = then["experiment"]
    old, new = (dict(flat(record["values"])) for record in (then, now))
    new = dict(flat(json.loads(json.dumps(now["values"])))) if new else new
    absent = "nothing"
    differ = [
        (path, old.get(path, absent), new.get(path, absent))
        for path in [*old, *(p for p in new if p not in old)]
        if old.get(path, absent) != new.get(path, absent)
    ]
    same = sum(path in new and new[path] == value for path, value in old.items())
    claims = [claim for claim in ledger.claims() if claim.result == name]
    verdicts = {claim.id: (claim.verdict, claim.judged(now)) for claim in claims}
    return Verified(name, same, len(old), differ, verdicts, now)


def quick(limit=QUICK):
    """Names of the experiments whose recording took at most ``limit`` CPU seconds."""
    return [name for name in ledger.recorded() if running.cost(name) <= limit]


def stamp(verified):
    """Note in the record that today's code gives its numbers; the path.  ValueError if not."""
    if not verified.identical:
        raise ExperimentError(
            f"{verified.name}: only a record that came out identical can be stamped"
        )
    record = ledger.result(verified.name)
    record["code"] = dependencies.hashes(verified.name, record["config"], record["values"])
    record["verified"] = {
        "on": datetime.date.today().isoformat(), "device": device(), "versions": versions()
    }  # fmt: skip
    return ledger.record(verified.name, record, _folder(verified.name))


def keep(verified):
    """Record what this kind of processor said beside what decides; the path.  ValueError on the
    kind of processor that the deciding record is from."""
    here, there = kind(device()), kind(ledger.result(verified.name, "device")["device"])
    if here == there:
        raise ExperimentError(
            f"{verified.name}: its record is from {there} too; record it anew: "
            f"course run {verified.name}"
        )
    record = verified.record
    record["code"] = dependencies.hashes(verified.name, record["config"], record["values"])
    return ledger.record(f"{verified.name}@{here}", record, _folder(verified.name))


def _folder(name):
    return ledger.folder(running.chapter(name))


def flat(values, path=""):
    """(path, plain value) of everything in nested dicts and lists."""
    if isinstance(values, dict | list):
        items = values.items() if isinstance(values, dict) else enumerate(values)
        for key, value in items:
            yield from flat(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, values


def distance(then, now):
    """Relative distance of two values; infinite where they are not both numbers."""
    if isinstance(then, bool) or isinstance(now, bool):
        return float("inf")
    if not isinstance(then, int | float) or not isinstance(now, int | float):
        return float("inf")
    return abs(now - then) / abs(then) if then else float("inf")


def shown(value):
    """Short enough for a line."""
    return f"{value:.6g}" if isinstance(value, float) else repr(value)[:40]
