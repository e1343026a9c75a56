"""Mistakes are named by their numbers: nearly all single ones, and nothing that is right."""

from pathlib import Path

import numpy as np
import pytest
from emitting import emitted
from slips import slips

from course_utils import numpy_nn
from course_utils.grading import verdict
from course_utils.grading.bundle import pack
from course_utils.grading.diagnosis import read_task, wrong_variants
from course_utils.grading.exercise import load
from course_utils.grading.mutate import load_mutants
from course_utils.specs import SPECS

ROOT = Path(__file__).parents[2]
T, B, D, H = 5, 2, 3, 4
KNOWN_BACKWARD = ("rnn", "lstm", "gru", "gru_2014", "mgu", "lstm_peephole", "lstm_cifg", "minlstm")


def numbers(key, seed=0):
    """Inputs of a cell under the names that `read_task` takes, with the parameters apart."""
    rng = np.random.default_rng(seed)
    params = numpy_nn.init_params(key, D, H, rng)
    params = {k: v + rng.normal(0, 0.4, v.shape) for k, v in params.items()}
    start = {f"{s}_prev": rng.uniform(0.2, 0.8, (B, H)) for s in SPECS[key].states}
    return params, start, rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))


def task_of(key, above=None):
    """A task over all of a cell: every state at every step, or all gradients."""
    params, start, x, dy = numbers(key)
    spec, found = SPECS[key], start | {"x": x} | SPECS[key].symbol_values(params)
    parts = {s: s for s in spec.states}
    if above:
        found["d h"] = dy
        parts = {f"d{s}0": f"d{s}_prev" for s in spec.states}
        parts |= {"dx": "dx"} | {f"d{n}": f"d{n}" for p in spec.params for n in p.symbols[:1]
                                 if not n.startswith("b_")}  # fmt: skip
    about = {"cell": key, "given": dict.fromkeys(found), "parts": parts}
    return read_task(about, found)


@pytest.mark.parametrize("key", KNOWN_BACKWARD)
def test_the_way_back_of_the_equations_is_the_readable_one(key):
    params, start, x, dy = numbers(key)
    last = numpy_nn.unroll(key, params, x)[1]
    first = last._replace(**{s: start[f"{s}_prev"] for s in SPECS[key].states})
    _, _, tape = numpy_nn.unroll(key, params, x, first)
    dx, dstart, grads = numpy_nn.unroll_backward(tape, dy)
    blocks = SPECS[key].symbol_values(grads)
    found = task_of(key, above=True).right()
    np.testing.assert_allclose(found.pop("dx"), dx, rtol=1e-9, atol=1e-12)
    for state in SPECS[key].states:
        wanted = getattr(dstart, state)
        np.testing.assert_allclose(found.pop(f"d{state}0"), wanted, rtol=1e-9, atol=1e-12)
    for name, value in found.items():
        np.testing.assert_allclose(value, blocks[name[1:]], rtol=1e-9, atol=1e-12)


def slow(*values):
    """A case of `make test-all`."""
    return pytest.param(*values, marks=pytest.mark.slow, id="-".join(map(str, values)))


@pytest.mark.parametrize("key", ["rnn", "lstm", slow("gru"), slow("mgu"), slow("lstm_peephole")])
def test_wrong_cells_differ_from_the_right_one_and_from_each_other(key):
    task = task_of(key)
    right, classes = task.right(), wrong_variants(task)
    assert len(classes) > 20
    by_shape = {}
    for one in [*classes, None]:
        parts = one.parts if one else right
        shape = tuple((n, v.shape) for n, v in parts.items())
        flat = np.concatenate([v.ravel() for v in parts.values()])
        by_shape.setdefault(shape, []).append((one.words if one else "right", flat))
    for group in by_shape.values():
        words, flat = zip(*group, strict=True)
        flat = np.array(flat)
        for k in range(len(flat)):
            gaps = np.abs(flat[k + 1 :] - flat[k]).max(axis=1, initial=0)
            same = [words[k + 1 + j] for j in np.flatnonzero(gaps < 1e-6)]
            assert same == [], words[k]


def questions():
    """Every question that is diagnosed: (exercise, key, its entry in the references)."""
    for path in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        exercise = load(path)
        for key, rules in exercise.references["questions"].items():
            if "diagnosis" in rules:
                marks = [pytest.mark.slow] if len(rules["diagnosis"]["classes"]) > 150 else []
                name = f"{exercise.name}-{key}"
                yield pytest.param(exercise, key, rules, id=name, marks=marks)


QUESTIONS = list(questions())


@pytest.mark.parametrize("exercise, key, rules", QUESTIONS)
def test_slips_of_the_pen_are_named(exercise, key, rules):
    """The slips are made from the solution's source, the classes from the equations."""
    solution = next(c.source for c in exercise.cells if c.question == key)
    named, silent = 0, []
    for words, source in slips(solution):
        given = emitted(exercise, key, source)
        wrong = verdict.wrong_parts(rules, given) if given else ()
        if not set(wrong) & set(rules["diagnosis"]["parts"]):
            continue
        if any(isinstance(given.get(n), str) for n in wrong):
            continue
        if verdict.named_by_numbers(rules, given):
            named += 1
        else:
            silent.append(words)
    # up to two may be no edit of an equation (a wrong index, a value of another shape)
    assert len(silent) <= max(2, 0.1 * (named + len(silent))), silent


@pytest.mark.parametrize("exercise, key, rules", QUESTIONS)
def test_nothing_right_is_accused(exercise, key, rules):
    """Other right answers, float32, a pinch of rounding: right. Noise: wrong, and not named."""
    answers = [c.source for c in exercise.cells if c.question == key and c.role == "answer"]
    for mutant in load_mutants(exercise.name, ROOT / "tests" / "mutants"):
        if not mutant.loses:
            answers.append(mutant.answers(exercise)[key])
    rng = np.random.default_rng(0)
    for source in answers:
        given = emitted(exercise, key, source)
        for change in (
            lambda v: v,
            lambda v: v.astype(np.float32).astype(float),
            lambda v: v * (1 + 1e-9 * rng.normal(size=v.shape)),
        ):
            parts = {n: p._replace(values=change(p.values)) for n, p in given.items()}
            assert verdict.wrong_parts(rules, parts) == []
            assert verdict.causes(rules, parts) == []
    for scale in (0.01, 1.0):
        noise = {n: p._replace(values=p.values + scale * rng.normal(size=p.values.shape))
                 for n, p in given.items() if p.kind == "float"}  # fmt: skip
        assert verdict.named_by_numbers(rules, given | noise) == ""


def test_a_name_says_what_and_from_when():
    """The words that a student reads."""
    exercise = load(ROOT / "solutions" / "lstm" / "forgetting.ipynb")
    rules = exercise.references["questions"]["q2"]
    solution = next(c.source for c in exercise.cells if c.question == "q2")
    swapped = solution.replace("a_i, a_f, a_g, a_o =", "a_f, a_i, a_g, a_o =")
    assert verdict.named_by_numbers(rules, emitted(exercise, "q2", swapped)).startswith(
        "Your h and c are those of a cell with i and f swapped"
    )
    shown = "        h = o * np.tanh(c)\n        all_h.append(h)"
    assert shown in solution
    stuck = solution.replace(shown, "        all_h.append(o * np.tanh(c))")
    stuck = emitted(exercise, "q2", stuck)
    assert "never fed back: h" in verdict.named_by_numbers(rules, stuck)
    assert verdict.named_by_numbers(rules, stuck).endswith(", from t = 1.")
    bundle = pack("q2", {"h": 1.0})
    assert verdict.judge("q2", rules, bundle).points == 0
