"""Three judges of one hand-in: the notebook's own check, `course check`, the grader.

And the hand-ins on which they must agree, changes of a handed-out notebook with the solution in it.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass

POINTS = re.compile(r"^(q\d+):.*\(([\d.]+) of [\d.]+ points\)", re.MULTILINE)

IN_A_NOTEBOOK = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.displaypub import CapturingDisplayPublisher
import io, contextlib
from course_utils.grading.notebook_check import ran
shell = InteractiveShell.instance()
shell.display_pub = publisher = CapturingDisplayPublisher()
with_ids = sys.argv[1] == "ids"
for path in sys.argv[2:]:
    shell.reset()
    ran.clear()
    publisher.outputs.clear()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in json.load(open(path))["cells"]:
            if cell["cell_type"] == "code":
                known = {"cell_id": cell["id"]} if with_ids else {}
                shell.run_cell("".join(cell["source"]), store_history=True, **known)
    shown = [o["data"].get("text/plain", "") for o in publisher.outputs]
    sys.stderr.write(json.dumps(said.getvalue() + "\\n" + "\\n".join(shown)) + "\\n")
"""


@dataclass(frozen=True)
class Case:
    """change: (notebook, {question: source}) -> None; points: what every judge gives."""

    title: str
    change: object
    lost: dict = None

    def points(self, full):
        """{question: points}."""
        return {**full, **(self.lost or {})}


def cell(nb, name):
    return next(c for c in nb["cells"] if c["id"] == name)


def below(nb, name, source):
    """A new code cell under another."""
    new = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    place = nb["cells"].index(cell(nb, name))
    nb["cells"].insert(place + 1, {**new, "id": f"mine-{name}", "source": source})


def answer(key, old="", new="", whole=""):
    """The answer to a question changed."""

    def change(nb, stubs):
        source = "".join(cell(nb, f"{key}-answer")["source"])
        assert whole or old in source
        cell(nb, f"{key}-answer")["source"] = whole or source.replace(old, new)

    return change


def helper(place, source):
    """q2 calls `squash`, which an added cell or a given one defines."""

    def change(nb, stubs):
        answer("q2", "np.tanh(c)", "squash(c)")(nb, stubs)
        if place == "setup":
            cell(nb, "setup")["source"] = "".join(cell(nb, "setup")["source"]) + "\n" + source
        else:
            below(nb, place, source)

    return change


def below_the_stub(nb, stubs):
    source = "".join(cell(nb, "q2-answer")["source"])
    cell(nb, "q2-answer")["source"] = stubs["q2"]
    below(nb, "q2-answer", source.replace("# === ANSWER q2 ===\n", ""))


def below_the_stub_with_marker(nb, stubs):
    source = "".join(cell(nb, "q2-answer")["source"])
    cell(nb, "q2-answer")["source"] = stubs["q2"]
    below(nb, "q2-answer", source)


def above_the_stub(after, marked=False):
    """The answer to q2 in a cell of the student's own, above its untouched cell."""

    def change(nb, stubs):
        source = "".join(cell(nb, "q2-answer")["source"])
        cell(nb, "q2-answer")["source"] = stubs["q2"]
        below(nb, after, source if marked else source.replace("# === ANSWER q2 ===\n", ""))

    return change


def untouched(nb, stubs):
    for key, source in stubs.items():
        cell(nb, f"{key}-answer")["source"] = source


