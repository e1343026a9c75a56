"""What the book prints of a claim's numbers: the interval, and our number beside the paper's."""

import re

import pytest

from course_utils import ledger

CLAIMS = ledger.claims()
INTERVAL = re.compile(r" \(([^()–]+)–([^()–]+)\)")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_an_interval_holds_its_number_and_changes_nothing_else(claim):
    printed = claim.ours_with_interval
    if claim.interval is None:
        assert printed == claim.ours_text
        return
    low, high = claim.interval
    assert low <= claim.ours <= high
    assert INTERVAL.sub("", printed, count=1) == claim.ours_text


def test_some_claims_have_an_interval_and_counts_of_seeds_have_none():
    assert sum(c.interval is not None for c in CLAIMS) > 10
    assert not [c.id for c in CLAIMS if c.of and isinstance(c.ours, int) and c.interval]


def test_a_share_is_never_printed_beyond_its_ends():
    for claim in CLAIMS:
        for end in INTERVAL.findall(claim.ours_with_interval):
            if all(text.endswith("%") for text in end) and 0 <= claim.ours <= 1:
                assert 0 <= float(end[0][:-1]) <= float(end[1][:-1]) <= 100, claim.id


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.paper], ids=lambda c: c.id)
def test_both_numbers_count_the_same_thing(claim):
    if claim.against is None:
        assert claim.of, "only a count of seeds has no number to set beside the paper's"
        return
    there, here = claim.against
    assert there == claim.paper["value"]
    if str(claim.paper["unit"]).startswith("%"):
        assert 0 <= here <= 100
    else:
        assert here == claim.ours
