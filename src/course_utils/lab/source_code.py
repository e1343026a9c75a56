"""Python source as data: what a module defines, what a name in it stands for, and its text without
what does not run.  Nothing is imported."""

import ast
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.errors import UserError

PACKAGE = "course_utils"
SKIPPED = ("ctx", "kind", "lineno", "returns", "type_comment", "type_params")


@dataclass
class Module:
    """A parsed file: what it defines at the top, and what its imported names stand for."""

    name: str
    tree: ast.Module
    defined: dict = field(default_factory=dict)
    imported: dict = field(default_factory=dict)
    roots: set = field(default_factory=set)

    def __post_init__(self):
        self.imported = imports_of(self.tree.body)
        self.roots = _roots(self.tree)
        for node in self.tree.body:
            for name in _names(node):
                self.defined.setdefault(name, []).append(node)


class Sources:
    """The modules of a package folder, parsed when they are asked for."""

    def __init__(self, root):
        self.root, self.parsed, self.units, self.rooms = Path(root), {}, {}, {}

    def module(self, name):
        """The module ``lab.solving``, or None; "" is the package itself."""
        if name not in self.parsed:
            path = self.root.joinpath(*name.split(".")) if name else self.root
            for file in (path / "__init__.py", path.with_suffix(".py")):
                if file.is_file():
                    self.parsed[name] = Module(name, ast.parse(file.read_text("utf-8")))
                    break
            else:
                self.parsed[name] = None
        return self.parsed[name]

    def unit(self, where, name, method=None, fields=True):
        """One definition, read once; arguments as in `read_unit`."""
        key = (where, name, method, fields)
        if key not in self.units:
            self.units[key] = read_unit(self, *key)
        return self.units[key]

    def room(self, name, without=()):
        """All of a room's code, hashed, but the files in ``cells`` of the cells ``without``."""
        key = name, frozenset(without)
        if key not in self.rooms:
            files = [
                file for file in sorted((self.root / name).rglob("*.py"))
                if file.parent.name != "cells" or file.stem not in without
            ]  # fmt: skip
            trees = [ast.parse(file.read_text("utf-8")) for file in files]
            self.rooms[key] = digest("".join(map(canonical, trees)))
        return self.rooms[key]

    def place(self, experiment):
        """The module of an experiment by its id: "experiments.lstm.gates.adding"."""
        for path in self.root.glob(f"experiments/**/{experiment}.py"):
            return ".".join(path.relative_to(self.root).with_suffix("").parts)
        raise UserError(f"experiment: there is no file {experiment}.py in experiments")

    def locate(self, dotted):
        """Where ``lab.solving.fit`` is defined: (module, name), name "" for a module; or None."""
        if self.module(dotted):
            return dotted, ""
        parent, _, name = dotted.rpartition(".")
        module = self.module(parent)
        if module and name in module.defined:
            return parent, name
        if module and name in module.imported:
            return self.locate(module.imported[name])
        return None

    def resolve(self, module, local, chain):
        """What ``a.b.c``, as written in a module, stands for: (module, name), or None."""
        first, *rest = chain
        if first in module.defined:
            return module.name, first
        target = {**module.imported, **local}.get(first)
        place = self.locate(target) if target is not None else None
        while place and not place[1] and rest:
            place = self.locate(f"{place[0]}.{rest.pop(0)}")
        return place


@dataclass
class Unit:
    """One definition: its text, the strings in it, what it names, and what its file imports."""

    text: str
    strings: set
    targets: set
    specs: bool  # it names SPECS, the table of all cells
    roots: set


def read_unit(sources, where, name, method=None, fields=True):
    """A `Unit`: a whole definition, or one method of a class, or a class without its fields."""
    module = sources.module(where)
    nodes = module.defined[name]
    if method:
        nodes = [n for n in nodes[0].body if getattr(n, "name", "") == method]
    elif not fields:
        nodes = [n for n in nodes[0].body if not isinstance(n, ast.AnnAssign)]
    every = [n for node in nodes for n in ast.walk(node)]
    read = {chain for node in nodes for chain in chains(node)}
    local = imports_of(every)
    targets = {sources.resolve(module, local, chain) for chain in read} - {None}
    return Unit(
        "".join(canonical(n) for n in _without_docstring(nodes)),
        {n.value for n in every if isinstance(n, ast.Constant) and isinstance(n.value, str)},
        {(m, n) for m, n in targets if n},
        any(chain[-1] == "SPECS" for chain in read),
        module.roots,
    )


def canonical(node):
    """A node as text that keeps what runs: no positions, docstrings or annotations; the same in
    every version of Python."""
    if isinstance(node, list):
        return "[" + ",".join(canonical(n) for n in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = []
    for name, value in ast.iter_fields(node):
        if name in SKIPPED or value is None or value == []:
            continue
        if name == "annotation" and isinstance(node, ast.arg):
            continue
        if name == "body" and isinstance(node, _WITH_DOCSTRING):
            value = _without_docstring(value)
        parts.append(f"{name}={canonical(value)}")
    return f"{type(node).__name__}({','.join(parts)})"


_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _without_docstring(body):
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return body[1:] if isinstance(first.value.value, str) else body
    return body


def _names(node):
    """Names that a statement at the top of a module defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [n.id for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)]


def imports_of(nodes):
    """{name: what it stands for, without the package's own name} for imports of this package."""
    names = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            base = node.module.removeprefix(PACKAGE).removeprefix(".")
            for a in node.names:
                names[a.asname or a.name] = f"{base}.{a.name}".removeprefix(".")
    return names


def _roots(tree):
    """First names of everything that is imported anywhere in a file."""
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots |= {"torch"} if "torch_nn" in node.module + "".join(
                a.name for a in node.names) else {node.module.split(".")[0]}  # fmt: skip
    return roots


def chains(node):
    """Every name that is read, with its attributes: ``a.b.c`` -> ("a", "b", "c")."""
    inner = node
    attributes = []
    while isinstance(inner, ast.Attribute):
        attributes.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        yield (inner.id, *reversed(attributes))
        return
    for child in ast.iter_child_nodes(inner if attributes else node):
        yield from chains(child)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]
