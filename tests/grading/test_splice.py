"""Which cell is the answer, what of it is run, and that no text takes long to read."""

import json

import handins
import pytest
from fuzzing import fuzz
from hypothesis import strategies as st

from course_utils.grading.guard import Overdue, time_limit
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.magics import without_installers
from course_utils.grading.notebook import MOST_CODE, MOST_SOURCE, Unreadable, read_cells
from course_utils.grading.splice import bound, splice

BINDERS = {
    "def": "def state(i, f, g, o, c_prev):\n    return 0, 0",
    "async def": "async def state(i, f, g, o, c_prev):\n    return 0, 0",
    "lambda": "state = lambda i, f, g, o, c_prev: (0, 0)",
    "annotated": "state: object = lambda *a: (0, 0)",
    "partial": "from functools import partial\nstate = partial(max, 0)",
    "def under if": "if True:\n    def state(i, f, g, o, c_prev):\n        return 0, 0",
    "def under try": "try:\n    def state(*a): return 0, 0\nexcept ValueError: pass",
    "def under with": "import io\nwith io.StringIO():\n    def state(*a): return 0, 0",
    "class": "class state:\n    def __new__(cls, *a): return 0, 0",
    "import": "from math import hypot as state",
    "tuple": "other, state = min, max",
    "walrus": "print(state := max)",
    "loop": "for state in (min, max): pass",
    "two steps": "def mine(*a): return 0, 0\nstate = mine",
    "below a magic": "%matplotlib inline\n!ls\nstate = max",
    "decorated": "from functools import cache\n@cache\ndef state(*a): return 0, 0",
    "with a syntax error": "def state(i, f:\n    return 0",
}
TRIAL = "def state(i, f, g, o, c_prev):\n    return 'an older trial'\n"


@pytest.mark.parametrize("where", [0, -1])
@pytest.mark.parametrize("how", BINDERS)
def test_a_marked_answer_that_binds_the_name_wins_over_an_older_trial(exercise, how, where):
    answer = f"# === ANSWER q2 ===\n{BINDERS[how]}\n"
    notebook = json.loads(as_submission(exercise, {**solution_answers(exercise), "q2": answer}))
    notebook["cells"].insert(where % (len(notebook["cells"]) + 1), handins.new(TRIAL, id="old"))
    cells, _ = read_cells(json.dumps(notebook).encode())
    assert splice(exercise, cells).answers["q2"] == answer


def test_an_answer_below_the_untouched_stub_is_found(exercise):
    notebook = json.loads(as_submission(exercise))
    notebook["cells"].append(handins.new(TRIAL, id="mine"))
    cells, _ = read_cells(json.dumps(notebook).encode())
    assert splice(exercise, cells).answers["q2"] == TRIAL


@pytest.mark.parametrize("inner", ["x = 1", "def g(): y = 2", "[z for z in ()]", "lambda q: 1"])
def test_names_inside_a_function_are_not_bound_outside(inner):
    assert bound(f"def f():\n    {inner}\n") == {"f"}


@pytest.mark.parametrize(
    "line",
    ["!pip install x", "%pip install x", "! pip3 install -q x", "!python -m pip install x",
     "!{sys.executable} -m pip install x", "!/usr/bin/python3.11 -m pip install x",
     "%conda install x", "!sudo apt-get install x", "!uv pip install x",
     "!pip install \\\n    x \\\n    y"],
)  # fmt: skip
def test_installers_are_left_out_line_for_line(line):
    for before, after in (("", ""), ("a = 1\n", "b = 2\n"), ("if a:\n    ", "\nb = 2")):
        cleaned, count = without_installers(f"{before}{line}\n{after}")
        assert count == 1
        assert cleaned == f"{before}pass\n" + "\n" * line.count("\n") + after


def test_an_installer_below_one_with_a_quote_is_left_out_too():
    assert without_installers("!pip install \'x\n!pip install \"\"\"y\n!pip z\n") == (
        "pass\npass\npass\n", 3)  # fmt: skip


@pytest.mark.parametrize(
    "source",
    ["x = '''\n!pip install x\n'''\n", "y = (5\n%pip\n)\n", "s = '!pip install'\n", "# !pip\n",
     "!ls\n%matplotlib inline\n", "a = b \\\n%conda\n", "!echo pip install\n", "%time pip = 1\n",
     "x = !pip list\n", "def f():\n    return 7 % pip\n"],
)  # fmt: skip
def test_what_ipython_takes_for_no_installer_stays(source):
    assert without_installers(source) == (source, 0)


HOSTILE = {
    "blank lines": "\n" * MOST_SOURCE,
    "spaces": " " * MOST_SOURCE + "x",
    "installers": "!pip install x\n" * (MOST_SOURCE // 16),
    "magics": "%x\n" * (MOST_SOURCE // 4),
    "continued": "!pip \\\n" * (MOST_SOURCE // 8),
    "open brackets": "(" * MOST_SOURCE,
    "minus": "-" * (MOST_SOURCE - 1) + "1",
    "markers": "# === ANSWER q2 ===\n" * (MOST_SOURCE // 20),
    "open strings": "'''\n" * (MOST_SOURCE // 5) + "x",
    "backslashes": "\\\n" * (MOST_SOURCE // 3),
    "indents": "".join(f"{' ' * k}if 1:\n" for k in range(400)),
    "carriage returns": "\r" * MOST_SOURCE,
    "python": "!" + "python3" * (MOST_SOURCE // 8),
    "assignments": "state = 1\n" * (MOST_SOURCE // 11),
    "nul": "\0" * MOST_SOURCE,
    "one name": "x" * MOST_SOURCE,
    "sums": "+".join("x" * (MOST_SOURCE // 4)),
}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_takes_long_to_read(exercise, text):
    """Thirty times what the longest takes; what was quadratic took minutes."""
    cells = [handins.new(f"# === ANSWER q2 ===\n{HOSTILE[text]}"[:MOST_SOURCE], id="q2")]
    with time_limit(30):
        try:
            found, _ = read_cells(json.dumps({"cells": cells}).encode())
            splice(exercise, found)
        except (RecursionError, MemoryError):
            pass


def test_a_step_that_takes_too_long_is_stopped():
    with pytest.raises(Overdue), time_limit(0.05):
        while True:
            pass


def test_long_cells_are_left_out_and_long_notebooks_refused():
    long = handins.new("x" * (MOST_SOURCE + 1), id="a")
    cells, notes = read_cells(json.dumps({"cells": [long, handins.new("y = 1", id="b")]}).encode())
    assert [cell.source for cell in cells] == ["", "y = 1"]
    assert any("longer than 100 kB" in note for note in notes)
    many = [handins.new("x" * MOST_SOURCE)] * (MOST_CODE // MOST_SOURCE + 1)
    with pytest.raises(Unreadable, match="shorten"):
        read_cells(json.dumps({"cells": many}).encode())


WORDS = "!pip install x|%pip x|!ls|%time|def f():|    |'''|(|)|\\|\n|\n|x = 1|%|!|# c|\t|{|\r|\x0c"
PIECES = st.sampled_from(WORDS.split("|"))


def test_an_indentation_that_nobody_can_read_is_left_as_it_is():
    source = "\t!pip install x\n    !pip install x"
    assert without_installers(source) == (source, 0)


@fuzz(st.lists(PIECES, max_size=25).map("".join), few=100, many=4000)
def test_any_source_keeps_its_lines_and_what_is_no_installer(source):
    cleaned, count = without_installers(source)
    bound(source)
    assert isinstance(cleaned, str)
    if not count:
        assert cleaned == source
    assert cleaned.count("\n") == source.count("\n")
