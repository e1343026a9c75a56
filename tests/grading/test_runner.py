"""One question never costs another, and what proves nothing alone earns nothing alone."""

from dataclasses import replace

import pytest

from course_utils.grading.bundle import MIME
from course_utils.grading.exercise import Cell, ExerciseError
from course_utils.grading.grade import grade
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.references import Oracle, make_references, seed_key
from course_utils.grading.review import forbidden

STRAY = {
    "names of modules": "np = grading = None",
    "the seed": "SEED = 'mine'",
    "a name of the checks": "rng = params = x = h = c = None",
    "deleted names": "del globals()['np'], globals()['grading']",
}


@pytest.mark.parametrize("what", STRAY)
def test_a_stray_line_costs_no_other_question(graded, exercise, what):
    answers = solution_answers(exercise)
    for key in ("q1", "q2"):
        record = graded(**{key: f"{answers[key]}\n{STRAY[what]}\n"})
        assert record.score == 10, record


def test_a_given_cell_that_an_answer_breaks_costs_that_answer_alone(exercise, sandbox, references):
    """A cell of the author's after an answer fails: the answer is blamed, not the author."""
    k = next(k for k, c in enumerate(exercise.cells) if c.cell_id == "q1-check")
    between = Cell("between", "given", "assert max(1, 2) == 2")
    changed = replace(exercise, cells=(*exercise.cells[: k + 1], between, *exercise.cells[k + 1 :]))
    answers = solution_answers(exercise)
    answers["q1"] += "\nimport builtins\nbuiltins.max = lambda *a: 0\n"
    record = grade(as_submission(exercise, answers), changed, sandbox, references)
    assert record.status == "partial"
    points = [q.points for q in record.questions.values()]
    assert points[0] == 0 and points[1] == 2


def test_joined_parts_count_only_together(exercise, sandbox, references):
    """q2 emits h and c; whoever has c alone right gets half, and nothing where c is joined to h."""
    answers = solution_answers(exercise)
    answers["q2"] = answers["q2"].replace("np.tanh(c), c", "c, c")
    data = as_submission(exercise, answers)
    assert grade(data, exercise, sandbox, references).questions["q2"].points == 1
    rules = {**exercise.questions, "q2": replace(exercise.questions["q2"], joined={"c": "h"})}
    record = grade(data, replace(exercise, questions=rules), sandbox, references)
    assert record.questions["q2"].points == 0
    assert "counts when `h` is right too" in record.questions["q2"].parts["c"].public


@pytest.mark.parametrize(
    "line", ["x.log.clear()", "type(x).log", "vars(x)['gains']", "getattr(x, 'log')", "h.log.gains"]
)
def test_an_answer_that_touches_what_counts_it_is_flagged(exercise, line):
    answers = {"q1": f"def f(x, h):\n    {line}\n", "q2": "def g(x):\n    return np.log(x)\n"}
    assert forbidden(replace(exercise, rooms=("counting",)), answers).keys() == {"q1"}
    assert forbidden(exercise, answers) == {}


@pytest.mark.parametrize(
    "source, flagged",
    [
        ("def dates(rng, n):\n    return 0\n", True),
        ("def write():\n    global dates\n    dates = None\n", True),
        ("dates, other = None, 1", True),
        ("def write(dates):\n    dates = SEED = None\n    return dates\n", False),
        ("import numpy as np\nSEED = hidden = np = x = 3", False),
    ],
)
def test_an_answer_that_redefines_what_checks_call_is_flagged(exercise, source, flagged):
    """With another ``dates`` the check draws what the student likes, and is passed by a fake."""
    given = "import numpy as np\nSEED = 1\n\ndef dates(rng, n):\n    return n\n\nhidden = x = 2\n"
    cells = (Cell("a", "given", given), Cell("b", "check", "x = dates(np.random, SEED)\nx", "q1"))
    found = forbidden(replace(exercise, cells=cells), {"q1": source})
    assert found == ({"q1": ["redefines dates"]} if flagged else {})


