"""What the numbers of a result depend on, hashed piece by piece, so that a change has a name.

Followed, by name and without importing anything heavy: the functions, classes and constants that an
experiment's ``run`` and ``data`` reach in `FOLLOWED` rooms; how a network of PyTorch draws its
weights; the equations of the cells that reached code or the settings name.  Not followed: the
kernels, which the laws hold equal to the equations; only where a result is a time do they count,
a room as a whole.  Settings and libraries stand in the record itself and are compared there.

A comment, a docstring, an annotation or the layout of a line changes nothing.
"""

import ast
import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

import course_utils

PACKAGE = "course_utils"
FOLLOWED = (
    "experiments", "lab", "tasks", "training", "timing", "counting",
    "numpy_nn.init", "numpy_nn.losses", "numpy_nn.optim",
)  # fmt: skip
NOT_FOLLOWED = ("lab.seeds", "lab.running")  # how seeds are spread over cores changes no number
DRAWN = {"torch_nn.recurrent.Recurrent": "reset_parameters"}  # of a class, this method alone
KERNELS = ("numpy_nn", "torch_nn")
CLOCK = "timing"  # a result that reaches this room is a time
DISTRIBUTIONS = {"sklearn": "scikit-learn"}  # where the import has another name
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
        self.imported = _imports(self.tree.body)
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

    def unit(self, where, name, settings=False):
        """One definition, read once; settings as in `read_unit`."""
        if (where, name, settings) not in self.units:
            self.units[where, name, settings] = read_unit(self, where, name, settings)
        return self.units[where, name, settings]

    def room(self, name):
        """All of a room's code as text."""
        if name not in self.rooms:
            files = sorted((self.root / name).rglob("*.py"))
            trees = [ast.parse(file.read_text("utf-8")) for file in files]
            self.rooms[name] = _hash("".join(map(canonical, trees)))
        return self.rooms[name]

    def place(self, experiment):
        """The module of an experiment by its id: "experiments.lstm.gates.adding"."""
        for path in self.root.glob(f"experiments/**/{experiment}.py"):
            return ".".join(path.relative_to(self.root).with_suffix("").parts)
        raise ValueError(f"experiment: there is no file {experiment}.py in experiments")

    def locate(self, dotted):
        """"lab.solving.fit" -> (module, name) where it is defined; name "" for a whole module."""
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
        found = self.locate(target) if target is not None else None
        while found and not found[1] and rest:
            found = self.locate(f"{found[0]}.{rest.pop(0)}")
        return found


@dataclass
class Unit:
    """One definition: its text, the strings in it, what it names, and what its file imports."""

    text: str
    strings: set
    targets: set
    specs: bool  # it names SPECS, the table of all cells
    roots: set


def read_unit(sources, where, name, settings=False):
    """A `Unit`; settings: without the fields of a dataclass, which the record holds."""
    module = sources.module(where)
    nodes = module.defined[name]
    if f"{where}.{name}" in DRAWN:
        nodes = [n for n in nodes[0].body if getattr(n, "name", "") == DRAWN[f"{where}.{name}"]]
    elif settings:
        nodes = [n for n in nodes[0].body if not isinstance(n, ast.AnnAssign)]
    every = [n for node in nodes for n in ast.walk(node)]
    chains = {chain for node in nodes for chain in _chains(node)}
    local = _imports(every)
    targets = {sources.resolve(module, local, chain) for chain in chains} - {None}
    return Unit(
        "".join(canonical(n) for n in _without_docstring(nodes)),
        {n.value for n in every if isinstance(n, ast.Constant) and isinstance(n.value, str)},
        {(m, n) for m, n in targets if n and _follows(m, n)},
        any(chain[-1] == "SPECS" for chain in chains),
        module.roots,
    )


def reached(sources, experiment):
    """{name: `Unit`} of everything followed that ``run`` and ``data`` of an experiment reach."""
    home = sources.place(experiment)
    configs = {place for place, _ in config_classes(sources, experiment)}
    found = {}
    waiting = [(home, name) for name in ("run", "data") if name in sources.module(home).defined]
    while waiting:
        where, name = waiting.pop()
        if f"{where}.{name}" not in found:
            unit = sources.unit(where, name, (where, name) in configs)
            found[f"{where}.{name}"] = unit
            waiting += unit.targets
    return found


def hashes(experiment, config, values, sources=None, equations=None):
    """{name of a piece: its hash}: code, equations and, for times, the rooms of kernels.

    config, values: those of the record.  sources: in place of the package; equations: {cell: text}
    in place of the specs'.
    """
    sources = sources or Sources(Path(course_utils.__file__).parent)
    equations = equations or written_equations()
    found = reached(sources, experiment)
    pieces = {name: unit.text for name, unit in found.items()}
    named = {text for unit in found.values() for text in unit.strings} | set(_strings(config))
    if any(unit.specs for unit in found.values()):
        named |= set(_keys(values))
    pieces |= {f"equations of {key}": equations[key] for key in named & set(equations)}
    if any(name.split(".")[0] == CLOCK for name in found):
        pieces |= {f"kernels of {room}": sources.room(room) for room in KERNELS}
    return {name: _hash(text) for name, text in sorted(pieces.items()) if text}


