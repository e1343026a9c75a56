"""What a question's check emits for an answer, run right here and at once."""

import json

import numpy as np

from course_utils.grading import student
from course_utils.grading.bundle import unpack


def emitted(exercise, key, source):
    """What a question's check emits for an answer, run right here; None where it stops."""
    bundles, names = [], {}
    student.state["sink"] = bundles.append
    try:
        with np.errstate(all="ignore"):
            for cell in exercise.cells:
                if cell.role == "given" or cell.question == key:
                    exec(source if cell.role == "answer" else cell.source, names)
    except Exception:  # whatever a slip does
        return None
    finally:
        student.state["sink"] = None
    return unpack(json.loads(json.dumps(bundles[-1])))[1]
