"""Tasks for encoder–decoders: dates, digit strings, sorting, pen strokes."""

import datetime
import sys
from itertools import pairwise

import numpy as np
import pytest

from course_utils.tasks import Dates, DigitStrings, Pen, Sorting
from course_utils.tasks.dates import DatesMissing, version, write
from course_utils.tasks.pen import LETTERS, smooth, strokes
from course_utils.tasks.symbols import END, PAD, Alphabet, lengths

DATES = Dates(years=3)
TASKS = [DATES, DigitStrings(), Sorting(2, 6), Pen()]
every_task = pytest.mark.parametrize("task", TASKS, ids=lambda t: type(t).__name__)


def sample(task, seed=0, n=40):
    return task.sample(np.random.default_rng(seed), n)


@every_task
def test_a_seed_names_a_batch(task):
    first, again, other = sample(task, 3), sample(task, 3), sample(task, 4)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.x.shape != other.x.shape or (first.x != other.x).any()
    assert first.x.shape[1] == first.target.shape[1] == 40


@every_task
def test_padding_stands_behind(task):
    x, target, mask = sample(task)
    counts = np.ones(target.shape[:2], bool) if mask is None else mask
    assert (counts[:-1] >= counts[1:]).all() and counts.any(axis=0).all()
    assert not target[~counts].any()
    if x.ndim == 2:
        there = x != PAD
        assert (there[:-1] >= there[1:]).all()
        np.testing.assert_array_equal(lengths(x), there.sum(axis=0))


def test_the_alphabet_survives_the_round_trip():
    alphabet = Alphabet("abc")
    ids = alphabet.encode(["ab", "", "cab"], end=True)
    np.testing.assert_array_equal(ids[:, 0], [3, 4, END, PAD])
    assert alphabet.decode(ids) == ["ab", "", "cab"]
    assert alphabet.size == 6 and ids.max() < alphabet.size


# -- dates -----------------------------------------------------------------------------------------


def test_every_date_says_its_day():
    """Some locale and format write the answer's day as the text: Babel called anew."""
    x, target, _ = sample(DATES)
    texts, answers = DATES.source.decode(x), DATES.target.decode(target)
    assert (target[-1] == END).all() and len(target) == 11
    for text, answer in zip(texts, answers, strict=True):
        day = datetime.date.fromisoformat(answer)
        assert text in {
            write(day, where, form) for where in DATES.locales for form in DATES.formats
        }
    assert any(not text.isascii() for text in texts) and any(text.isascii() for text in texts)


def test_a_date_in_three_languages():
    day = datetime.date(2011, 3, 7)
    assert write(day, "de_DE", "long") == "7. märz 2011"
    assert write(day, "fr_FR", "full") == "lundi 7 mars 2011"
    assert write(day, "en_US", "MMMM d, y") == "march 7, 2011"
    assert write(day, "en_GB", "d/M/yy") == "7/3/11" and version()


def test_the_parts_share_no_day_and_leave_none_out():
    parts = [set(Dates(part, years=3).days) for part in ("train", "validation", "test")]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 365 * 2 + 366
    shares = [len(Dates(part).days) / 18262 for part in ("train", "validation", "test")]
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.01)
    train, test = (sample(Dates(part, years=3)).target for part in ("train", "test"))
    assert not set(DATES.target.decode(train)) & set(DATES.target.decode(test))


def test_the_alphabet_of_dates_knows_every_day():
    for month in range(1, 13):
        for day in (9, 10, 11, 12, 13, 14, 15):
            text = write(datetime.date(1987, month, day), "es_ES", "full")
            assert set(text) <= set(DATES.source.characters)


def test_without_babel_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(DatesMissing, match="pip install babel"):
        sample(Dates(years=1))


# -- digits and sorting ----------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["reversed", "same", "sorted"])
def test_digits_are_written_in_the_order_asked_for(order):
    task = DigitStrings(2, 7, order)
    x, target, mask = sample(task, n=200)
    texts, answers = task.alphabet.decode(x), task.alphabet.decode(target)
    how = {"reversed": lambda s: s[::-1], "same": str, "sorted": lambda s: "".join(sorted(s))}
    assert answers == [how[order](text) for text in texts]
    assert set(map(len, texts)) == set(range(2, 8)) and set("".join(texts)) == set("0123456789")
    np.testing.assert_array_equal(mask.sum(axis=0), lengths(x) + 1)