def reasons(record, sources=None, equations=None, versions=None):
    """Why a record is not what its experiment would say today: [] if it is.

    versions(library) -> its version today, or None; in place of the installed ones.
    """
    sources = sources or Sources(Path(course_utils.__file__).parent)
    name = record["experiment"]
    if not record.get("code"):
        changed = ["recorded before code was hashed"]
    else:
        now = hashes(name, record["config"], record["values"], sources, equations)
        changed = differences(record["code"], now)
    changed += _settings(record["config"], settings(sources, name))
    roots = {root for unit in reached(sources, name).values() for root in unit.roots}
    used = {DISTRIBUTIONS.get(root, root) for root in roots} | {"numpy"}
    used |= {"python"} if "pydoc_data" in roots else set()  # its text belongs to a version
    for library, then in record["versions"].items():
        today = (versions or _version)(library)
        if library in used and today and then.split("+")[0] != today.split("+")[0]:
            changed.append(f"{library} {then} → {today}")
    return changed


def differences(then, now):
    """Names of the pieces that changed; one that only moved to another module did not."""
    gone = {name: then[name] for name in then.keys() - now.keys()}
    new = {name: now[name] for name in now.keys() - then.keys()}
    for name in sorted(gone):
        short = name.rpartition(".")[2]
        moved = [n for n in new if n.rpartition(".")[2] == short and new[n] == gone[name]]
        if moved:
            del gone[name], new[moved[0]]
    said = [f"{n} changed" for n in sorted(then.keys() & now.keys()) if then[n] != now[n]]
    said += [f"{n} is used no more" for n in sorted(gone)]
    return said + [f"{n} is new" for n in sorted(new)]


def settings(sources, experiment):
    """The Config's defaults, read from the source; by import where they are no plain values."""
    found = {}
    try:
        for (where, _), node in reversed(config_classes(sources, experiment)):
            for line in node.body:
                if isinstance(line, ast.AnnAssign):
                    value = _plain(line.value, sources.module(where), sources, found)
                    found[line.target.id] = value
    except (ValueError, KeyError, TypeError, AttributeError):
        from course_utils.lab import running

        return running.plain(running.load(experiment).Config())
    return found


def config_classes(sources, experiment):
    """[((module, name), class)]: the experiment's Config, wherever it stands, then its bases."""
    found = []
    waiting = [sources.locate(f"{sources.place(experiment)}.Config")]
    while waiting:
        where, name = waiting.pop(0)
        module = sources.module(where)
        [node] = module.defined[name]
        found.append(((where, name), node))
        bases = [sources.resolve(module, {}, next(_chains(base))) for base in node.bases]
        waiting += filter(None, bases)
    return found


def _settings(then, now):
    said = []
    for name in [*then, *(n for n in now if n not in then)]:
        old, new = then.get(name, "nothing"), now.get(name, "nothing")
        if old != new:
            said.append(f"config.{name} {old} → {new}")
    return said


def _plain(node, module, sources, known):
    """The value of an expression of constants, as JSON would give it back; ValueError for others.

    known: {name: value} of what stands before it.
    """

    def plain(inner):
        return _plain(inner, module, sources, known)

    match node:
        case ast.Tuple() | ast.List():
            return [plain(item) for item in node.elts]
        case ast.Dict():
            return dict(zip(map(plain, node.keys), map(plain, node.values), strict=True))
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.Name():
            return _plain(*_constant(node, module, sources), sources, {})
        case ast.BinOp(op=ast.Pow()):
            return plain(node.left) ** plain(node.right)
        case ast.Subscript(slice=ast.Slice() as part):
            ends = (None if end is None else plain(end) for end in (part.lower, part.upper))
            return plain(node.value)[slice(*ends)]
        case ast.Call(func=ast.Name(id="tuple"), args=[ast.Call(func=ast.Name(id="range")) as r]):
            return list(range(*map(plain, r.args)))
        case ast.Call(func=ast.Name(id="tuple"), args=[ast.Name() as table]):
            value, home = _constant(table, module, sources)
            return [_plain(key, home, sources, {}) for key in value.keys]  # a dict's
    return ast.literal_eval(node)


def _constant(name, module, sources):
    """What is assigned to a name at the top of this or another module: (expression, module)."""
    where, name = sources.resolve(module, {}, (name.id,))
    home = sources.module(where)
    return home.defined[name][0].value, home


@cache
def written_equations():
    """{cell: its equations and states as text}."""
    from course_utils.specs import SPECS

    return {
        key: "\n".join(" ".join(line.split()) for line in (*spec.equations, *spec.states))
        for key, spec in SPECS.items()
    }


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


def _follows(module, name):
    if f"{module}.{name}" in DRAWN:
        return True
    inside = [room for room in FOLLOWED if module == room or module.startswith(f"{room}.")]
    return bool(inside) and module not in NOT_FOLLOWED


def _names(node):
    """Names that a statement at the top of a module defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [n.id for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)]


def _imports(nodes):
    """{name: what it stands for, without the package's own name} for imports of this package."""
    found = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            base = node.module.removeprefix(PACKAGE).removeprefix(".")
            for a in node.names:
                found[a.asname or a.name] = f"{base}.{a.name}".removeprefix(".")
    return found


def _roots(tree):
    """First names of everything that is imported anywhere in a file."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {"torch"} if "torch_nn" in node.module + "".join(
                a.name for a in node.names) else {node.module.split(".")[0]}  # fmt: skip
    return found


def _chains(node):
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
        yield from _chains(child)


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _keys(value):
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _keys(item)


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _version(library):
    import platform

    if library == "python":
        return platform.python_version()
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
