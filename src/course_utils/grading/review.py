"""Names an exercise forbids, found in the source of an answer: a reason to look, never a proof."""

import ast
import re
import symtable
from types import ModuleType

from course_utils.grading.reach import taken
from course_utils.grading.syntax import parsed

# What stands beside the student's code and counts, or holds a kernel's arrays: what was computed
# past it is no evidence.
INSTRUMENTS = {
    "counting": {"log", "gains", "__dict__", "__class__", "__array_finalize__"},
    "kernels": {"memory", "numbers", "values", "function", "launches", "__dict__", "__globals__"},
}
MODULES = {"np", "numpy", "math", "torch", "cmath"}


def forbidden(exercise, answers):
    """{question: [what was found]} for the answers that mention a forbidden name."""
    reasons = {}
    for key, source in answers.items():
        rules = exercise.questions[key]
        names = mentioned(source)
        hits = sorted(names & {n.rpartition(".")[2] for n in rules.forbid})
        for room in set(exercise.rooms) & set(INSTRUMENTS):
            hits += sorted(touched(source) & INSTRUMENTS[room])
        whole = sorted(n for n in rules.forbid if n in imported(source))
        found = [f"uses {name}" for name in dict.fromkeys([*hits, *whole])]
        found += [f"redefines {name}" for name in sorted(bound(source) & ours(exercise))]
        if found:
            reasons[key] = found
    return reasons


def ours(exercise):
    """Names that the given cells define and checks read: with another ``dates`` they test nothing.

    Not modules and not SEED: the runner gives those back before each check.
    """
    given = [c.source for c in exercise.cells if c.role == "given"]
    defined = set().union(*(bound(source) for source in given)) - {"SEED"}
    checks = [c.source for c in exercise.cells if c.role == "check"]
    read = [taken(source) - bound(source) for source in checks]
    return defined & set().union(*read)


def bound(source):
    """The global names that a source binds, by ``def``, ``class`` or a value; not its imports."""
    try:
        scopes = [symtable.symtable(source, "a cell", "exec")]
    except (SyntaxError, ValueError, RecursionError):  # a magic
        return set()
    names = set()
    for scope in scopes:  # it grows
        scopes += scope.get_children()
        outer = scope.get_type() == "module"
        names |= {s.get_name() for s in scope.get_symbols()
                  if s.is_assigned() and not s.is_imported()
                  and (outer or s.is_declared_global())}  # fmt: skip
    return names


def modules_used(source, away, values):
    """Modules of ``away`` that a source imports, or that its global names stand for in ``values``.

    A name that the source binds itself, an argument for one, is not looked up.
    """
    modules = {name for name in imported(source) if within(name, away)}
    for name in sorted(read_from_outside(source) & set(values)):
        value = values[name]
        if isinstance(value, ModuleType):
            module = value.__name__
        else:
            module = getattr(value, "__module__", None) if callable(value) else None
        if isinstance(module, str) and within(module, away):
            modules |= {known for known in away if within(module, (known,))}
    return sorted(n for n in modules if not any(within(n, (f,)) and f != n for f in modules))


def read_from_outside(source):
    """Names that a source reads and nowhere binds."""
    nodes = list(ast.walk(tree_of(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    return {node.id for node in names} - bound - {n.arg for n in nodes if isinstance(n, ast.arg)}


def within(name, modules):
    """Is this module one of them, or inside one?"""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def touched(source):
    """Every attribute that a source reaches for, except a module's own: `np.log` is no log."""
    names = set()
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id in MODULES):
                names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return names


def tree_of(source):
    """The syntax tree, or an empty one."""
    return parsed(source) or ast.Module(body=[], type_ignores=[])


def mentioned(source):
    """Every name, attribute and short text in a source: getattr(nn, "LSTM") counts as well."""
    names = set()
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.alias):
            names.update(node.name.split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value) < 200:
                names.update(re.findall(r"\w+", node.value))
    return names


def imported(source):
    """Every module that a source imports, with its parents."""
    names = set()
    for node in ast.walk(tree_of(source)):
        modules = []
        if isinstance(node, ast.Import):
            modules = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        for module in modules:
            parts = module.split(".")
            names.update(".".join(parts[: k + 1]) for k in range(len(parts)))
    return names
