"""The ledger's small language of rules and paths, and how a result is written."""

import json

import pytest

from course_utils.ledger import Claim, LedgerError, claim, find, record, results

VALUES = {"lstm": {"rate": 0.75, "of": [3, 4]}, "rnn": {"rate": 0.25}, "lost": None}


@pytest.fixture(autouse=True)
def recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    record("toy", {"values": VALUES, "seconds": 2.5}, tmp_path)


def a_claim(**others):
    fields = {
        "id": "a-b",
        "chapter": "lstm/gates",
        "statement": "It does.",
        "result": "toy",
        "value": "lstm.rate",
        "rule": "ge 0.7",
        "verdict": "ours only",
        "paper": {"value": 0.875, "unit": "of runs"},
        "source": {"cite": "x1997", "locator": "Table 1", "seen": "paper"},
    }
    return Claim(**(fields | others))


@pytest.mark.parametrize(
    "rule, holds",
    [
        ("ge 0.75", True), ("gt 0.75", False), ("le 0.75", True), ("lt 0.75", False),
        ("greater than rnn.rate", True), ("less than rnn.rate", False),
        ("at least 3 times rnn.rate", True), ("at least 3.1 times rnn.rate", False),
        ("at most 0.8 times paper", False), ("within 0.125 of paper", True),
        ("within 0.12 of paper", False), ("between 0.7 and 0.8", True),
        ("between rnn.rate and 0.7", False),
    ],
)  # fmt: skip
def test_rules(rule, holds):
    assert a_claim().holds(rule) is holds


def test_verdicts():
    assert a_claim().recomputed == "reproduced"
    assert a_claim(source={}, paper=None).recomputed == "ours only"
    assert a_claim(rule="ge 0.9").recomputed == "not reproduced"
    assert a_claim(rule="ge 0.9", partly="ge 0.5").recomputed == "partly"
    assert a_claim(rule="le 9", value="lost").recomputed == "not reproduced"


def test_numbers_as_printed():
    assert a_claim().ours_text == "0.75"
    assert a_claim(shown="{lstm.of.0} of {lstm.of.1}").ours_text == "3 of 4"
    assert a_claim(shown="{lstm.rate|.0%}").ours_text == "75%"
    assert a_claim().paper_text == "0.875 of runs"
    nobody = {"cite": "x1997", "seen": "none"}
    assert a_claim(source=nobody, paper=None).paper_text == "number not verified"
    assert a_claim(source={}, paper=None).paper_text == "—"


@pytest.mark.parametrize(
    "others, message",
    [
        ({"id": "A b"}, "kebab"),
        ({"verdict": "fine"}, "verdict 'fine'"),
        ({"source": {"locator": "p. 1"}}, "needs cite"),
        ({"source": {"cite": "x", "seen": "maybe"}}, "seen is 'maybe'"),
        ({"source": {"cite": "x", "seen": "none"}}, "nobody saw"),
        ({"paper": {"unit": "s"}}, "needs a value"),
    ],
)
def test_claims_that_are_refused(others, message):
    with pytest.raises(LedgerError, match=message):
        a_claim(**others)


def test_rules_and_paths_that_are_refused():
    with pytest.raises(LedgerError, match="no such rule: 'is nice'"):
        a_claim().holds("is nice")
    with pytest.raises(LedgerError, match=r"path 'lstm\.rat' ends at 'rat'; there are"):
        find({"values": VALUES}, "lstm.rat", "toy")
    with pytest.raises(LedgerError, match="course run other"):
        results.result("other")


def test_a_path_may_start_at_the_top():
    assert results.value("toy", "/seconds") == 2.5


def test_an_unknown_claim_names_its_neighbours():
    with pytest.raises(LedgerError, match="no claim 'nothing-here'"):
        claim("nothing-here")


def test_results_are_written_whole_or_not_at_all(tmp_path):
    path = record("one", {"values": {"a": [1, 2.5, None], "b": "[\n 1\n]"}}, tmp_path)
    assert json.loads(path.read_text())["values"] == {"a": [1, 2.5, None], "b": "[\n 1\n]"}
    assert "[1, 2.5, null]" in path.read_text()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="NaN"):
        record("one", {"values": float("nan")}, tmp_path)
    with pytest.raises(LedgerError, match="thin the curves"):
        record("one", {"values": list(range(60_000))}, tmp_path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.json", "toy.json"]
