"""Run the programs of ``course_utils.recipes`` as a user does, at another size."""

import ast
from pathlib import Path

import course_utils

FOLDER = Path(course_utils.__file__).parent / "recipes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def text(name):
    """The program as it stands."""
    return (FOLDER / f"{name}.py").read_text("utf-8")


def settings(tree):
    """The line `UPDATES, HIDDEN = 400, 64` of a program -> {name: the node of its value}."""
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Tuple):
            names = [target.id for target in line.targets[0].elts]
            if all(name.isupper() for name in names):
                return dict(zip(names, line.value.elts, strict=True))
    raise AssertionError("a recipe has one line of settings in capitals")


def run(name, **changed):
    """Run a program with some of its settings changed -> its variables."""
    tree = ast.parse(text(name), f"{name}.py")
    known = settings(tree)
    for setting, value in changed.items():
        known[setting].value = value  # KeyError: there is no such setting
    variables = {"__name__": "__main__"}
    exec(compile(tree, f"{name}.py", "exec"), variables)
    return variables
