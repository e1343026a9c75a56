"""What `course stale`, `course claims` and `course verify` print."""

from collections import Counter
from pathlib import Path

import course_utils
from course_utils import ledger
from course_utils.lab import dependencies, running, verifying


def stale():
    """{result: why it is not what its experiment would say today}; the fresh ones are left out."""
    sources = dependencies.Sources(Path(course_utils.__file__).parent)
    by_result = {
        name: dependencies.reasons(ledger.result(name, "experiment", "config", "versions"), sources)
        for name in ledger.recorded()
    }
    return {name: reasons for name, reasons in by_result.items() if reasons}


def stale_lines():
    """One line a stale result, and one that counts."""
    by_result = stale()
    lines = [f"{name}: {'; '.join(reasons)}" for name, reasons in by_result.items()]
    return [*lines, f"{len(by_result)} of {len(ledger.recorded())} results are stale"]


def claim_lines(near=False):
    """One line a claim: verdict, margin, id; near: only those that hang by less than two seeds or
    standard errors."""
    lines = []
    for claim in ledger.claims():
        margin = claim.margin
        if near and not margin.near:
            continue
        mark = "!" if margin.near else " "
        lines.append(f"{claim.id:28} {claim.verdict:16} {mark} {margin.text}")
        lines += [f"{'':28} {verdict:16}   on {kind}" for kind, verdict in claim.elsewhere.items()
                  if verdict != claim.verdict]  # fmt: skip
    counts = Counter(claim.verdict for claim in ledger.claims())
    said = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    hang = sum(claim.margin.near for claim in ledger.claims())
    return [*lines, f"{len(ledger.claims())} claims: {said}; {hang} hang by less than two"]


def verify(names, *, every=False, stamp=False, keep=False, say=print, progress=iter):
    """Run recorded experiments again and say what came out; True if all verdicts hold.

    names: [] for the quick ones, or with ``every`` for all.  stamp, keep: see ``verifying``.
    """
    chosen = list(names) or (ledger.recorded() if every else verifying.quick())
    for name in chosen:
        running.load(name)  # a name that is unknown is said before anything runs
        ledger.result(name)
    good = True
    for name in chosen:
        verified = verifying.verify(name, progress(name))
        good = good and not verified.flipped
        for line in verified.lines:
            say(line)
        if stamp and verified.identical:
            say(f"  stamped: {verifying.stamp(verified)}")
        if keep and verified.flipped:
            say(f"  kept: {verifying.keep(verified)}")
    return good
