"""Irish tunes as text, what makes one well formed, and the stronger of the two n-grams."""

import importlib.util

import numpy as np
import pytest

from course_utils.tasks import abc_check, tunes
from course_utils.tasks.ngram import KneserNey, NGram

GOOD = (
    "T:A Test\nM:6/8\nL:1/8\nK:G\n"
    "D|G2A BAG|A>BA d2c|(BAG) {A}F2[DF]|G/2G/2G/G/G G2||\nd|e3 efg|f3 z2:|\n"
)
needs_tunes = pytest.mark.skipif(
    importlib.util.find_spec("music21") is None, reason="music21 is not installed"
)


@pytest.fixture(scope="module")
def book():
    return tunes.oneill()


@needs_tunes
def test_the_collection_is_the_one_that_the_results_name(book):
    assert len(book.tunes) > 1500
    assert all(tune.startswith("T:") and "\n\n" not in tune for tune in book.tunes)
    assert tunes.pieces(book.text.characters) == list(book.tunes)


@needs_tunes
def test_the_parts_are_all_the_tunes_and_share_no_title(book):
    parts = {name: book.part(name) for name in tunes.PARTS}
    assert sum(map(len, parts.values())) == len(book.tunes)
    titles = [{tunes.title(tune).lower() for tune in part} for part in parts.values()]
    assert not (titles[0] & titles[1] or titles[0] & titles[2] or titles[1] & titles[2])
    assert 0.75 < len(parts["train"]) / len(book.tunes) < 0.85
    assert book.text.decode(book.ids("test")) == tunes.joined(parts["test"])


@needs_tunes
def test_shuffling_moves_whole_tunes(book):
    mixed = book.text.decode(book.shuffled("test", np.random.default_rng(0)))
    assert mixed != tunes.joined(book.part("test"))
    assert sorted(tunes.pieces(mixed)) == sorted(book.part("test"))


@needs_tunes
def test_most_real_tunes_are_well_formed(book):
    assert np.mean([not abc_check.faults(tune) for tune in book.tunes]) > 0.8


def test_without_music21_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tunes, "find_spec", lambda name: None)
    with pytest.raises(tunes.TunesMissing, match="pip install music21"):
        tunes.oneill()


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="name: expected one of train, validation, test"):
        tunes.Tunes((GOOD,)).part("dev")


def test_a_file_becomes_plain_text():
    block = 'X: 7\nT: The Test\nM: C\nL: 1/8\nZ: "me"\nK: D\n"G"A2 | B2 \\\n c2 ||  % end'
    assert tunes.plain(block) == "T:The Test\nM:C\nL:1/8\nK:D\nA2|B2 c2||\n"
    assert tunes.plain(block + "\nK: G\nA2") is None


def test_bars_that_stand_elsewhere_are_counted():
    assert tunes.bars("T:x\nM:C\nL:1/8\nK:G\nA B|c2:|\n|:d|1 e||\n") == ["AB", "c2", "d", "1e"]
    head = "T:x\nM:C\nL:1/8\nK:G\n"
    assert tunes.known([head + "AB|cd|\n"], [head + "c d|ef|\n"]) == 0.5


def test_a_good_tune_has_no_fault():
    assert abc_check.faults(GOOD) == set()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("K:G\n", "", "header"),
        ("M:6/8", "M:6/7", "header"),
        ("G2A", "G2?", "symbols"),
        ("(BAG)", "(BAG", "brackets"),
        ("(BAG)", "BAG)(", "brackets"),
        ("{A}", "{A", "symbols"),
        ("G2A", "G3A", "bars"),  # too long
        ("G2A", "GA", "bars"),  # too short between two plain lines
        ("f3 z2:|", "f3 z2", "bars"),  # no bar line at the end
        ("f3 z2:|", "f3 z4:|", "bars"),  # longer than a bar, before a repeat
        ("A>BA", "A>|BA", "bars"),  # the note that > shortens stands in another bar
        ("e3 efg", "e3 (3efg", "bars"),  # a triplet is shorter
        ("G2A BAG|A>BA d2c|", "", "bars"),  # fewer than four full bars
    ],
)
def test_one_change_makes_one_kind_of_fault(old, new, fault):
    assert GOOD.count(old) == 1
    assert abc_check.faults(GOOD.replace(old, new)) >= {fault}


@pytest.mark.parametrize(
    ("music", "eighths"),
    [("A2", 2), ("A/", 0.5), ("A//", 0.25), ("A3/2", 1.5), ("[AC]3", 3), ("(3ABc", 2),
     ("A>B", 2), ("A2>>B2", 4), ("{gag}A", 1), ("^c''z", 2), ("~A-A", 2), ("(4ABcd", 3)],
)  # fmt: skip
def test_lengths_add_up(music, eighths):
    tokens, rest = abc_check.tokenise(music + "|")
    assert not rest
    eighth = abc_check.Fraction(1, 8)
    ((total, _),) = abc_check.measure(tokens, 6 * eighth, eighth)
    assert total == eighth * abc_check.Fraction(eighths)


def test_kneser_ney_is_a_distribution_whose_surprises_agree():
    rng = np.random.default_rng(3)
    ids = np.repeat(rng.integers(0, 5, 300), rng.integers(1, 4, 300))
    model = KneserNey(ids[:400], 4, 7)
    found = model.surprises(ids, 400)
    for place in (400, 413, 450):
        p = model.distribution(ids[place - 9 : place])
        np.testing.assert_allclose(p.sum(), 1)
        np.testing.assert_allclose(-np.log2(p[ids[place]]), found[place - 400])
        assert p.min() > 0


def test_kneser_ney_by_hand():
    """Bigrams of 0 1 0 1 2: 01 twice, 10 and 12 once -> d = 2 / (2 + 2 * 1) = 1/2.

    Each of the three follows one kind of character, so that without context they are alike.
    """
    model = KneserNey([0, 1, 0, 1, 2], 2, 3)
    np.testing.assert_allclose(model.distribution([]), [1 / 3] * 3)
    np.testing.assert_allclose(
        model.distribution([0]), np.array([0.5 / 3, 1.5 + 0.5 / 3, 0.5 / 3]) / 2
    )


def test_kneser_ney_beats_witten_bell_and_learning_helps():
    text = ("the cat sat on the mat and the dog sat on the log. " * 8).encode()
    rng = np.random.default_rng(0)
    ids = np.array([c - 32 for c in text])
    ids[rng.random(len(ids)) < 0.1] = 0
    n = len(ids) // 2
    plain = KneserNey(ids[:n], 5, 96).surprises(ids, n)
    learning = KneserNey(ids[:n], 5, 96).surprises(ids, n, learn=True)
    assert plain.mean() < NGram(ids[:n], 5, 96).bits(ids, n)
    assert learning.mean() < plain.mean()


def test_learning_is_counting_what_was_read():
    ids = np.random.default_rng(1).integers(0, 4, 200)
    model = KneserNey(ids[:150], 3, 4)
    model.surprises(ids, 150, learn=True)
    assert model.tables == KneserNey(ids, 3, 4).tables