LEAKS = {
    "an error's text": "raise ValueError(f'seed {SEED}')",
    "an error's name": "raise type(f'Seed{SEED}', (Exception,), {})()",
    "a value": "h = np.full(o.shape, float(SEED)); return h, h",
    "a shape": "return np.zeros((SEED % 9973,)), np.zeros((SEED % 9973,))",
    "an object's error": "class A:\n        def __array__(self, *a, **k): raise TypeError(SEED)\n"
    "    return A(), A()",
    "a kind": "return f'{SEED}', f'{SEED}'",
    "many outputs": "from IPython.display import display\n"
    f"    for _ in range(SEED % 40 + 2): display({{'{MIME}': {{}}}}, raw=True)\n    return o, o",
    "print": "print(SEED); import sys; sys.stderr.write(str(SEED)); return o, o",
    "an exit": "import os; os._exit(SEED % 251)",
}


@pytest.mark.parametrize("how", LEAKS)
def test_nothing_of_a_secret_run_is_said_in_a_students_words(exercise, sandbox, references, how):
    """Whatever way out an answer tries for its seed, the record holds none of it."""
    source = f"def state(i, f, g, o, c_prev):\n    {LEAKS[how]}\n"
    data = as_submission(exercise, {**solution_answers(exercise), "q2": source})
    record = grade(data, exercise, sandbox, references)
    text = record.to_json()
    for seed in references.seeds:
        assert str(seed) not in text
    for part in record.questions["q2"].parts.values():
        assert not any(character.isdigit() for character in part.secret)


def test_each_submission_has_seeds_of_its_own(exercise, sandbox):
    """The same for the same bytes in the same run, others for any other bytes or run."""
    with Oracle(exercise, sandbox) as oracle:
        keys = [seed_key(5, b"one"), seed_key(5, b"two"), seed_key(6, b"one")]
        seeds = [oracle.references(key).seeds for key in keys]
        assert oracle.references(keys[0]).seeds == seeds[0]
        assert len({seed for pair in seeds for seed in pair}) == 6
        assert oracle.repeats
        assert (
            oracle.at(seeds[0][0])
            == make_references(exercise, sandbox, keys[0]).bundles[seeds[0][0]]
        )


def test_a_solution_that_differs_the_second_time_runs_in_fresh_isolates(exercise, sandbox):
    """It counts its calls: in one isolate for all, later references would be wrong."""
    cells = tuple(
        replace(c, source=f"{c.source}\nimport builtins\n"
                "builtins.calls = getattr(builtins, 'calls', 0) + 1\n")
        if c.role == "answer" and c.question == "q2"
        else replace(c, source=c.source.replace("h=h", "h=h * __import__('builtins').calls"))
        for c in exercise.cells
    )  # fmt: skip
    with Oracle(replace(exercise, cells=cells), sandbox) as oracle:
        assert not oracle.repeats
        assert oracle.at(3) == oracle.at(3)


def dividing(exercise, by):
    """The exercise with one part, h of q2, divided by an expression of SEED."""
    cells = tuple(
        replace(c, source=c.source.replace("h=h", f"h=h / np.float64({by})"))
        if c.cell_id == "q2-check"
        else c
        for c in exercise.cells
    )
    assert cells != exercise.cells
    return replace(exercise, cells=cells)


KEYS = tuple(b"key %d" % number for number in range(4))


def test_a_seed_at_which_the_solution_breaks_down_is_passed_over(exercise, sandbox):
    """At even ones it gives infinity: there whatever a student gives, not 0, would be right."""
    assert exercise.seed % 2
    with Oracle(dividing(exercise, "SEED % 2"), sandbox) as oracle:
        found = [oracle.references(key) for key in KEYS]
    assert all(seed % 2 for references in found for seed in references.seeds)
    skipped = [text for references in found for text in references.skipped]
    assert skipped
    assert all(text.startswith("q2, h: the solution gives NaN or infinity at") for text in skipped)


def test_a_question_about_infinity_keeps_its_seeds(exercise, sandbox):
    """It stands at the public seed too, so it is meant."""
    with Oracle(dividing(exercise, "(SEED + 1) % 2"), sandbox) as oracle:
        found = [oracle.references(key) for key in KEYS]
    assert not any(references.skipped for references in found)
    assert {seed % 2 for references in found for seed in references.seeds} == {0, 1}


def test_a_solution_that_breaks_down_at_most_seeds_is_its_authors_mistake(exercise, sandbox):
    said = "20 of 20 seeds are of no use: q2, h: the solution gives NaN or infinity"
    with Oracle(dividing(exercise, f"SEED == {exercise.seed}"), sandbox) as oracle:
        with pytest.raises(ExerciseError, match=said):
            oracle.references(KEYS[0])
