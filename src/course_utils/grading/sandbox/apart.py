"""The isolate's side of the protocol, and check cells that students' functions cannot look into.

A check draws its inputs from a secret seed and may know what it looks for ("which of these models
peeks?").  The functions that it calls run in the same process, so everything of it is kept from
their sight: it has names of its own, which vanish with it; the seed comes masked and only to it;
its builtins, its NumPy, its PyTorch and its ``grading.check`` are copies made before the first
answer; and frames and the garbage collector are closed by `unseen`.
"""

import builtins
import importlib.util
import sys
from _blake2 import blake2b
from builtins import compile, dict, exec, int, len, set  # noqa: UP029  an answer may replace them
from os import _exit, environ, fdopen, write
from types import ModuleType

if __package__:
    from course_utils.grading.sandbox import cellrun, unseen
else:  # in the zygote, which knows no package
    import cellrun
    import unseen

Capture = cellrun.Capture

MIME = "application/vnd.unrolled.check+json"  # as in `bundle`, which stands in another package here
MOST_REPLY = 4_000_000
COPIED = ("numpy", "torch")
OURS = ("course_utils.grading.bundle", "course_utils.grading.student", "course_utils.grading")
JSON = ("json.scanner", "json.decoder", "json.encoder", "json")

# No frame shows a module's names, so what must not be seen stands here and not in a local variable.
key, given, copies, names_of_python = b"", {}, {}, {}
json = grading = None


def mark(key, purpose, number):
    """What only the two ends of the socket know, for one order; 8 bytes."""
    return blake2b(f"{purpose} {number}".encode(), key=key, digest_size=8).digest()


def masked(seed, key, number):
    """A seed as it crosses the socket, which an answer may read as well; its own inverse."""
    return seed ^ int.from_bytes(mark(key, "seed", number), "big")


def prepare():
    """Make the copies; once, before any student's code is there."""
    global json, grading
    for name in COPIED:
        if name in sys.modules:
            copy_of(sys.modules[name], name)
    names_of_python.update(vars(builtins), __import__=imported)
    json = fresh(JSON)
    if importlib.util.find_spec("course_utils") is not None:
        grading = fresh(OURS)


def fresh(names):
    """The last of these modules, with copies of the others: to patch the known ones is idle."""
    known = {name: importlib.import_module(name) for name in names}
    try:
        for name in names:
            spec = importlib.util.find_spec(name)
            sys.modules[name] = made = importlib.util.module_from_spec(spec)
            made.__dict__["__builtins__"] = names_of_python
            spec.loader.exec_module(made)
        return made
    finally:
        sys.modules.update(known)
        for name, module in known.items():
            above, _, last = name.rpartition(".")
            if above:
                setattr(sys.modules[above], last, module)


class Copy(ModuleType):
    """A module's names as they were; what it loads only when asked for comes from itself."""

    def __getattr__(self, name):
        return getattr(sys.modules[self.__name__], name)


def copy_of(module, top):
    """A copy of a module and of the modules of the same package that it names."""
    name = module.__name__
    if name not in copies:
        copies[name] = made = Copy(name)
        for attribute, value in list(vars(module).items()):
            inside = type(value) is ModuleType and value.__name__.startswith(f"{top}.")
            setattr(made, attribute, copy_of(value, top) if inside else value)
    return copies[name]


def imported(name, globals=None, locals=None, fromlist=(), level=0, /, real=__import__):
    """``import`` as check cells do it: copies where there are some."""
    if name == "course_utils" and "grading" in (fromlist or ()):
        found = Copy("course_utils")
        found.grading = grading
        return found
    module = real(name, globals, locals, fromlist, level)
    found = copies.get(name if fromlist else name.partition(".")[0])
    return module if found is None else found


def loop(fd, home, guarded, secret):
    """Answer one line of JSON with one line, until the socket closes."""
    global key
    key = secret
    environ.update(HOME=home, IPYTHONDIR=home, MPLCONFIGDIR=home, TMPDIR=home)
    cellrun.take_away(guarded)
    with fdopen(fd, "rb", closefd=False) as lines:
        send(fd, {"ready": True})
        for line in lines:
            answer(fd, json.loads(line))
    _exit(0)


def answer(fd, order):
    """Run one cell and say what came of it."""
    number, role = order["id"], order["role"]
    if role == "check":
        reply = check(order["source"], number, order["seed"])
    else:
        if role == "answer":
            unseen.close()
        before = dict(cellrun.shell.user_ns) if role == "given" else None
        reply = cellrun.run(order["source"])
        if before is not None:
            given.update(changed(before, cellrun.shell.user_ns))
    send(fd, {"id": number, "mark": mark(key, "reply", number).hex(), **reply})


def changed(before, names):
    """What a cell bound anew."""
    return {name: v for name, v in names.items() if name not in before or before[name] is not v}


def check(source, number, seed):
    """Run a check cell where no answer sees its names."""
    emitted, capture = [], Capture()
    grading.check.__globals__["state"]["sink"] = lambda bundle: emitted.append({MIME: bundle})
    names = dict(cellrun.shell.user_ns)
    for name in set(names) & set(names_of_python) - set(given):
        del names[name]  # a student's own `max` is for the student's functions
    names |= given | {"__builtins__": names_of_python, "SEED": masked(seed, key, number)}
    with capture:
        exec(compile(source, "<check>", "exec"), names)
    reply = capture.reply()
    return {**reply, "outputs": [*reply["outputs"], *emitted]}


def send(fd, reply):
    """Write one reply; one that is too long becomes an error."""
    line = json.dumps(reply).encode("ascii")
    if len(line) > MOST_REPLY:
        error = {"name": "Output", "text": "too much output"}
        reply = {"id": reply.get("id"), "mark": reply.get("mark"), "error": error}
        line = json.dumps(reply).encode("ascii")
    line += b"\n"
    while line:
        line = line[write(fd, line) :]
