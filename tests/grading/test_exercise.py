"""From solutions to exercises, and what a student and an instructor get from them."""

import contextlib
import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from emitting import emitted

from course_utils.grading import verdict
from course_utils.grading.bundle import unpack
from course_utils.grading.derive import derive
from course_utils.grading.exercise import load, references_in
from course_utils.grading.handout import as_submission, solution_answers
from course_utils.grading.mutate import (
    idle_answers,
    load_mutants,
    measure,
    over_keys,
    table,
    try_mutant,
)
from course_utils.grading.reach import needed, within_reach
from course_utils.grading.recall import Recall
from course_utils.grading.sandbox.backends import open_sandbox

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
MUTANTS = ROOT / "tests" / "mutants"
TABLE = ROOT / "book" / "reference" / "mutants.inc"


def course(*words, **options):
    """Run the command ``course``."""
    code = "from course_utils.cli import main; main()"
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        **options,
    )


def handed_out(path):
    """The file that students get for a solution."""
    return ROOT / "exercises" / path.parent.name / path.name


def without_mistakes(data):
    """A notebook without its references, and these without the known mistakes, but the hints."""
    public = references_in(data)
    hints = {}
    for key, rules in public["questions"].items():
        hints[key] = [m["hint"] for m in rules.pop("mistakes")]
        rules.pop("diagnosis", None)
    notebook = json.loads(data)
    notebook["cells"] = [c for c in notebook["cells"] if c["id"] != "references"]
    return notebook, public, hints


@pytest.fixture(scope="module")
def opened():
    """Where the author's code of an exercise runs; PyTorch is loaded once for all that need it."""
    with contextlib.ExitStack() as stack:
        known = {}

        def sandbox_for(exercise):
            needs = exercise.preload, exercise.rooms
            if needs not in known:
                known[needs] = stack.enter_context(open_sandbox(exercise, unsandboxed=True))
            return Recall(known[needs])

        yield sandbox_for


@pytest.fixture(scope="module", params=SOLUTIONS, ids=lambda p: p.stem)
def tried(request, opened):
    """A solution, and where its slow tests, which stand together, run each program once."""
    return request.param, opened(load(request.param))


ALONE = pytest.mark.parametrize(
    "alone",
    [True, pytest.param(False, marks=pytest.mark.slow)],
    ids=["alone", "with those that it uses"],
)


def with_hints(exercise, alone):
    """The variants with a hint; alone: of questions that use no other, or of all the others."""
    for mutant in load_mutants(exercise.name, MUTANTS):
        if mutant.hint and alone == (needed(exercise, {mutant.loses[0]}) == {mutant.loses[0]}):
            yield mutant


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_exercises_are_derived_from_solutions(path, opened):
    """Without wrong variants and wrong cells, with which `make test-all` does it."""
    sandbox = opened(load(path))
    ((target, text),) = derive(path, diagnosed=False, sandbox=sandbox).items()
    committed = (ROOT / "exercises" / target).read_bytes()
    notebook, public, hints = without_mistakes(committed)
    fresh, references, _ = without_mistakes(text.encode())
    assert notebook == fresh, f"{target}: run `make derive`"
    assert public == references, f"{target}: run `make derive`"
    variants = load_mutants(path.stem, MUTANTS)
    for key, told in hints.items():
        written = [m.hint for m in variants if m.hint and m.loses[0] == key]
        assert [h for h in written if h in told] == told, f"{target}: run `make derive`"


@pytest.mark.slow
def test_exercises_are_derived_with_their_mistakes(tried):
    path, sandbox = tried
    fresh = derive(path, lambda name: load_mutants(name, MUTANTS), sandbox=sandbox)
    for target, text in fresh.items():
        assert (ROOT / "exercises" / target).read_text("utf-8") == text, "run `make derive`"


