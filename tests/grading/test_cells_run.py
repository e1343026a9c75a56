"""A cell that runs without IPython's transformers does what it does with them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.grading.sandbox import isolate

CELLS = {
    "nothing": "",
    "a comment": "# nothing",
    "statements": "a = 1\nb = a + 1",
    "a value": "a = 2\na + 1",
    "a value that prints": "print('x')\n'y'",
    "None": "None",
    "a display": "from IPython.display import display\ndisplay({'text/plain': 'x'}, raw=True)",
    "the builtin display": "display(3)",
    "the shell": "get_ipython().user_ns is globals()",
    "an error": "def f(v):\n    return 1 / v\n\n\nf(0)",
    "an error in the last value": "a = [1]\na[3]",
    "no Python": "for x in y",
    "a bad indent": "a = 1\n  b = 2",
    "a return": "return 3",
    "an exit": "import sys\nsys.exit(3)",
    "a future": "from __future__ import annotations",
    "what the future brought": "def g(v: nowhere) -> nobody:\n    return v\ng.__annotations__",
    "a magic": "%precision 3\n1 / 3",
    "a cell magic": "%%capture said\nprint('x')",
    "a shell line": "!echo from a shell",
    "an await": "import asyncio\nawait asyncio.sleep(0, 'waited')",
    "a help": "len?",
    "an indented cell": "    a = 3\n    a",
    "a null": "a = '\x00'",
    "a surrogate": "a = '\udcff'",
    "lines below a magic": "%matplotlib inline\ndef h():\n    raise KeyError('k')\nh()",
    "two on a line": "SEED = 5; import math\nmath.floor(SEED / 2)",
    "a class": "class A:\n    def __repr__(self):\n        return 'an A'\nA()",
    "a docstring alone": "'only a text'",
    "a semicolon": "3;",
    "deep": "(" * 300 + "1" + ")" * 300,
}
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import cellrun
cellrun.prepare()
cells, replies = json.load(sys.stdin), []
quick = cellrun.plain_python
for fast in (True, False):
    cellrun.plain_python = quick if fast else lambda source: None
    cellrun.shell.reset()
    cellrun.shell.compile.reset_compiler_flags()
    replies.append([cellrun.run(source) for source in cells])
cellrun.plain_python = quick
plain = [quick(source) is not None for source in cells]
sys.stderr.write(json.dumps([*replies, plain]))
"""


@pytest.fixture(scope="module")
def replies():
    """{title: (without, with IPython, was it run without?)}."""
    folder = Path(isolate.__file__).parent
    words = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder)]
    cells = json.dumps(list(CELLS.values()))
    done = subprocess.run(words, input=cells, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(CELLS, zip(*json.loads(done.stderr), strict=True), strict=True))


@pytest.mark.parametrize("title", CELLS)
def test_the_same_with_and_without(title, replies):
    without, usual, _ = replies[title]
    assert without == usual


def test_most_cells_need_no_transformers(replies):
    through = {title for title, (_, _, plain) in replies.items() if not plain}
    assert {"a magic", "a cell magic", "a shell line", "an await", "no Python"} <= through
    assert not through & {"statements", "a value", "an error", "a display", "two on a line"}
