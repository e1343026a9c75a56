"""Every verdict in the book is the one that its recorded result earns."""

import re
from pathlib import Path

import pytest

from course_utils import ledger
from course_utils.lab import running
from course_utils.ledger import results

BOOK = Path(__file__).parents[2] / "book"
CLAIMS = ledger.claims()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_verdict_follows_from_the_recorded_result(claim):
    assert claim.verdict == claim.recomputed, f"here: {claim.ours_text}"
    assert claim.ours_text and claim.statement.endswith(".")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_sources_are_in_the_bibliography(claim):
    if claim.source:
        entries = re.findall(r"^@\w+\{([^,]+),", (BOOK / "references.bib").read_text(), re.M)
        assert claim.source["cite"] in entries


@pytest.mark.parametrize("path", sorted(results.FOLDER.rglob("*.json")), ids=lambda p: p.stem)
def test_results_come_from_experiments_of_today(path):
    """The recorded configuration is the committed one, and the size stays small."""
    record = ledger.result(path.stem)
    config = running.load(path.stem).Config()
    assert record["config"] == running.plain(config), "re-record: the Config has changed"
    assert record["seeds"] == list(getattr(config, "seeds", ()))
    assert path.stat().st_size <= results.LIMIT
    assert {"device", "versions", "seconds", "recorded"} <= set(record)
