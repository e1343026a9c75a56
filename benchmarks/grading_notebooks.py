"""The notebooks that benchmarks/grading.py grades: one exercise, written for each tool as its own
documents ask, with the same cells, answers, inputs and tolerances."""

import contextlib
import io
import json
import re

import numpy as np

from course_utils.grading.exercise import load
from course_utils.grading.skeleton import code, markdown

OURS = re.compile(r"^(from course_utils import grading|grading\.begin\(.*\))\n?", re.MULTILINE)
SHOWN = 6  # values that a check prints for nbval, to 3 digits
COMMON = """\
import numpy as np


def plain(value):
    return np.asarray(value.detach() if hasattr(value, "detach") else value, dtype=float)
"""
EMIT = {
    "nbgrader": COMMON + """

import json

EXPECTED = json.loads({expected!r})


def emit(question, **values):
    for name, value in values.items():
        right = np.array(EXPECTED[question][name])
        np.testing.assert_allclose(plain(value), right, rtol=1e-4, atol=1e-6)
""",
    "otter": COMMON + """

import json

import otter

grader = otter.Notebook()
EXPECTED, SEEN = json.loads({expected!r}), {}


def emit(question, **values):
    SEEN[question] = values
    return grader.check(question)


def agrees(question):
    pairs = [(plain(v), np.array(EXPECTED[question][k])) for k, v in SEEN[question].items()]
    return all(np.allclose(value, right, rtol=1e-4, atol=1e-6) for value, right in pairs)
""",
    "nbval": COMMON + f"""

def emit(question, **values):
    for name, value in values.items():
        value = plain(value)
        first = " ".join(f"{{v:.3g}}" for v in value.ravel()[:{SHOWN}])
        print(name, value.shape, f"{{value.sum():.3g}}", first)
""",
}  # fmt: skip
Q1 = '''\
# === ANSWER q1 ===
def step(weight_ih, weight_hh, bias, x, h, c):
    """One LSTM step in torch: x (B, D), h, c (B, H) -> h, c."""
    ### BEGIN SOLUTION
    i, f, g, o = (x @ weight_ih.T + h @ weight_hh.T + bias).chunk(4, dim=1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c
    ### END SOLUTION
'''
Q2 = '''\
# === ANSWER q2 ===
def gradient(f, w):
    """The gradient of the scalar f(w) at w, by autograd."""
    ### BEGIN SOLUTION
    w = w.detach().requires_grad_()
    f(w).backward()
    return w.grad
    ### END SOLUTION
'''
Q3 = '''\
# === ANSWER q3 ===
def train(w, x, y, rate, steps):
    """Weights after so many steps of gradient descent on the mean squared error."""
    ### BEGIN SOLUTION
    w = w.clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        ((x @ w - y) ** 2).mean().backward()
        optimizer.step()
    return w.detach()
    ### END SOLUTION
'''
CHECK = """\
import torch
from course_utils import grading

random = torch.Generator().manual_seed(SEED + {number})
B, D, H = (2 + SEED % 3 + k for k in (0, 2, 5))


def normal(*shape):
    return torch.randn(*shape, generator=random)


"""
CALLS = (
    """\
w_ih, w_hh, b = normal(4 * H, D), normal(4 * H, H), normal(4 * H)
h, c = step(w_ih, w_hh, b, normal(B, D), normal(B, H), normal(B, H))
grading.check("q1", h=h, c=c)
""",
    """\
x, w = normal(B, D), normal(D, H)
grading.check("q2", gradient=gradient(lambda w: ((x @ w).tanh() ** 2).sum(), w))
""",
    """\
w = train(normal(D, 1), normal(8 * B, D), normal(8 * B, 1), 0.05, 20)
grading.check("q3", w=w)
""",
)


def torch_exercise(folder):
    """A small exercise in torch below ``folder``; its path."""
    setup = "import torch\n\nfrom course_utils import grading\n\nSEED = 1997\n"
    setup += 'grading.begin("torch_bench", SEED)\n'
    cells = [markdown("title", "# LSTM in torch"), code("setup", setup, role="given")]
    for number, (answer, call) in enumerate(zip((Q1, Q2, Q3), CALLS, strict=True), 1):
        key = f"q{number}"
        check = CHECK.format(number=number) + call
        cells.append(code(f"{key}-answer", answer, role="answer", question=key, points=1))
        cells.append(code(f"{key}-check", check, role="check", question=key))
    metadata = {"course": {"assignment": "torch_bench", "preload": ["torch"]},
                "kernelspec": KERNEL, "language_info": {"name": "python"}}  # fmt: skip
    path = folder / "bench" / "torch_bench.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(cells, metadata)), "utf-8")
    return path


KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook(cells, metadata=None):
    """A notebook of these cells."""
    metadata = metadata or {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def written_for(tool, path):
    """The solved notebook at ``path`` (one of our solutions) as ``tool`` wants it."""
    exercise = load(path)
    expected, printed = run(exercise, EMIT["nbval"])
    emit = EMIT[tool].replace("{expected!r}", repr(json.dumps(expected)))
    cells = [bare("emit", emit)]
    for cell in exercise.cells:
        made = bare(cell.cell_id, ours_removed(cell.source))
        if tool == "nbgrader" and cell.role != "given":
            check = cell.role == "check"
            about = {"schema_version": 3, "solution": not check, "grade": check, "locked": check,
                     "task": False, "grade_id": cell.cell_id}  # fmt: skip
            if check:
                about["points"] = exercise.questions[cell.question].points
            made["metadata"]["nbgrader"] = about
        if tool == "nbval":
            made["execution_count"] = 1
            text = printed.get(cell.cell_id, "")
            made["outputs"] = [stream(text)] if text else []
        cells.append(made)
    return json.dumps(notebook(cells))


def otter_test(key, points):
    """The test file of one question in otter's OK format."""
    case = {"code": f">>> agrees({key!r})\nTrue", "hidden": False, "locked": False}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return f"OK_FORMAT = True\n\ntest = { {'name': key, 'points': points, 'suites': [suite]} }\n"


def bare(name, source):
    """A code cell that says nothing about itself."""
    made = code(name, source)
    made["metadata"] = {}
    return made


def stream(text):
    """What a cell printed."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def ours_removed(source):
    """A cell without this course's package."""
    return OURS.sub("", source).replace("grading.check(", "emit(")


def run(exercise, emit):
    """({question: {name: values}}, {cell: what it printed}) of the solution, in this process."""
    space, expected, printed = {}, {}, {}
    exec(emit, space)
    shown = space["emit"]

    def noted(question, **values):
        plain = {name: space["plain"](v).tolist() for name, v in values.items()}
        expected.setdefault(question, {}).update(plain)
        shown(question, **values)

    space["emit"] = noted
    for cell in exercise.cells:
        text = io.StringIO()
        with contextlib.redirect_stdout(text), np.errstate(all="ignore"):
            exec(ours_removed(cell.source), space)
        printed[cell.cell_id] = text.getvalue()
    return expected, printed