def test_pointers_sort():
    x, target, mask = sample(Sorting(2, 6), n=100)
    for k in range(100):
        n = mask[:, k].sum()
        order = target[:n, k]
        assert sorted(order) == list(range(n))
        assert (np.diff(x[order, k, 0]) >= 0).all()
    assert set(mask.sum(axis=0)) == {2, 3, 4, 5, 6}


# -- the pen ---------------------------------------------------------------------------------------


def test_a_word_has_the_strokes_of_its_letters():
    task = Pen(1, 4)
    x, target, mask = sample(task)
    assert set(np.unique(target[..., 2])) == {0, 1}
    for k, word in enumerate(task.alphabet.decode(x)):
        offsets = target[mask[:, k], k]
        assert offsets[-1, 2] == 1
        assert len(strokes(offsets)) == sum(len(LETTERS[letter]) for letter in word)
        assert sum(map(len, strokes(offsets))) == len(offsets)


def test_a_steady_hand_writes_what_is_drawn_and_an_unsteady_one_never_the_same():
    rng = np.random.default_rng(0)
    steady = Pen(jitter=0)
    np.testing.assert_array_equal(steady.write("abk", rng), steady.write("abk", rng))
    (line,) = strokes(steady.write("v", rng))
    for point in LETTERS["v"][0]:
        assert np.abs(line - point).sum(axis=1).min() < 1e-12
    assert (np.hypot(*np.diff(line, axis=0).T) < 2 * steady.spacing).all()
    assert np.abs(Pen().write("v", rng) - Pen().write("v", rng)).max() > 1e-3


def test_letters_stand_side_by_side():
    word = "lvzo"  # a stroke each
    parts = strokes(Pen(jitter=0).write(word, np.random.default_rng(0)))
    for left, right in pairwise(parts):
        assert 0.2 < right[:, 0].min() - left[:, 0].max() < 0.6


def test_letters_can_be_told_apart():
    """The nearest steady letter, stroke by stroke, is the right one: 19 times in 20 and more."""
    rng, task = np.random.default_rng(0), Pen()

    def outline(offsets):
        """Every stroke as 12 points, spaced evenly in index."""
        parts = strokes(offsets)
        return np.stack([p[np.linspace(0, len(p) - 1, 12).round().astype(int)] for p in parts])

    models = {letter: outline(Pen(jitter=0).write(letter, rng)) for letter in LETTERS}
    right = total = 0
    for letter in LETTERS:
        for _ in range(5):
            drawn = outline(task.write(letter, rng))
            fits = {k: m for k, m in models.items() if len(m) == len(drawn)}
            right += letter == min(fits, key=lambda k: ((fits[k] - drawn) ** 2).sum())
            total += 1
    assert right / total > 0.95


def test_a_smooth_curve_goes_through_its_points():
    points = np.array([[0.0, 0], [1, 2], [3, 1]])
    curve = smooth(points, 0.5)
    for point in points:
        assert np.abs(curve - point).sum(axis=1).min() < 1e-12
    straight = smooth(np.array([[0.0, 0], [2, 1]]), 0.5)
    np.testing.assert_allclose(straight[:, 0], 2 * straight[:, 1])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Dates("dev"), "part: expected one of train"),
        (lambda: Dates(formats=()), "formats: expected at least one"),
        (lambda: DigitStrings(3, 2), "shortest: 3 is more than longest"),
        (lambda: DigitStrings(order="random"), "order: expected one of reversed"),
        (lambda: Sorting(0, 2), "shortest: expected a positive integer"),
        (lambda: Pen(letters="aä"), "letters: expected some of abc"),
        (lambda: Pen(spacing=0), "spacing, jitter: expected positive"),
        (lambda: Alphabet("aa"), "characters: some stand there twice"),
        (lambda: Alphabet("ab").encode(["c"]), r"\['c'\] are not in this alphabet"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
