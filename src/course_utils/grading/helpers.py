"""What a student added to the notebook and still counts: imports, functions, constants.

The grader runs them beside the answer that they stand below, as the notebook did.  Everything else
in a cell of one's own (prints, plots, trials) is left out, and so is what would replace a name that
the exercise itself defines.
"""

import ast
import re

from course_utils.grading.syntax import parsed

MAGIC = re.compile(r"^[ \t]*[!%?].*$", re.MULTILINE)
KEPT = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


def definitions(source, taken):
    """[sources]: a cell's statements that define something, one each, at their own lines.

    taken: names that they may not bind.  [] for a source that Python cannot read.
    """
    source = MAGIC.sub("", source)
    tree = parsed(source)
    if tree is None:
        return []
    lines, kept = source.split("\n"), []
    for node in tree.body:
        if defines(node) and not bound(node) & set(taken):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            text = "\n".join(lines[first - 1 : node.end_lineno])
            kept.append("\n" * (first - 1) + text)
    return kept


def defines(node):
    """A definition, or a choice between definitions (``try: import ...``)."""
    if isinstance(node, (ast.If, ast.Try)):
        parts = [*node.body, *node.orelse, *getattr(node, "finalbody", ())]
        parts += [n for h in getattr(node, "handlers", ()) for n in h.body]
        return all(defines(n) or isinstance(n, ast.Pass) for n in parts)
    if isinstance(node, ast.ImportFrom):
        return all(alias.name != "*" for alias in node.names)
    return isinstance(node, KEPT)


def bound(node):
    """The names that a statement binds where it stands."""
    names = set()
    for part in ast.walk(node) if isinstance(node, (ast.If, ast.Try)) else [node]:
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            names |= {(a.asname or a.name).split(".")[0] for a in part.names}
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(part.name)
        elif isinstance(part, (ast.Assign, ast.AnnAssign)):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return names


def own_names(exercise):
    """Names that the exercise's given and check cells bind, and those that answers must define."""
    names = {name for q in exercise.questions.values() for name in q.requires}
    for cell in exercise.cells:
        tree = parsed(cell.source) if cell.role == "given" else None
        if tree is not None:  # None: a magic line in a given cell
            names |= {n for node in tree.body if not imports(node) for n in bound(node)}
    return names | {"SEED", "grading"}


def imports(node):
    """An import may be said twice."""
    return isinstance(node, (ast.Import, ast.ImportFrom))
