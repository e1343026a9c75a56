"""Every attack of the catalogue ends with the points it deserves, and gets nothing out."""

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import attacks
import pytest
from attacks.attack import Attack

from course_utils.grading import feedback
from course_utils.grading.grade import grade
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.runner import run_program

PAGE = Path(__file__).parents[2] / "book" / "reference" / "attacks.inc"
CASES = [(group, attack) for group, found in attacks.GROUPS.items() for attack in found]


@pytest.fixture(scope="session")
def quick_exercise(exercise, sandbox):
    """The exercise with limits that bombs reach soon; a whole kernel needs more than a fork."""
    memory = 600 if sandbox.name == "namespaces" else 2000
    return replace(
        exercise,
        questions={
            k: replace(q, timeout_s=2.0, memory_mb=memory) for k, q in exercise.questions.items()
        },
    )


@pytest.fixture(scope="session")
def attempt(quick_exercise, sandbox, references):
    """Grade a submission with an attack in it; each once a session."""
    done = {}

    def run(attack):
        if attack.title not in done:
            answers = solution_answers(quick_exercise)
            answers |= {"q2": attack.q2, **attack.other}
            answers = {k: marked(k, source) for k, source in answers.items()}
            data = as_submission(quick_exercise, answers)
            done[attack.title] = grade(data, quick_exercise, sandbox, references)
        return done[attack.title]

    os.environ["COURSE_SECRET"] = "visible to the grader alone"
    yield run
    del os.environ["COURSE_SECRET"]


def marked(key, source):
    """An answer with its marker line."""
    line = f"# === ANSWER {key} ==="
    return source if source.startswith(line) else f"{line}\n{source}"


def said(record):
    """All that the student reads about questions."""
    words = [record.reason]
    for question in record.questions.values():
        words += question.said
        words += [p.public + p.secret for p in question.parts.values()]
    return "\n".join(words)


def test_the_catalogue_holds_each_attack_once():
    titles = [attack.title for _, attack in CASES]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(
    "attack",
    [pytest.param(a, marks=[pytest.mark.slow] if a.slow else []) for _, a in CASES],
    ids=lambda a: a.title.replace(" ", "-"),
)
def test_attack(attack, attempt, sandbox, alarm):
    """The points are the same on every backend; the words are those of the first."""
    record = attempt(attack)
    assert tuple(q.points for q in record.questions.values()) == attack.points, said(record)
    if sandbox.name == "namespaces":
        assert attack.says in said(record)
    page = feedback.page(replace(record, submission="x.ipynb"))
    assert "<script" not in page
    page.encode("utf-8")


def test_nothing_survives(attempt, alarm):
    attempt(next(a for _, a in CASES if a.title == "a process that survives"))
    deadline = time.monotonic() + 120  # it would be there for two hours
    while "sleep 7777" in processes():
        assert time.monotonic() < deadline, "a student's process outlived its grading"
        time.sleep(0.1)


def processes():
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


@pytest.mark.parametrize("attack", attacks.SIGHT, ids=lambda a: a.title.replace(" ", "-"))
def test_no_look_into_a_check_finds_its_secret_seed(attack, exercise, sandbox):
    """What it raises comes back here in full, as no student reads it."""
    if sandbox.name != "namespaces":
        pytest.skip("frames are closed in isolates of the zygote alone")
    answers = {**solution_answers(exercise), "q2": attack.q2}
    run = run_program(exercise.with_answers(answers), exercise, sandbox, 424242)
    outcome = run.checks["q2-check"]
    assert "424242" not in f"{outcome} {run.errors}"


def test_forbidden_names_are_flagged(attempt):
    for attack in attacks.BORROWED:
        assert attempt(attack).questions["q1"].review == ["uses torch"]


def test_a_hard_coded_answer_is_told_apart(attempt, exercise, references):
    """Right at the public seed, wrong elsewhere: no points, and the reason is named."""
    parts = references.bundles[exercise.seed]["q2-check"]["parts"]
    values = ", ".join(
        f"np.array({parts[n]['data']}).reshape({parts[n]['shape']})" for n in ("h", "c")
    )
    source = f"def state(i, f, g, o, c_prev):\n    return {values}\n"
    record = attempt(Attack("hard-coded public values", source))
    assert record.questions["q2"].points == 0
    assert "Right for the public seed" in said(record)


@pytest.mark.slow
def test_the_page_for_instructors_says_what_happened(attempt):
    """Written by this test with COURSE_WRITE=1, compared without."""
    lines = []
    for group, found in attacks.GROUPS.items():
        lines += [f":::{{dropdown}} {group}: {len(found)}", ""]
        lines += ["| What the answer does | Points of 10 | What happened |", "|---|---|---|"]
        for attack in found:
            record = attempt(attack)
            cells = (attack.title, f"{record.score:g}", what_happened(attack, record))
            lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        lines += [":::", ""]
    text = "\n".join(lines)
    if os.environ.get("COURSE_WRITE"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "run this test with COURSE_WRITE=1"


def what_happened(attack, record):
    """One line, the same on every run: the catalogue's remark or the gist of the feedback."""
    if attack.happened:
        return attack.happened
    return f"the student reads “{attack.says}”" if attack.says else "nothing: no effect on points"
