"""Exercises that grade themselves.

In a notebook: ``grading.begin("lstm_step", SEED)`` and ``grading.references(...)`` once,
``grading.check("q1", i=i, f=f)`` after each answer.  Everything else here
is the grader's, and is imported by ``course_utils.cli``.
"""

from course_utils.grading.student import begin, check, references, sealed

__all__ = ["begin", "check", "references", "sealed"]
