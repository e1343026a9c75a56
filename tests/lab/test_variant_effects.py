"""The effects behind the table of variants: read rightly, and with intervals that cover."""

import numpy as np
import pytest

from course_utils import ledger
from course_utils.lab.variant_effects import (
    VARIANTS,
    Effect,
    changed,
    effects,
    medians_apart,
    shares_apart,
)
from course_utils.specs import SPECS


def test_the_interval_of_two_shares_is_newcombe_s():
    """Newcombe 1998, table II, example (a): 56 of 70 less 48 of 80."""
    assert shares_apart(56, 70, 48, 80) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_the_interval_of_two_shares_turns_with_them():
    d, low, high = shares_apart(3, 20, 11, 30)
    assert shares_apart(11, 30, 3, 20) == pytest.approx((-d, -high, -low))


def test_the_interval_of_two_medians_covers_what_it_says():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(100):
        a, b = rng.standard_normal(30) + 1, rng.standard_normal(40)
        _, low, high = medians_apart(a, b, resamples=200)
        inside += low <= 1 <= high
    assert 88 <= inside  # of 100; 95 is the level, 2 the standard error


def test_paired_seeds_are_drawn_together():
    base = np.random.default_rng(0).standard_normal(20)
    assert medians_apart(base + 0.1, base, paired=True) == pytest.approx((0.1, 0.1, 0.1))
    _, low, high = medians_apart(base + 0.1, base)
    assert low < 0 < 0.3 < high


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.title)
def test_every_effect_is_what_its_record_says(variant):
    found = effects(variant)
    assert found, "a variant that was compared with nothing"
    for e in found:
        assert e.low <= e.value <= e.high, e
        assert np.isfinite([e.value, e.low, e.high]).all() and e.numbers, e
    seen = [e.seen for e in found]
    assert seen == sorted(seen, reverse=True)  # what was seen stands first


def test_no_difference_is_told_by_the_interval_alone():
    one, zero = ("ratio", 1), ("shares", 0)
    for kind, none in (one, zero):
        for low, high, seen in ((-0.1, 0.1, False), (0.1, 0.2, True), (-0.2, -0.1, True)):
            e = Effect("", "", kind, none + (low + high) / 2, none + low, none + high, 1)
            assert e.seen == seen
            assert not seen or e.helps == (low > 0)


def test_a_ratio_that_is_turned_round_is_the_same_comparison():
    """Peepholes beside the LSTM, and NP beside V: one pair of networks, read from either side."""
    forth = {e.task: e for e in effects(next(v for v in VARIANTS if v.title == "NP"))}
    back = [e for e in effects(VARIANTS[0]) if e.kind == "ratio"]
    assert len(back) == 4
    for e in back:
        there = forth[e.task]
        assert e.value * there.value == pytest.approx(1) and e.seen == there.seen
        assert not e.seen or e.helps != there.helps


def test_the_table_reads_every_variant_of_the_study():
    """A cell that joins a study joins the table."""
    keys = {v.key for v in VARIANTS}
    for record in ("ablation_text", "cell_search"):
        for _, key, _ in ledger.result(record)["config"]["nets"]:
            assert key in keys or key == "lstm_peephole", key
    assert set(ledger.result("deep_training")["config"]["kinds"]) - {"plain"} <= keys


def test_what_a_variant_changes_comes_from_the_equations():
    by_title = {v.title: v for v in VARIANTS}
    assert changed(by_title["NFG"], SPECS) == (["c = c_prev + i * g"], ["f"])
    assert changed(by_title["NOAF"], SPECS) == (["h = o * c"], [])
