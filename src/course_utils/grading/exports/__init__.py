"""A class's rows for other systems, each as its own documents ask for.

Nothing here holds an expected value of a secret seed, and no text that a spreadsheet would run.
"""

from course_utils.grading.exports.canvas import canvas
from course_utils.grading.exports.github import github
from course_utils.grading.exports.gradescope import gradescope
from course_utils.grading.exports.moodle import moodle

EXPORTS = {"gradescope": gradescope, "canvas": canvas, "moodle": moodle, "github": github}