def test_no_exercise_without_a_solution():
    known = {p.relative_to(ROOT / "solutions") for p in SOLUTIONS}
    found = {p.relative_to(ROOT / "exercises") for p in (ROOT / "exercises").glob("*/*.ipynb")}
    assert found == known


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_an_exercise_is_complete_in_itself(path):
    """It installs what Colab lacks, says the rules, and carries all that its checks need."""
    cells = {
        c["id"]: "".join(c["source"]) for c in json.loads(handed_out(path).read_bytes())["cells"]
    }
    place = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    assert f'"git+{place["url"]}@{place["branch"]}"' in cells["install"]
    assert "Download .ipynb" in cells["rules"]
    assert "the imports, functions and constants in cells that you add" in cells["rules"]
    for name in load(path).forbidden:
        assert f"`{name}`" in cells["rules"]
    questions = references_in(handed_out(path).read_bytes())["questions"]
    assert set(questions) == set(load(path).questions)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_an_exercise_gives_nothing_away(path):
    exercise = load(path)
    given = (ROOT / "exercises" / path.parent.name / path.name).read_text("utf-8")
    cells = {c["id"]: "".join(c["source"]) for c in json.loads(given)["cells"]}
    for cell in exercise.cells:
        if cell.role == "answer":
            assert "NotImplementedError" in cells[cell.cell_id]
            assert "SOLUTION" not in cells[cell.cell_id]
            assert cells[cell.cell_id].count("\n") < cell.source.count("\n")


@ALONE
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_every_known_mistake_is_known_by_name(path, alone):
    """Whoever makes one of the recorded mistakes reads its own hint, and no other.

    A variant without a record stops with an error, which is told in words of its own.
    """
    exercise = load(path)
    for mutant in with_hints(exercise, alone):
        key = mutant.loses[0]
        rules = exercise.references["questions"][key]
        given = emitted(exercise, key, mutant.answers(exercise)[key])
        recorded = mutant.hint in [m["hint"] for m in rules["mistakes"]]
        assert recorded == (given is not None), mutant.name
        if not recorded:
            continue
        assert verdict.known_mistake(rules, given) == mutant.hint, mutant.name
        for name, part in unpack(rules["bundle"])[1].items():  # the same with one part right
            mixed = given | {name: part}
            said, wrong = verdict.known_mistake(rules, mixed), verdict.wrong_parts(rules, mixed)
            changed = [set(m["prints"]) for m in rules["mistakes"] if m["hint"] == said]
            assert said is None or any(parts <= set(wrong) for parts in changed), mutant.name


def test_an_exercise_sets_the_precision_for_itself_alone():
    torch = pytest.importorskip("torch")
    exercise = load(ROOT / "solutions" / "practice" / "batches.ipynb")
    assert any("set_default_dtype" in cell.source for cell in exercise.cells)
    assert emitted(exercise, "q1", solution_answers(exercise)["q1"])
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_doing_nothing_gets_no_points(path):
    """Functions that give back their arguments, zeros or nothing."""
    exercise = load(path)
    for name, answers in idle_answers(exercise):
        for key, source in answers.items():
            rules, parts = exercise.references["questions"][key], emitted(exercise, key, source)
            assert not parts or verdict.points(rules, parts)[0] == 0, (key, name)


def test_the_solution_has_full_marks_and_the_stub_none(graded, exercise):
    full = graded()
    assert full.score == full.max_score == 10
    assert full.notes == []
    assert graded(as_submission(exercise)).score == 0


def test_a_variant_loses_the_right_points(exercise, sandbox, references):
    """A few of them; `make test-all` tries all of every exercise."""
    for mutant in load_mutants("lstm_step", MUTANTS)[::10]:
        assert try_mutant(mutant, exercise, sandbox, references) == []


def test_a_variant_runs_with_the_questions_that_name_what_it_defines(exercise):
    """q1 defines `gates`; q3's check made to call it, q3 is in its reach, and q2 is not.

    From q3 the way back leads to q1, without which it could not run.
    """
    assert list(within_reach(exercise, {"q1"}).questions) == ["q1"]
    cells = [replace(c, source=c.source + "\ngates") if c.question == "q3" else c
             for c in exercise.cells]  # fmt: skip
    for changed in ({"q1"}, {"q3"}):
        reached = within_reach(replace(exercise, cells=tuple(cells)), changed)
        assert list(reached.questions) == ["q1", "q3"]
        assert {c.question for c in reached.cells} == {None, "q1", "q3"}


