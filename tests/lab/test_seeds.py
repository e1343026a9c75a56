"""A study gives what a plain loop gives, resumed, in other processes, and within its budget."""

import os
from functools import partial

import pytest
import seeded

from course_utils.lab.seeds import OverBudget, Study, cache_folder, over_seeds, study


@pytest.fixture
def calls(tmp_path):
    """(a folder where each call leaves a file, what says which seeds were called)."""
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder, lambda: sorted(int(p.name.split("-")[0]) for p in folder.iterdir())


def values(rows):
    return [row["value"] for row in rows]


def test_a_study_gives_what_a_plain_loop_gives(calls, tmp_path):
    run_seed = partial(seeded.run_seed, str(calls[0]), factor=2)
    plain = over_seeds(run_seed, (3, 1, 2))
    assert values(plain) == [6, 2, 4]
    assert over_seeds(run_seed, (3, 1, 2), Study("s", tmp_path / "store")) == plain
    assert over_seeds(lambda seed: seed, (3, 1), Study("s", tmp_path / "store")) == [3, 1]
    assert list(Study("s")((4, 5))) == [4, 5]


def test_one_bar_is_shown_for_an_outer_and_an_inner_loop(tmp_path):
    shown = []
    seen = Study("s", tmp_path, bar=lambda items: shown.append(list(items)) or items)
    for factor in seen([1, 2]):
        over_seeds(partial(pow, factor), (5, 6), seen)
    assert shown == [[1, 2]]
    over_seeds(partial(pow, 3), (5, 6), seen)
    assert shown == [[1, 2], [5, 6]]


def test_a_stopped_study_goes_on_where_it_was(calls, tmp_path):
    folder, called = calls
    run_seed = partial(seeded.run_seed, str(folder))
    with pytest.raises(ArithmeticError):
        over_seeds(run_seed, (1, 2, 13), Study("s", tmp_path / "store"))
    assert called() == [1, 2, 13]
    again = Study("s", tmp_path / "store")
    assert values(over_seeds(run_seed, (1, 2, 3), again)) == [1, 2, 3]
    assert called() == [1, 2, 3, 13], "1 and 2 were not called again"
    again.clear()
    over_seeds(run_seed, (1,), Study("s", tmp_path / "store"))
    assert len(list(folder.glob("1-*"))) == 1 and not list(folder.glob("1-x"))


def test_other_arguments_are_another_result(calls, tmp_path):
    store = tmp_path / "store"
    for factor in (2, 3):
        rows = over_seeds(partial(seeded.run_seed, str(calls[0]), factor=factor), (5,),
                          Study("s", store))  # fmt: skip
        assert values(rows) == [5 * factor]
    assert len(list(store.iterdir())) == 2


def test_functions_that_have_no_name_are_never_stored(tmp_path):
    """What a closure holds can't be told apart: two of them must not share a result."""
    for factor in (2, 3):
        rows = over_seeds(lambda s, f=factor: s * f, (5,), Study("s", tmp_path, workers=2))
        assert rows == [5 * factor]


def test_seeds_are_spread_over_processes_of_one_thread(calls, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    folder, _ = calls
    spread = Study("s", tmp_path / "store", workers=2)
    rows = over_seeds(partial(seeded.run_seed, str(folder)), (4, 2, 3), spread)
    assert values(rows) == [4, 2, 3]
    assert {row["threads"] for row in rows} == {"1"} and os.environ["OMP_NUM_THREADS"] == "3"
    assert str(os.getpid()) not in {p.name.split("-")[1] for p in folder.iterdir()}
    assert spread.elsewhere > 0
    assert len(list((tmp_path / "store").iterdir())) == 3


def test_a_budget_stops_between_seeds_and_keeps_what_is_done(calls, tmp_path):
    folder, called = calls
    run_seed = partial(seeded.run_seed, str(folder))
    poor = Study("s", tmp_path / "store", budget=1.0)
    over_seeds(run_seed, (1,), poor)
    poor.elsewhere = 2.0
    with pytest.raises(OverBudget, match=r"s: 0\.00 CPU hours are spent"):
        over_seeds(run_seed, (1, 2), poor)
    with pytest.raises(OverBudget):
        list(poor((1, 2)))
    assert called() == [1]
    assert values(over_seeds(run_seed, (1, 2), Study("s", tmp_path / "store"))) == [1, 2]


def test_a_study_of_other_code_has_another_store(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stores = {study("adding", key).folder for key in ("one", "other", "one")}
    assert len(stores) == 2 and all(s.parent == cache_folder() for s in stores)


def test_what_was_half_written_is_run_again(calls, tmp_path):
    run_seed = partial(seeded.run_seed, str(calls[0]))
    store = Study("s", tmp_path / "store")
    over_seeds(run_seed, (7,), store)
    store.path(run_seed, 7).write_bytes(b"half")
    assert values(over_seeds(run_seed, (7,), store)) == [7]
