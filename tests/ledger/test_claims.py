"""Every verdict in the book is the one that its recorded result earns."""

import re
from pathlib import Path

import pytest

from course_utils import ledger
from course_utils.lab import running
from course_utils.ledger import results

BOOK = Path(__file__).parents[2] / "book"
CLAIMS = ledger.claims()
RECORDS = sorted(results.FOLDER.rglob("*.json"))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_verdict_follows_from_the_recorded_result(claim):
    assert claim.verdict == claim.recomputed, f"here: {claim.ours_text}"
    assert claim.ours_text and claim.statement.endswith(".")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_sources_are_in_the_bibliography(claim):
    if claim.source:
        entries = re.findall(r"^@\w+\{([^,]+),", (BOOK / "references.bib").read_text(), re.M)
        assert claim.source["cite"] in entries


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_a_rule_can_fail_and_stated_seeds_exist(claim):
    """A margin is found for every claim, and each path that by_seed names has the statistic."""
    assert claim.margin.size >= 0 and claim.margin.text
    for path, seeds in claim.by_seed.items():
        drawn = claim._drawn(path, claim.record)
        assert getattr(drawn, "shape", None), f"{seeds}: no mean or median of it is {path}"


def test_every_claim_that_the_book_names_exists():
    known = {claim.id for claim in CLAIMS}
    named = set()
    for page in BOOK.rglob("*.md"):
        text = page.read_text("utf-8")
        named |= set(re.findall(r"\{(?:ours|paper)\}`([^`]+)`", text))
        named |= set(" ".join(re.findall(r"^```\{claims\} (.+)$", text, re.M)).split())
    assert named <= known


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.stem)
def test_results_come_from_experiments_of_today(path):
    """The recorded configuration is the committed one, and the size stays small."""
    name = path.stem.partition("@")[0]
    record = results.read(path)
    config = running.load(name).Config()
    assert record["config"] == running.plain(config), "re-record: the Config has changed"
    assert record["seeds"] == list(getattr(config, "seeds", ()))
    assert path.stat().st_size <= results.LIMIT
    assert {"device", "versions", "seconds", "recorded"} <= set(record)


def test_another_machine_has_a_record_only_where_a_verdict_differs():
    for path in (p for p in RECORDS if "@" in p.stem):
        name, _, kind = path.stem.partition("@")
        mine = [claim for claim in CLAIMS if claim.result == name]
        assert any(claim.elsewhere[kind] != claim.verdict for claim in mine), f"delete {path.name}"
