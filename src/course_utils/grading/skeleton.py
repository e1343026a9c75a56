"""``course new NAME``: an exercise that grades at once, to be rewritten question by question."""

import json
from pathlib import Path

from course_utils.errors import UserError
from course_utils.grading.files import write
from course_utils.grading.handout import lines

TITLE = """\
# {title}

One sentence on what you will have built at the end.

Axes: `T` time, `B` batch, `D` input, `H` hidden.
"""
SETUP = """\
import numpy as np

from course_utils import grading

SEED = {seed}  # graders choose others
grading.begin("{name}", SEED)
"""
Q1_TEXT = """\
## 1. One step (1 point)

The simplest recurrent layer: $h = \\tanh(W_x x + W_h h_{prev} + b)$. `x` is $(B, D)$, `h_prev`
$(B, H)$; return `h` $(B, H)$.
"""
Q1_ANSWER = '''\
# === ANSWER q1 ===
def step(W_x, W_h, b, x, h_prev):
    """W_x (H, D), W_h (H, H), b (H,), x (B, D), h_prev (B, H) -> h (B, H)."""
    ### BEGIN SOLUTION
    return np.tanh(x @ W_x.T + h_prev @ W_h.T + b)
    ### END SOLUTION
'''
Q1_CHECK = """\
import numpy as np
from course_utils import grading

rng = np.random.default_rng([SEED, 1])
B, D, H = rng.permutation(np.arange(2, 8))[:3]
W_x, W_h, b = rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=H)
h = step(W_x, W_h, b, rng.normal(size=(B, D)), rng.normal(size=(B, H)))
grading.check("q1", h=h)
"""
Q2_TEXT = """\
## 2. Through time (1 point)

Call `cell(x_t, h)` once for each time step and keep every `h`. The check brings a cell of its own,
so this question does not depend on the first. `x` is $(T, B, D)$; return all `h`, $(T, B, H)$.
"""
Q2_ANSWER = '''\
# === ANSWER q2 ===
def unroll(cell, x, h0):
    """x (T, B, D), h0 (B, H) -> every h, (T, B, H)."""
    ### BEGIN SOLUTION
    h, every = h0, []
    for x_t in x:
        h = cell(x_t, h)
        every.append(h)
    return np.stack(every)
    ### END SOLUTION
'''
Q2_CHECK = """\
import numpy as np
from course_utils import grading

rng = np.random.default_rng([SEED, 2])
T, B, D, H = rng.permutation(np.arange(4, 9))[:4]
W, U = rng.normal(size=(H, D)), rng.normal(size=(H, H)) / H
x, h0 = rng.normal(size=(T, B, D)), rng.normal(size=(B, H))
every = unroll(lambda x_t, h: np.sin(x_t @ W.T + h @ U.T), x, h0)
grading.check("q2", every=every)
"""
MUTANTS = '''\
"""Wrong and right variants of the exercise {name}: ``course mutate {name}`` tries them."""

from course_utils.grading.mutate import right, swap, wrong


@wrong("q1", hint="the bias b is missing")
def forgets_the_bias(answers):
    return {{"q1": swap(answers["q1"], " + b)", ")")}}


@wrong("q2", hint="hand each h on to the next step: this starts from h0 every time")
def starts_anew_at_every_step(answers):
    return {{"q2": swap(answers["q2"], "cell(x_t, h)", "cell(x_t, h0)")}}


@right
def one_product(answers):
    together = "np.hstack([x, h_prev]) @ np.hstack([W_x, W_h]).T"
    return {{"q1": swap(answers["q1"], "x @ W_x.T + h_prev @ W_h.T", together)}}
'''


def new_exercise(name, root, part="own"):
    """Write ``solutions/<part>/<name>.ipynb`` and its variants below ``root``; the paths written.

    Raises UserError for a name that Python could not import and where something is in the way.
    """
    if not (name.isidentifier() and name.isascii() and name.islower()):
        raise UserError(f"name: {name!r} must be lower-case letters, digits and _, as in lstm_step")
    if not part.isidentifier():
        raise UserError(f"--part: {part!r} must be letters, digits and _, as in lstm")
    solution = Path(root) / "solutions" / part / f"{name}.ipynb"
    variants = Path(root) / "tests" / "mutants" / f"{name}.py"
    taken = [*Path(root).glob(f"solutions/*/{name}.ipynb"), variants]
    taken = [path for path in taken if path.exists()]
    if taken:
        raise UserError(f"name: {taken[0]} is there already; choose another name")
    write(solution, json.dumps(notebook(name), indent=1, ensure_ascii=False) + "\n")
    write(variants, MUTANTS.format(name=name))
    return [solution, variants]


def notebook(name):
    """The skeleton's solution as a notebook."""
    title = name.replace("_", " ").capitalize()
    seed = 1000 + sum(map(ord, name)) % 1000
    cells = [
        markdown("title", TITLE.format(title=title)),
        code("setup", SETUP.format(seed=seed, name=name), role="given"),
        markdown("q1-text", Q1_TEXT),
        code("q1-answer", Q1_ANSWER, role="answer", question="q1", points=1, forbid=["torch"]),
        code("q1-check", Q1_CHECK, role="check", question="q1"),
        markdown("q2-text", Q2_TEXT),
        code("q2-answer", Q2_ANSWER, role="answer", question="q2", points=1),
        code("q2-check", Q2_CHECK, role="check", question="q2"),
    ]
    metadata = {
        "course": {"assignment": name, "hours": 1},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def markdown(name, source):
    """A cell of text."""
    text = lines(source.rstrip("\n"))
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def code(name, source, **about):
    """A code cell with its role and rules."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"course": about},
        "outputs": [],
        "source": lines(source.rstrip("\n")),
    }
