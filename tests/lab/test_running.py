"""`course run` from end to end, with an experiment of the tests' own."""

import json
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import pytest
import seeded

from course_utils.lab import dependencies, running
from course_utils.lab.seeds import OverBudget, cache_folder, over_seeds
from course_utils.ledger import LedgerError, results


@dataclass(frozen=True)
class Config:
    seeds: tuple = (1, 2, 3)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """An experiment whose seeds leave files in ``calls``; broken: it is stopped at its end."""
    (tmp_path / "calls").mkdir()
    found = SimpleNamespace(Config=Config, broken=0, calls=tmp_path / "calls", nan=False)

    def run(config, progress):
        rows = over_seeds(partial(seeded.run_seed, str(found.calls)), config.seeds, progress)
        if found.broken:
            raise KeyboardInterrupt
        return {"values": [float("nan") if found.nan else row["value"] for row in rows]}

    found.run = run
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(running, "load", lambda name: found)
    monkeypatch.setattr(running, "cost", lambda name: 7200.0)
    monkeypatch.setattr(running, "announced", lambda name, jobs: f"{name}, {jobs} at a time")
    monkeypatch.setattr(dependencies, "hashes", lambda *args: {"toy.run": "0123"})
    return found


def run(tmp_path, said=None, **options):
    say = (said if said is not None else []).append
    return running.main_run("toy", out=tmp_path, jobs=1, say=say, **options)


def test_a_stopped_run_goes_on_and_is_recorded_once(toy, tmp_path):
    toy.broken = True
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    assert list(cache_folder().iterdir()) and not list(tmp_path.glob("*.json"))
    toy.broken = False
    said = []
    record = results.read(run(tmp_path, said))
    assert said[0] == "toy, 1 at a time" and "recorded in" in said[1]
    assert record["values"] == {"values": [1, 2, 3]} and record["code"] == {"toy.run": "0123"}
    assert len(list(toy.calls.iterdir())) == 3, "each seed was called once, over two starts"
    assert not list(cache_folder().iterdir()), "what is recorded is stored no more"


def test_fresh_begins_again(toy, tmp_path):
    toy.broken = True
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    toy.broken = False
    for file in toy.calls.iterdir():
        file.unlink()
    run(tmp_path, fresh=True)
    assert len(list(toy.calls.iterdir())) == 3


def test_a_budget_below_the_last_recording_runs_nothing(toy, tmp_path):
    with pytest.raises(OverBudget, match=r"recorded at 2\.00 CPU hours, more than the budget of 1"):
        run(tmp_path, budget=1.0)
    assert not list(toy.calls.iterdir())
    assert run(tmp_path, budget=2.5).exists()


def test_nan_is_refused_and_the_seeds_are_kept(toy, tmp_path):
    toy.nan = True
    with pytest.raises(LedgerError, match="record None"):
        run(tmp_path)
    assert list(cache_folder().iterdir()) and not list(tmp_path.glob("*.json"))


def test_code_that_changes_while_it_runs_is_not_recorded(toy, tmp_path, monkeypatch):
    seen = iter(["0123", "4567", "4567"])
    monkeypatch.setattr(dependencies, "hashes", lambda *args: {"toy.run": next(seen)})
    with pytest.raises(ValueError, match=r"toy: toy\.run changed while it ran; nothing was rec"):
        run(tmp_path)
    assert not list(tmp_path.glob("*.json"))


def test_what_only_the_values_name_is_no_change(toy, tmp_path, monkeypatch):
    hashes = {True: {"toy.run": "of the cells named"}, False: {"toy.run": "of none"}}
    monkeypatch.setattr(dependencies, "hashes", lambda name, config, values: hashes[bool(values)])
    record = json.loads(run(tmp_path).read_text("utf-8"))
    assert record["code"] == hashes[True]
