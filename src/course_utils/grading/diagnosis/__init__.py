"""Name a mistake by its numbers: every cell that is wrong by one edit, made from the equations.

An exercise on a cell says which equations its check computes with (`task`).  From them come the
wrong cells (`forward`) and the wrong ways back (`backward`); each is run on the public seed's
inputs, and what it would give is kept in the exercise.  Whoever gets the same numbers has made the
same mistake.  All of it happens where exercises are written, on numbers alone: no student's code is
near, and nothing right can be accused, for whatever equals the right values is left out.
"""

from course_utils.grading.diagnosis.classes import Wrong, wrong_variants
from course_utils.grading.diagnosis.task import Task, TaskError, read_task

__all__ = ["Task", "TaskError", "Wrong", "read_task", "wrong_variants"]