OWN = ["def f(gates):\n    return gates", "def f():\n    gates = 1\n    return gates",
       "[gates for gates in ()]", "f = lambda gates: gates"]  # fmt: skip


@pytest.mark.parametrize("own", OWN)
def test_a_name_of_a_functions_own_is_no_answers(exercise, own):
    """Whatever q3 calls a variable, it runs without q1; and none runs with those after it."""
    for key, reached in ("q3", ["q3"]), ("q1", ["q1"]):
        cells = [replace(c, source=f"{c.source}\n{own}") if c.question == "q3" else c
                 for c in exercise.cells]  # fmt: skip
        assert list(within_reach(exercise, {key}, cells).questions) == reached


@pytest.mark.slow
def test_every_exercise_rejects_its_wrong_variants_and_accepts_a_right_one(tried):
    """With COURSE_KEYS=20 at twenty pairs of secret seeds: do the outcomes depend on them?"""
    complaints, count = over_keys(
        tried[0], MUTANTS, int(os.environ.get("COURSE_KEYS", 1)), tried[1]
    )
    assert complaints == {}
    assert count >= 2


def test_the_feedback_names_the_mistake_as_the_check_does(graded, exercise):
    """The same words in the record, and so on the feedback page."""
    source = solution_answers(exercise)["q2"].replace("np.tanh(c)", "np.tanh(c_prev)")
    said = graded(q2=source).questions["q2"].said
    rules = exercise.references["questions"]["q2"]
    assert said == verdict.causes(rules, emitted(exercise, "q2", source))
    assert said[0] == "Your h is that of a cell with c_prev for the new c in h."


