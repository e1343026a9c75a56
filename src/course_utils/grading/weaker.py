"""What weaker tests would have caught: the same checks with the numbers that people often choose.

`kill_rates` runs an exercise's wrong variants under its own checks and under weaker ones, and
counts who is caught.  Sizes of one hide transposes and sums, zeros what is added or carried,
gradients of one the order of time, and "there is something" hides everything but a crash.
"""

import ast
from dataclasses import replace

from course_utils.grading.bundle import BundleError, unpack
from course_utils.grading.compare import compare
from course_utils.grading.reach import needed
from course_utils.grading.runner import run_program

SIZES = ("D", "H")
GRADIENTS = ("dy", "da", "dout", "delta", "dh_last", "dc_last")
ZEROS = ("h0", "c0", "h_prev", "c_prev", "b")
WEAKER = ("the checks", "H = D = 1", "zero states and biases", "gradients of one")
WEAKER += ("the shape is right", "is not None")


def kill_rates(exercise, mutants, sandbox):
    """{test: how many of the wrong variants it catches}, and "variants": how many there are.

    None for a test that has nothing to weaken here.
    """
    wrong = [m for m in mutants if m.loses]
    kills = dict.fromkeys(WEAKER, 0)
    plain, ones = exercise, with_values(exercise, SIZES, "1")
    flat = with_values(exercise, GRADIENTS, "np.ones_like({})")
    zero = with_values(exercise, ZEROS, "np.zeros_like({})")
    versions = {
        "the checks": plain,
        "H = D = 1": ones,
        "zero states and biases": zero,
        "gradients of one": flat,
    }
    idle = [k for k, v in versions.items() if k != "the checks" and v.cells == exercise.cells]
    versions = {k: v for k, v in versions.items() if k not in idle}
    right = {k: parts_of(v, v.cells, sandbox) for k, v in versions.items()}
    for mutant in wrong:
        answers = mutant.answers(exercise)
        for name, version in versions.items():
            given = parts_of(version, version.with_answers(answers), sandbox, mutant.loses)
            wanted = {q: right[name][q] for q in mutant.loses}
            kills[name] += caught(exercise, wanted, given)
            if name == "the checks":
                kills["the shape is right"] += caught(exercise, wanted, given, values=False)
                kills["is not None"] += any(not parts for parts in given.values())
    return {"variants": len(wrong), **kills, **dict.fromkeys(idle)}


def parts_of(exercise, program, sandbox, keys=None):
    """{question: {part: Part}} at the public seed; an empty dict where a check gave nothing."""
    keys = exercise.questions if keys is None else keys
    run_with = {None, *needed(exercise, keys, program)}
    kept = [c for c in program if c.question in run_with]
    run = run_program(kept, exercise, sandbox, exercise.seed)
    parts = {key: {} for key in keys}
    for cell in kept:
        if cell.role == "check" and cell.question in keys:
            try:
                parts[cell.question] |= unpack(run.checks[cell.cell_id].bundle)[1]
            except BundleError:
                continue
    return parts


def caught(exercise, wanted, given, values=True):
    """Does some part differ?  values: False for a look at kinds and shapes alone."""
    for key, parts in wanted.items():
        rules = exercise.questions[key]
        for name, part in parts.items():
            verdict = compare(part, given[key].get(name), rules.rtol, rules.atol)
            if not verdict.ok and (values or verdict.kind in ("missing", "shape", "kind")):
                return True
    return False


def with_values(exercise, names, value):
    """The exercise whose checks set these names to another value wherever they are assigned."""
    return replace(
        exercise,
        cells=tuple(
            c if c.role == "answer" else replace(c, source=overridden(c.source, names, value))
            for c in exercise.cells
        ),
    )


def overridden(source, names, value):
    """A source with ``name = value`` behind every statement that assigns one of the names."""
    tree, plain = ast.parse(source), ast.unparse(ast.parse(source))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [new for statement in body for new in followed(statement, names, value)]
    changed = ast.unparse(ast.fix_missing_locations(tree))
    return source if changed == plain else changed


def followed(statement, names, value):
    """A statement, and behind it the values of the names that it assigns."""
    yield statement
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            for node in ast.walk(target):
                if isinstance(node, ast.Name) and node.id in names:
                    yield ast.parse(f"{node.id} = {value.format(node.id)}").body[0]
