"""What the numbers of a result depend on, hashed piece by piece, so that a change has a name.

Followed, by name and without importing anything heavy: the functions, classes and constants that an
experiment's ``run`` and ``data`` reach in `FOLLOWED` rooms; how a network of PyTorch draws its
weights; the equations of the cells that reached code or the settings name.  Not followed: the
kernels, which the laws hold equal to the equations; only where a result is a time do they count,
a room as a whole, but the files of cells that are not named.  Settings and libraries stand in the
record itself and are compared there.

A comment, a docstring, an annotation or the layout of a line changes nothing.
"""

import ast
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import course_utils
from course_utils.lab.source_code import Sources, chains, digest

FOLLOWED = (
    "experiments", "lab", "tasks", "training", "timing", "counting",
    "numpy_nn.init", "numpy_nn.losses", "numpy_nn.optim",
)  # fmt: skip
# how seeds are spread over cores changes no number
NOT_FOLLOWED = ("lab.seeds", "lab.running", "lab.catalogue")
DRAWN = {"torch_nn.recurrent.Recurrent": "reset_parameters"}  # of a class, this method alone
KERNELS = ("numpy_nn", "torch_nn", "compiled")
CLOCK = "timing"  # a result that reaches this room is a time
DISTRIBUTIONS = {"sklearn": "scikit-learn"}  # where the import has another name


def reached(sources, experiment):
    """{name: `Unit`} of everything followed that ``run`` and ``data`` of an experiment reach."""
    home = sources.place(experiment)
    configs = {place for place, _ in config_classes(sources, experiment)}
    units = {}
    waiting = [(home, name) for name in ("run", "data") if name in sources.module(home).defined]
    while waiting:
        where, name = waiting.pop()
        if f"{where}.{name}" not in units:
            method = DRAWN.get(f"{where}.{name}")
            unit = sources.unit(where, name, method, fields=(where, name) not in configs)
            units[f"{where}.{name}"] = unit
            waiting += [target for target in unit.targets if _follows(*target)]
    return units


def hashes(experiment, config, values, sources=None, equations=None):
    """{name of a piece: its hash}: code, equations and, for times, the rooms of kernels.

    config, values: those of the record.  sources: in place of the package; equations: {cell: text}
    in place of the specs'.
    """
    sources = sources or Sources(Path(course_utils.__file__).parent)
    equations = equations or written_equations()
    units = reached(sources, experiment)
    pieces = {name: unit.text for name, unit in units.items()}
    named = {text for unit in units.values() for text in unit.strings} | set(_strings(config))
    if any(unit.specs for unit in units.values()):
        named |= set(_keys(values))
    pieces |= {f"equations of {key}": equations[key] for key in named & set(equations)}
    if any(name.split(".")[0] == CLOCK for name in units):
        rooms = [room for room in KERNELS if (sources.root / room).is_dir()]
        others = set(equations) - named
        pieces |= {f"kernels of {room}": sources.room(room, others) for room in rooms}
    return {name: digest(text) for name, text in sorted(pieces.items()) if text}


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
    defaults = {}
    try:
        for (where, _), node in reversed(config_classes(sources, experiment)):
            for line in node.body:
                if isinstance(line, ast.AnnAssign):
                    value = _plain(line.value, sources.module(where), sources, defaults)
                    defaults[line.target.id] = value
    except (ValueError, KeyError, TypeError, AttributeError):
        from course_utils.lab import catalogue

        return catalogue.plain(catalogue.load(experiment).Config())
    return defaults


def config_classes(sources, experiment):
    """[((module, name), class)]: the experiment's Config, wherever it stands, then its bases."""
    classes = []
    waiting = [sources.locate(f"{sources.place(experiment)}.Config")]
    while waiting:
        where, name = waiting.pop(0)
        module = sources.module(where)
        [node] = module.defined[name]
        classes.append(((where, name), node))
        bases = [sources.resolve(module, {}, next(chains(base))) for base in node.bases]
        waiting += filter(None, bases)
    return classes


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


def _follows(module, name):
    if f"{module}.{name}" in DRAWN:
        return True
    inside = [room for room in FOLLOWED if module == room or module.startswith(f"{room}.")]
    return bool(inside) and module not in NOT_FOLLOWED


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


def _version(library):
    if library == "python":
        return platform.python_version()
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