def table_of_weaker_tests():
    """{exercise: {test: how many variants it catches}}, from the page."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]]
            for line in TABLE.read_text("utf-8").splitlines()]  # fmt: skip
    head, _, *body, _ = rows
    rates = {}
    for name, variants, *shares in body:
        counts = {test: None if said == "–" else round(int(variants) * int(said[:-2]) / 100)
                  for test, said in zip(head[2:], shares, strict=True)}  # fmt: skip
        rates[name.strip("`")] = {"variants": int(variants), **counts}
    return rates


@pytest.mark.slow
def test_the_table_of_weaker_tests_is_what_they_catch(tried):
    """Written with COURSE_WRITE=1, one exercise after the other."""
    path, sandbox = tried
    fresh = measure(path, MUTANTS, sandbox)
    if os.environ.get("COURSE_WRITE"):
        rates = table_of_weaker_tests() | {path.stem: fresh}
        TABLE.write_text(table(dict(sorted(rates.items()))), "utf-8")
    assert table({path.stem: fresh}).splitlines()[2] in TABLE.read_text("utf-8").splitlines(), (
        "run this test with COURSE_WRITE=1"
    )


def test_the_table_of_weaker_tests_has_a_row_for_each_exercise_and_their_sum():
    rates = table_of_weaker_tests()
    assert list(rates) == sorted(p.stem for p in SOLUTIONS)
    assert table(rates) == TABLE.read_text("utf-8")
    assert max(rate["variants"] for rate in rates.values()) <= 100, "percents name no count"


def test_weaker_tests_catch_less():
    """All wrong variants are caught by the checks, fewer with sizes of one, none by a look."""
    rates = table_of_weaker_tests()["gradients"]
    assert rates["the checks"] == rates["variants"] > rates["H = D = 1"]
    assert rates["the shape is right"] < rates["variants"] / 10


def test_check_gives_a_hint_for_a_known_mistake(exercise, tmp_path):
    answers = solution_answers(exercise)
    answers["q2"] = answers["q2"].replace("o * np.tanh(c), c", "o * c, c")
    (tmp_path / "mine.ipynb").write_bytes(as_submission(exercise, answers))
    done = course("check", tmp_path / "mine.ipynb")
    assert done.returncode == 1, done.stderr
    assert "q1: right" in done.stdout
    assert "q2: 1 of 2 right" in done.stdout
    assert "squash the cell state before the gate" in done.stdout


def test_of_two_mistakes_at_once_one_is_recognised(exercise, tmp_path):
    answers = solution_answers(exercise)
    answers["q2"] = answers["q2"].replace("o * np.tanh(c), c", "o * c, c").replace("i * g", "g")
    (tmp_path / "mine.ipynb").write_bytes(as_submission(exercise, answers))
    done = course("check", tmp_path / "mine.ipynb")
    assert "q2: 0 of 2 right" in done.stdout
    assert "the candidate enters through the input gate" in done.stdout


def test_grade_gives_everybody_a_row_a_record_and_a_page(exercise, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    right = solution_answers(exercise)
    wrong = {**right, "q2": right["q2"].replace("i * g", "g")}
    (folder / "ada.ipynb").write_bytes(as_submission(exercise, right))
    (folder / "bob.ipynb").write_bytes(as_submission(exercise))
    (folder / "cem.ipynb").write_bytes(as_submission(exercise, wrong))
    (folder / "dan.ipynb").write_bytes(b"%PDF-1.4 my homework")
    (folder / "eve").mkdir()
    (folder / "eve" / "lstm_step.ipynb").write_bytes(as_submission(exercise, right))
    done = course("grade", folder, "--assignment", "lstm_step", "--out", out, "--unsandboxed")
    assert done.returncode == 0, done.stderr
    with (out / "grades.csv").open(encoding="utf-8") as lines:
        rows = {row["submission"]: row for row in csv.DictReader(lines)}
    assert {name: float(row["score"]) for name, row in rows.items()} == {
        "ada.ipynb": 10,
        "bob.ipynb": 0,
        "cem.ipynb": 8,
        "dan.ipynb": 0,
        "eve": 10,
    }
    assert rows["dan.ipynb"]["status"] == "unreadable"
    assert "PDF" in rows["dan.ipynb"]["reason"]
    assert {p.name.removesuffix(".html") for p in (out / "feedback").iterdir()} == set(rows)
    assert {p.name.removesuffix(".json") for p in (out / "records").iterdir()} == set(rows)


def nbval_on(exercise, answers, folder):
    """Exit code of plain ``pytest --nbval`` on the handed-out notebook with these answers."""
    handed_out = ROOT / "exercises" / exercise.part / f"{exercise.name}.ipynb"
    notebook = json.loads(handed_out.read_text("utf-8"))
    sources = {c.cell_id: c.source for c in exercise.with_answers(answers)}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = sources.get(cell["id"], cell["source"])  # some are ours alone
    path = folder / "mine.ipynb"
    path.write_text(json.dumps(notebook), "utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-c"]
    command += ["/dev/null", "-p", "no:cacheprovider", "--rootdir", str(folder), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_plain_nbval_agrees_with_the_grader(exercise, tmp_path):
    """The saved bundles are what a right answer emits, so that anybody's nbval can check them."""
    answers = solution_answers(exercise)
    passed = nbval_on(exercise, answers, tmp_path)
    assert passed.returncode == 0, passed.stdout[-2000:]
    answers["q2"] = answers["q2"].replace("i * g", "g")
    failed = nbval_on(exercise, answers, tmp_path)
    assert failed.returncode == 1
    assert "1 failed" in failed.stdout


def test_expected_errors_are_one_line():
    done = course("check", ROOT / "README.md")
    assert done.returncode == 2
    assert done.stderr.startswith("course: this is not a notebook")
    assert "Traceback" not in done.stderr
    done = course("grade", ROOT, "--assignment", "nothing_like_it", "--out", "nowhere")
    assert "lstm_step" in done.stderr
    assert done.returncode == 2


def test_the_doctor_names_what_grade_will_use(sandbox):
    done = course("doctor")
    assert done.returncode == 0
    assert f"`course grade` uses: {sandbox.name}" in done.stdout
