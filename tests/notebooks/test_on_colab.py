"""Every notebook and exercise from top to bottom with Colab's versions: `make test-colab`.

The exercises with the solution's answers in them.  Only the course's address is another: a wheel of
this working tree.
"""

import ast
import json
import re

import nbformat
import pytest
from colab import (
    CHAPTERS,
    EXERCISES,
    INSTALLS,
    ROOT,
    SPENT,
    STAMP,
    VERSIONS,
    course,
    installed,
    session,
)
from nb_builder import MINUTES
from nbclient import NotebookClient

VERDICT = re.compile(r"^q\d+: .*\(([\d.]+) of ([\d.]+) points\)", re.MULTILINE)
FACTOR = 2  # a free session against the machine that runs the tests
pytestmark = [
    pytest.mark.colab,
    pytest.mark.filterwarnings("default"),  # the client's own, of zmq and asyncio
    pytest.mark.skipif(not STAMP.exists(), reason="no environment like Colab's: make test-colab"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return course(tmp_path_factory.mktemp("wheel"))


def answered(path):
    """The student's notebook with the solution's answers; a chapter's as it is."""
    notebook = nbformat.read(path, as_version=4)
    if path in EXERCISES:
        solution = ROOT / "solutions" / path.relative_to(path.parents[1])
        cells = json.loads(solution.read_text("utf-8"))["cells"]
        answers = {c["id"]: "".join(c["source"]) for c in cells}
        for cell in notebook.cells:
            if cell.metadata.get("course", {}).get("role") == "answer":
                cell.source = answers[cell.id]
    return notebook


def shown(cell):
    """What a cell printed, on both streams."""
    streams = [o for o in cell.get("outputs", ()) if o.output_type == "stream"]
    return "".join(o.text for o in streams)


def verdicts(notebook):
    """(points, of how many) from each check of an exercise that said something."""
    outputs = [o for c in notebook.cells for o in c.get("outputs", ())]
    texts = [o.text if o.output_type == "stream" else o.get("data", {}).get("text/plain", "")
             for o in outputs]  # fmt: skip
    return [found for text in texts for found in VERDICT.findall(text)]


@pytest.mark.parametrize("path", [*CHAPTERS, *EXERCISES], ids=lambda p: "/".join(p.parts[-3:]))
def test_a_notebook_runs_on_colab(path, wheel, tmp_path, monkeypatch, capsys):
    """It changes nothing that is there, prints no warning, and keeps the time that it states.

    An exercise gives its solution all points.
    """
    notebook = answered(path)
    asks = lambda source: nbformat.v4.new_code_cell(source)  # noqa: E731
    (place,) = [k for k, c in enumerate(notebook.cells) if INSTALLS.search(c.get("source", ""))]
    install = notebook.cells[place]
    address, others = installed(path)
    install.source = install.source.replace(address, str(wheel))
    before, after, again, start, end = (
        asks(source) for source in (VERSIONS, VERSIONS, VERSIONS, SPENT, SPENT)
    )
    second = asks(install.source)
    notebook.cells[place : place + 1] = [before, install, after, second, again, start]
    notebook.cells.append(end)
    for name, value in session(tmp_path).items():
        monkeypatch.setenv(name, value)
    work = tmp_path / "content"
    work.mkdir()
    NotebookClient(
        notebook, kernel_name="colab", timeout=600, resources={"metadata": {"path": str(work)}}
    ).execute()
    nbformat.write(notebook, tmp_path / path.name)

    was, now, later = (ast.literal_eval(shown(c)) for c in (before, after, again))
    new = {re.split("==", name)[0].lower() for name in others} | {"course-utils"}
    assert now == later and now == was | {name: now[name] for name in new} and not new & set(was)
    took = float(shown(end)) - float(shown(start))
    with capsys.disabled():
        print(f" {took:.1f} s ", end="")
    assert FACTOR * took < 60 * MINUTES
    told = [
        o.text for c in notebook.cells for o in c.get("outputs", ())
        if o.output_type == "stream" and o.name == "stderr"
    ]  # fmt: skip
    assert told == []
    checks = [c for c in notebook.cells if c.metadata.get("course", {}).get("role") == "check"]
    points = verdicts(notebook)
    assert len(points) == len(checks) and all(got == full for got, full in points)
