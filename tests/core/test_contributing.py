"""What CONTRIBUTING prints for an experiment, its claim and a figure does what the page says.

The cell that it prints is added in tests/cells/test_add_a_cell.py.
"""

import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import yaml

from course_utils import figures, ledger
from course_utils.lab import running
from course_utils.ledger import results

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
FILE = re.compile(r"```(\w+)\n# src/course_utils/(\S+)\n(.*?)```", re.DOTALL)
PRINTED = {name: text for _, name, text in FILE.findall(PAGE)}


def add(name, tmp_path, monkeypatch):
    """The printed file beside those of the package; its module."""
    package, stem = name.removesuffix(".py").rsplit("/", 1)
    module = import_module(f"course_utils.{package.replace('/', '.')}")
    (tmp_path / f"{stem}.py").write_text(PRINTED[name], "utf-8")
    monkeypatch.setattr(module, "__path__", [*module.__path__, str(tmp_path)])
    return import_module(f"{module.__name__}.{stem}")


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    (name,) = (n for n in PRINTED if n.startswith("experiments/"))
    module = add(name, tmp_path, monkeypatch)
    running.places.cache_clear()
    yield module
    running.places.cache_clear()


def test_the_printed_experiment_runs_and_its_claim_earns_its_verdict(
    experiment, tmp_path, monkeypatch
):
    name = experiment.__name__.rpartition(".")[2]
    assert name in running.names() and running.chapter(name) == "lstm/gates"
    record = running.run(name)
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    ledger.record(name, record, tmp_path)
    (text,) = (t for n, t in PRINTED.items() if n.startswith("ledger/claims/"))
    (entry,) = yaml.safe_load(text)
    claim = ledger.Claim(**entry)
    assert claim.verdict == claim.recomputed, claim.ours_text


def test_the_printed_experiment_has_a_small_version(experiment):
    values = running.run(experiment.__name__.rpartition(".")[2], quick=True)["values"]
    assert values["of"] == 3 and values["reach"]["95"] > values["reach"]["50"]
    json.dumps(values, allow_nan=False)


def test_the_printed_figure_draws_what_it_is_given(tmp_path, monkeypatch):
    from matplotlib import pyplot as plt

    (name,) = (n for n in PRINTED if n.startswith("figures/"))
    survival = add(name, tmp_path, monkeypatch).survival
    with figures.style():
        fig, ax = plt.subplots()
        survival(ax, np.arange(11), [0.5, 1.0])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 0.5 ** np.arange(11))
    assert "nothing is left" in figures.show(fig, alt="At 0.5 nothing is left.")._repr_html_()
    fig, ax = plt.subplots()
    with pytest.raises(figures.FigureError, match=r"shares: expected \(S,\) in \[0, 1\]"):
        survival(ax, [0, 1], [1.5])
    plt.close(fig)


def test_every_printed_file_was_tried():
    tried = ("specs/", "numpy_nn/cells/", "torch_nn/cells/", "experiments/", "ledger/claims/",
             "figures/")  # fmt: skip
    assert all(name.startswith(tried) for name in PRINTED), sorted(PRINTED)