SQUASH = "def squash(v):\n    return np.tanh(v)\n"
CASES = (
    Case("the solution", lambda nb, stubs: None),
    Case("the stubs", untouched, dict.fromkeys((f"q{k}" for k in range(1, 8)), 0)),
    Case("a helper above", helper("q1-check", SQUASH)),
    Case("a helper above everything", helper("references", SQUASH)),
    Case("a helper below the answer", helper("q2-answer", SQUASH)),
    Case("a helper beside a plot", helper("q2-answer", f"{SQUASH}print(squash(1))\n1 / 0\n")),
    Case("a helper under a magic", helper("q2-answer", f"%precision 4\n{SQUASH}")),
    Case("an import in a cell", helper("q1-check", "from numpy import tanh as squash")),
    Case("an import in the set-up cell", helper("setup", "from numpy import tanh as squash")),
    Case("a function in the set-up cell", helper("setup", SQUASH)),
    Case("an import that may fail", helper("setup", "try:\n    from nowhere import squash\n"
         "except ImportError:\n    from numpy import tanh as squash\n")),
    Case("a constant in a cell", helper("q1-check", "squash = np.vectorize(np.tanh)")),
    Case("an added cell that fails", lambda nb, stubs: below(nb, "q1-check", "1 / 0")),
    Case("an answer below the stub", below_the_stub),
    Case("an answer below the stub, marked", below_the_stub_with_marker),
    Case("an answer above the stub", above_the_stub("q1-check")),
    Case("an answer above the stub, marked", above_the_stub("q1-check", marked=True)),
    Case("an answer above everything", above_the_stub("title")),
    Case("a forbidden module above the stub", lambda nb, stubs: (
        answer("q2", "    return", "    from course_utils import numpy_nn\n    return")(nb, stubs),
        above_the_stub("q1-check")(nb, stubs)), {"q2": 0}),
    Case("a wrong answer above the stub", lambda nb, stubs: (
        answer("q2", "o * np.tanh(c), c", "o * c, c")(nb, stubs),
        above_the_stub("q1-check")(nb, stubs)), {"q2": 1}),
    Case("a forbidden module", answer("q1", "    a = x", "    from course_utils import numpy_nn\n"
         "    a = x"), {"q1": 0}),
    Case("a forbidden module imported elsewhere", lambda nb, stubs: (
        below(nb, "references", "from course_utils import numpy_nn as other"),
        answer("q1", "    a = x", "    other.ops\n    a = x")(nb, stubs)), {"q1": 0}),
    Case("an argument named like a forbidden module", lambda nb, stubs: below(
        nb, "references", "from course_utils import numpy_nn as h_prev")),
    Case("a module of the course that is not there", answer("q1", "    a = x",
         "    import course_utils.specs\n    a = x"), {"q1": 0}),
    Case("half right", answer("q2", "o * np.tanh(c), c", "o * c, c"), {"q2": 1}),
    Case("no return", answer("q2", "return", "_ ="), {"q2": 0}),
    Case("one value too few", answer("q2", "np.tanh(c), c", "np.tanh(c)"), {"q2": 0}),
    Case("no Python", answer("q3", "for x_t in x:", "for x_t in x"), {"q3": 0}),
    Case("the wrong shape", answer("q3", "np.stack(y)", "np.stack(y)[1:]"), {"q3": 4 / 3}),
    Case("an unknown name", answer("q4", "np.log(", "log("), {"q4": 0}),
    Case("a helper that was not written", answer("q2", "np.tanh(c)", "squash(c)"), {"q2": 0}),
)  # fmt: skip


def notebook(handed_out, exercise, case):
    """Bytes of a hand-in."""
    nb = json.loads(handed_out.read_text("utf-8"))
    answers = {c.cell_id: c.source for c in exercise.cells if c.role == "answer"}
    for raw in nb["cells"]:
        if raw["id"] in answers:
            raw["source"] = answers[raw["id"]]
    case.change(nb, exercise.stubs)
    return json.dumps(nb).encode()


def points(text):
    """{question: points} of what a check said."""
    return {key: float(value) for key, value in POINTS.findall(text)}


def in_notebooks(paths, ids=True):
    """What the notebooks' own checks say, each run from top to bottom.

    ids: the front end says which cell it runs, as JupyterLab does.
    """
    words = [sys.executable, "-W", "ignore", "-c", IN_A_NOTEBOOK, "ids" if ids else "none"]
    words += map(str, paths)
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith('"')]
