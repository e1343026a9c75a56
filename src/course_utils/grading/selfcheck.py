"""``course check NOTEBOOK``: the same checks, in the student's terminal, at the public seed.

Needs no solution: the exercise handed out carries the references in its check cells.  The verdicts
are for the student alone and are trusted by nobody.
"""

import json
from pathlib import Path

from course_utils.grading.exercise import MARKER, ExerciseError
from course_utils.grading.notebook import read_cells
from course_utils.grading.student import judge, public_references

PUBLIC = Path(__file__).parent / "public"


def report(path):
    """(lines to print, whether everything is right) for a student's notebook."""
    path = Path(path)
    cells, notes = read_cells(path.read_bytes())
    name = assignment_of(path, cells)
    public = public_references(name)
    emitted, errors = run(cells)
    lines, passed = [*notes, f"{name}, public numbers:"], True
    for key, reference in public["questions"].items():
        if key in emitted:
            said = judge(key, reference, emitted[key])
        else:
            said = [f"{key}: no values. {errors.get(key, 'Its check cell did not run.')}"]
        passed = passed and said[0].startswith(f"{key}: right")
        lines += said
    return lines, passed


def assignment_of(path, cells):
    """The exercise's name: from `grading.begin(...)` in the notebook, or from the file's name."""
    known = sorted(p.stem for p in PUBLIC.glob("*.json"))
    for cell in cells:
        for name in known:
            if f'begin("{name}"' in cell.source or f"begin('{name}'" in cell.source:
                return name
    if path.stem in known:
        return path.stem
    raise ExerciseError(f"{path.name}: this is none of the exercises {', '.join(known)}")


def run(cells):
    """Run a notebook's code cells in their order; {question: bundle}, {question: last error}."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from course_utils.grading.bundle import MIME

    shell = InteractiveShell.instance()
    emitted, errors, last = {}, {}, ""
    for cell in cells:
        if not cell.is_code:
            continue
        with capture_output() as seen:
            result = shell.run_cell(cell.source, store_history=False)
        for output in seen.outputs:
            bundle = output.data.get(MIME)
            if bundle:
                emitted[bundle["question"]] = json.loads(json.dumps(bundle))
        failure = result.error_before_exec or result.error_in_exec
        if failure is not None:
            last = f"{type(failure).__name__}: {failure}"
            for key in questions_in(cell.source):
                errors[key] = last
    return emitted, errors


def questions_in(source):
    """The questions that a cell answers or checks."""
    import re

    return [*MARKER.findall(source), *re.findall(r"check\(\s*[\"'](\w+)[\"']", source)]
