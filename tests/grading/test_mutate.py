"""At which seeds the variants of an exercise are tried."""

from course_utils.grading import mutate
from course_utils.grading.mutate import over_keys, trial_key, try_all
from course_utils.grading.recall import trials
from course_utils.grading.references import make_references

BY_THE_SEED = """
from course_utils.grading.mutate import right, swap, wrong

@right
def is_wrong_at_odd_sizes(answers):
    return {"q4": swap(answers["q4"], "np.log(f", "len(w) % 2 + np.log(f")}

@wrong("q4")
def is_wrong_at_odd_sizes_alone(answers):
    return is_wrong_at_odd_sizes(answers)
"""


def size_of_bias(bundles):
    """How many numbers question 4 asks for at a seed: an answer sees that, and no seed."""
    return bundles["q4-check"]["parts"]["bias"]["shape"][0]


def test_the_key_decides_at_which_seeds_variants_are_tried(exercise, tmp_path):
    """One that is right at some seeds alone is found out by some keys, and not by the others."""
    (tmp_path / "lstm_step.py").write_text(BY_THE_SEED, "utf-8")
    with trials(exercise) as sandbox:
        found, count = over_keys(exercise.path, tmp_path, 3, sandbox)
        keys = [trial_key("lstm_step", number) for number in range(3)]
        references = [make_references(exercise, sandbox, key) for key in keys]
        odd = [sum(size_of_bias(known.bundles[seed]) % 2 for seed in known.seeds)
               for known in references]  # fmt: skip
        assert 0 < sum(n > 0 for n in odd) < 3, "these keys show nothing: take more of them"
        other = next(key for key, n in zip(keys, odd, strict=True) if (n > 0) != (odd[0] > 0))
        of_other, _ = try_all(exercise.path, tmp_path, sandbox, other)
        of_none, _ = try_all(exercise.path, tmp_path, sandbox)
        of_first, _ = try_all(exercise.path, tmp_path, sandbox, keys[0])
    assert count == 2
    assert found["is_wrong_at_odd_sizes: q4 loses points"] == sum(n > 0 for n in odd)
    assert found["is_wrong_at_odd_sizes_alone: q4 keeps its points"] == odd.count(0)
    assert of_none == of_first != of_other


def test_an_author_is_told_of_seeds_at_which_the_solution_breaks_down(
    exercise, tmp_path, monkeypatch
):
    """The grader passes them over; whoever draws such numbers should know."""
    solution = tmp_path / exercise.path.name
    text, old = exercise.path.read_text("utf-8"), r"check(\"q2\", h=h"
    assert old in text
    solution.write_text(text.replace(old, f"{old} / np.float64(SEED % 2)"), "utf-8")
    (tmp_path / "lstm_step.py").write_text(BY_THE_SEED, "utf-8")
    monkeypatch.setattr(mutate, "try_mutant", lambda *_: [])
    monkeypatch.setattr(mutate, "try_idle", lambda *_: [])
    with trials(exercise) as sandbox:
        found, _ = over_keys(solution, tmp_path, 4, sandbox)
    assert 0 < found["q2, h: the solution gives NaN or infinity"] < 12
