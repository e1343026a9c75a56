"""Anything may be handed in or emitted: it is read, or refused with a reason; nothing else."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from fuzzing import fuzz
from hypothesis import strategies as st

from course_utils.grading.bundle import MOST_VALUES, BundleError, Part, pack_part, unpack
from course_utils.grading.collect import collect
from course_utils.grading.compare import CLOSED, Verdict, compare
from course_utils.grading.exercise import load
from course_utils.grading.files import file_names, fold, raw
from course_utils.grading.notebook import Unreadable

EXERCISE = load(Path(__file__).parents[2] / "solutions" / "lstm" / "lstm_step.ipynb")
KINDS = ("float", "int", "bool", "complex", "text", "unreadable", "object", None)
SIZES = st.integers(-2, 4) | st.sampled_from([0, MOST_VALUES, MOST_VALUES + 1, 2**31, 2**63, 2**70])
VALUES = st.sampled_from(
    [0, 1, -1, 2**62, -(2**63), 2**63, 2**64, 10**30, 0.5, 1e308, -1e308, 1e-320, True, False, None,
     "", "nan", "inf", "-inf", "NaN", "x" * 2000, "\ud800", [], {}, [1]]
)  # fmt: skip
PARTS = (
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "shape": st.lists(SIZES, max_size=17) | VALUES,
            "data": st.lists(VALUES, max_size=9) | VALUES,
        },
        optional={"why": VALUES, "more": VALUES},
    )
    | VALUES
)
BUNDLES = (
    st.fixed_dictionaries(
        {"question": st.just("q1") | VALUES, "parts": st.dictionaries(st.text(max_size=3), PARTS)}
    )
    | VALUES
)
WANTED = [
    unpack({"question": "q", "parts": {"v": pack_part(np.asarray(value))}})[1]["v"]
    for value in (np.full((2, 3), 0.25), [1 + 2j], [3, 5], ["a", "b"], 7.5, [np.nan, np.inf])
]


@fuzz(BUNDLES)
def test_a_bundle_is_read_part_by_part_or_refused(raw):
    try:
        question, parts = unpack(raw)
    except BundleError as error:
        assert str(error)
        return
    assert isinstance(question, str)
    assert len(parts) == len(raw["parts"]) or len(raw["parts"]) > len({k[:80] for k in parts})
    for found in parts.values():
        assert isinstance(found, (str, Part))
        for wanted in WANTED:
            closed = compare(wanted, found)
            open_ = compare(wanted, found, reveal=True)
            assert isinstance(closed, Verdict) and closed.ok == open_.ok
            assert closed.ok or closed.text in CLOSED.values()
            json.dumps(open_.text).encode()


@fuzz(st.sampled_from(["float", "int", "bool", "complex", "text"]), st.lists(SIZES, max_size=17))
def test_an_impossible_shape_is_a_refused_part(kind, shape):
    part = {"kind": kind, "shape": shape, "data": []}
    _, parts = unpack({"question": "q", "parts": {"bad": part, "good": pack_part(np.ones(2))}})
    assert isinstance(parts["bad"], str) or 0 in parts["bad"].values.shape
    assert isinstance(parts["good"], Part)


NAMES = st.binary(min_size=1, max_size=12).map(
    lambda name: name.replace(b"/", b"-").replace(b"\0", b"0")
).filter(lambda name: name not in (b".", b".."))  # fmt: skip
NAMES = NAMES | st.sampled_from([b"a.ipynb", b"A.ipynb", b"caf\xe9.ipynb", b"x y.ipynb", b".ipynb"])
THINGS = st.sampled_from(
    ["file", "empty", "folder", "fifo", "link", "loop", "link up", "folder with one", "hole"]
)


def make(path, thing):
    """Put one thing of a kind at a path."""
    if thing in ("file", "empty"):
        path.write_bytes(b"{}" if thing == "file" else b"")
    elif thing == "hole":
        with path.open("wb") as file:
            file.truncate(65 << 20)
    elif thing == "fifo":
        os.mkfifo(path)
    elif thing in ("link", "loop", "link up"):
        path.symlink_to({"link": "nowhere", "loop": path.name, "link up": ".."}[thing])
    else:
        path.mkdir()
        if thing == "folder with one":
            (path / "inner.ipynb").write_bytes(b"[]")
            os.mkfifo(path / "fifo.ipynb")
            (path / "back").symlink_to("..")


@fuzz(st.dictionaries(NAMES, THINGS, max_size=6), st.booleans(), few=30, many=1000)
def test_every_name_in_a_folder_is_a_row_or_left_out_with_a_reason(entries, vanish):
    folder = Path(tempfile.mkdtemp())
    entries = {**entries, b"one more.ipynb": "file"}  # a folder around everything is no name
    try:
        for name, thing in entries.items():
            make(Path(os.fsdecode(bytes(folder) + b"/" + name)), thing)
        with collect(folder, EXERCISE) as found:
            if vanish:
                shutil.rmtree(folder)
            told = [entry.name for entry in found.entries] + [name for name, _ in found.left_out]
            assert {raw(name.split("/")[0]) for name in told} == set(entries)
            assert len({entry.name for entry in found.entries}) == len(found.entries)
            assert all(why for _, why in found.left_out)
            for entry in found.entries:
                try:
                    assert isinstance(entry.read(), bytes)
                except Unreadable as error:
                    assert str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@fuzz(st.lists(NAMES.map(os.fsdecode) | st.text(max_size=150), max_size=8, unique=True))
def test_names_of_files_are_safe_and_distinct(names):
    stems = file_names(names)
    assert len({fold(stem) for stem in stems.values()}) == len(names)
    for stem in stems.values():
        assert 0 < len(stem) < 140 and stem.isascii() and stem.isprintable()
        assert stem[0] not in ". " and not set(stem) & set('/\\:*?"<>|')
