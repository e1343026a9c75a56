"""`python -m course_utils.experiments ID [--quick] [--out FOLDER]`; `course run` is the same."""

import argparse

from course_utils import experiments

parser = argparse.ArgumentParser(prog="python -m course_utils.experiments")
parser.add_argument("name", choices=experiments.names())
parser.add_argument("--quick", action="store_true", help="a small version, not recorded")
parser.add_argument("--out", help="a folder for the result, in place of the package's")
arguments = parser.parse_args()
experiments.main_run(arguments.name, arguments.quick, arguments.out)
