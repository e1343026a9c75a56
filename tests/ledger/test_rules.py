"""The ledger's small language of rules and paths, and how a result is written."""

import json

import numpy as np
import pytest

from course_utils.ledger import Claim, LedgerError, claim, find, margins, record, results

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
        "rules": ["ge 0.7"],
        "verdict": "reproduced",
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
    claim = a_claim(rules=rule)
    assert claim.holds(claim.rules) is holds


def judged(**others):
    return a_claim(note="It differs.", **others).recomputed


def test_verdicts_with_a_source():
    seen = {"cite": "x1997", "seen": "paper"}
    other, differs = seen | {"setting": "other"}, seen | {"setting": "differs"}
    assert judged() == "reproduced"
    assert judged(source=differs) == "partly"
    assert judged(source=other) == "not tested there"
    assert judged(source=other, rules="ge 0.9") == "failed", "a sentence of ours that is wrong"
    assert judged(rules=["ge 0.9"]) == judged(source=differs, rules="ge 0.9") == "not reproduced"
    assert judged(rules=["ge 0.9"], partly=["ge 0.5"]) == "partly"
    assert judged(rules=["le 9"], value="lost") == "not reproduced"


def test_verdicts_without_a_source():
    ours = {"source": {}, "paper": None, "verdict": "measured"}
    assert a_claim(**ours).recomputed == "measured"
    assert a_claim(**ours, fixed="before").recomputed == "held"
    for fixed in ("before", "after"):
        assert a_claim(**ours, fixed=fixed, rules=["ge 0.9"]).recomputed == "failed"


def test_all_rules_must_hold_and_each_may_name_its_value():
    assert judged(rules=["ge 0.7", "rnn.rate le 0.3", "every lstm.of ge 3"]) == "reproduced"
    assert judged(rules=["ge 0.7", "rnn.rate le 0.2"]) == "not reproduced"
    assert judged(rules=["ge 0.7", "every lstm.of ge 4"]) == "not reproduced"
    assert judged(rules=["every lstm.* between 0.7 and 4"], value="lost") == "reproduced"


MANY = {
    "net": {"median": 0.5, "by_seed": [0.2, 0.5, 0.9, 0.5, 0.5]},
    "near": {"median": 0.52, "by_seed": [0.2, 0.52, 0.93, 0.5, 0.55]},
    "solved": 4, "mean": 2.0, "each": [{"x": 1}, {"x": 2}, {"x": 3}, {"x": None}],
}  # fmt: skip


@pytest.mark.parametrize(
    "others, text, near",
    [
        ({"value": "solved", "of": "/of", "rules": "ge 4"}, "1 seed", True),
        ({"value": "solved", "of": "/of", "rules": "ge 3"}, "2 seeds", False),
        ({"value": "solved", "of": "/of", "rules": "ge 5"}, "1 seed", True),
        ({"value": "solved", "of": "/of", "rules": "le 5"}, "no other count turns it", False),
        ({"value": "solved", "of": "/of", "rules": ["ge 2", "ge 4"]}, "1 seed", True),
        ({"value": "solved", "of": "/of", "rules": ["ge 5", "le 1"]}, "3 seeds", False),
        ({"value": "solved", "rules": "ge 3.2"}, "25 %, no spread recorded", False),
        ({"value": "solved", "rules": "ge 0.5"}, "a factor of 8, no spread recorded", False),
        ({"value": "net.median", "rules": "between 0.5 and 0.6"}, "0.0 standard errors", True),
    ],
)
def test_margins(tmp_path, others, text, near):
    record("toy", {"values": MANY, "of": 5}, tmp_path)
    margin = a_claim(**others).margin
    assert (margin.text, margin.near) == (text, near)


def test_values_of_the_same_seeds_move_together(tmp_path):
    """A small difference in every seed counts for more than the same between other seeds."""
    record("toy", {"values": MANY}, tmp_path)
    alone = a_claim(value="near.median", rules="ge 0.5").margin
    paired = a_claim(value="near.median", rules="ge net.median").margin
    assert paired.size > 2 * alone.size


def test_standard_errors_are_those_of_the_mean(tmp_path):
    """By bootstrap: near s / √n, for large n."""
    values = np.random.default_rng(3).normal(2, 1, 400)
    found = margins.drawn(values, values.mean())
    np.testing.assert_allclose(found.std(), values.std() / 20, rtol=0.1)
    with pytest.raises(LedgerError, match="neither mean nor median"):
        margins.drawn(values, 7.0)


def test_values_by_seed_may_stand_anywhere(tmp_path):
    record("toy", {"values": MANY}, tmp_path)
    without = a_claim(value="mean", rules="ge 1").margin
    given = a_claim(value="mean", rules="ge 1", by_seed={"mean": "each.*.x"}).margin
    assert without.unit == "relative" and given.unit == "standard errors"
    with pytest.raises(LedgerError, match="neither mean nor median"):
        _ = a_claim(value="mean", rules="ge 1", by_seed={"mean": "each.*.x else solved"}).margin


def test_another_kind_of_processor_has_its_own_record(tmp_path):
    record("toy@other-cpu", {"values": VALUES | {"lstm": {"rate": 0.1}}}, tmp_path)
    assert a_claim().recomputed == "reproduced"
    assert a_claim().elsewhere == {"other-cpu": "not reproduced"}
    assert results.recorded() == ["toy"]


def test_numbers_as_printed():
    assert a_claim().ours_text == "0.75"
    assert a_claim(shown="{lstm.of.0} of {lstm.of.1}").ours_text == "3 of 4"
    assert a_claim(shown="{lstm.rate|.0%}").ours_text == "75%"
    assert results.printed(-1.5, ".1f") == "−1.5"
    assert results.printed(1e-5, ".0e") == "1e−05"
    assert results.printed("lstm-1997") == "lstm-1997"
    assert a_claim().paper_text == "0.875 of runs"
    nobody = {"cite": "x1997", "seen": "none"}
    assert a_claim(source=nobody, paper=None).paper_text == "number not verified"
    assert a_claim(source={}, paper=None, verdict="measured").paper_text == "—"


@pytest.mark.parametrize(
    "others, message",
    [
        ({"id": "A b"}, "kebab"),
        ({"verdict": "fine"}, "verdict 'fine'"),
        ({"verdict": "held"}, "a claim with a source"),
        ({"source": {}, "paper": None}, "without a source"),
        ({"verdict": "partly"}, "what differs"),
        ({"rules": []}, "what would refute"),
        ({"rules": ["is nice"]}, "no such rule: 'is nice'"),
        ({"rules": ["within 3"]}, "no such rule"),
        ({"rules": ["ge the paper"]}, "no such rule"),
        ({"fixed": "perhaps"}, "fixed is 'perhaps'"),
        ({"source": {"cite": "x", "setting": "near"}, "paper": None}, "setting is 'near'"),
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
    with pytest.raises(LedgerError, match="needs a paper's value"):
        _ = a_claim(rules="ge paper", paper=None).recomputed
    with pytest.raises(LedgerError, match=r"where there is only 0\.75"):
        _ = a_claim(rules="every lstm.rate.* ge 1").recomputed
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
