"""The process behind `local`: cells in, replies out, a line of JSON each."""

import json
import linecache
import os
import re
import sys

from course_utils.grading import student
from course_utils.grading.bundle import MIME
from course_utils.grading.sandbox.cellrun import describe, take_away

MAGIC = re.compile(r"^([ \t]*(?:[\w, ]+= *)?)[!%?].*$", re.MULTILINE)


def main():
    """Read the set-up line, then sources; what cells print goes to the terminal's error stream."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    with open(os.devnull) as nothing:  # noqa: PTH123
        orders = os.fdopen(os.dup(0), "r", encoding="ascii")
        os.dup2(nothing.fileno(), 0)
    take_away(json.loads(orders.readline())["away"])
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    namespace = {"__name__": "__main__", "display": print, "get_ipython": lambda: None}
    say(answers, {"ready": True})
    for number, line in enumerate(orders):
        order = json.loads(line)
        names = namespace
        if order["seed"] is not None:  # a check's names are its own, as when it is graded
            names = {**namespace, "SEED": order["seed"]}
        say(answers, run(order["source"], names, f"<ipython-input-{number}>"))


def say(stream, value):
    """One line of JSON, at once."""
    stream.write(json.dumps(value) + "\n")
    stream.flush()


def run(source, namespace, name):
    """Run one cell; what it emitted and its error."""
    outputs, failure = [], None
    student.state["sink"] = lambda bundle: outputs.append({MIME: bundle})
    try:
        exec(compiled(source, name), namespace)
    except BaseException as error:
        failure = describe(error)
    return {"outputs": outputs, "error": failure}


def compiled(source, name):
    """A cell's code; without its magic lines where Python cannot read it as it is."""
    try:
        code = compile(source, name, "exec")
    except SyntaxError:
        source = MAGIC.sub(r"\1None", source)
        code = compile(source, name, "exec")
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return code


if __name__ == "__main__":
    main()
