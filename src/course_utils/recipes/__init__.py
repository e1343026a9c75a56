"""Complete programs to start from, one a file: ``python -m course_utils.recipes.classify``.

Importing one of them trains it: they are scripts, to be copied and changed.  The page
``reference/recipes`` says which is for what.
"""

import ast
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__"))


def text(name):
    """The program as it stands, a str.  ValueError: there is none of this name."""
    if name not in NAMES:
        raise ValueError(f"name: expected one of {', '.join(NAMES)}, got {name!r}")
    return (FOLDER / f"{name}.py").read_text("utf-8")


def run(name, **settings):
    """Run a program, with some of the numbers in its line of settings changed -> its variables.

    It prints, and writes its files where Python was started.  ValueError: an unknown setting.
    """
    tree = ast.parse(text(name), f"{name}.py")
    known = _settings(tree)
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"settings: {name} has {', '.join(known)}, got {', '.join(unknown)}")
    for setting, value in settings.items():
        known[setting].value = value
    variables = {"__name__": "__main__"}
    exec(compile(tree, f"{name}.py", "exec"), variables)
    return variables


def _settings(tree):
    """Of the line `UPDATES, HIDDEN = 400, 64`: {name: the node of its value}."""
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Tuple):
            names = [target.id for target in line.targets[0].elts]
            if all(name.isupper() for name in names):
                return dict(zip(names, line.value.elts, strict=True))
    return {}
