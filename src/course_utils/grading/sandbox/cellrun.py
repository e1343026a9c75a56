"""Runs cells inside the isolate: an InteractiveShell made before the fork, JSON over a socket.

Nothing here is trusted once a student's cell has run.  It keeps honest code honest: output is
capped, tracebacks name only the student's lines.
"""

import ast
import builtins
import importlib
import io
import subprocess
import sys
import traceback

MOST_TEXT = 20_000
shell = None


def prepare():
    """Make the shell; slow, so once, in the zygote."""
    global shell
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.xmode = "Plain"
    shell = InteractiveShell.instance(config=config)
    shell.system = system  # IPython's own needs a terminal
    shell.enable_gui = lambda *args, **kwargs: None  # %matplotlib asks for one
    shell.var_expand, shell.get_local_scope = expanded, lambda depth: {}  # theirs read frames
    forgive(shell)
    shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
    shell.run_cell(
        "%time print(0)\n!true\n_ = !true", store_history=False, silent=True
    )  # loads lazy parts


def forgive(shell):
    """A line magic that cannot run here is skipped with a word: it shall not cost the answer."""
    run = shell.run_line_magic

    def run_line_magic(name, line, _stack_depth=1):
        if name == "matplotlib":  # nobody looks at pictures here, and it takes seconds to load
            return None
        try:
            return run(name, line, _stack_depth=_stack_depth + 1)
        except Exception as error:
            return print(f"%{name} was skipped: {type(error).__name__}: {error}")

    shell.run_line_magic = run_line_magic


def expanded(command, depth=0, formatter=None):
    """A shell line with the notebook's names put in, as far as it can be done."""
    from IPython.utils.text import DollarFormatter

    try:
        return (formatter or DollarFormatter()).vformat(str(command), (), dict(shell.user_ns))
    except Exception:
        return command


def system(command):
    """Run a shell command; what it prints goes where the cell's own prints go."""
    command = expanded(command)
    merged = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, **merged) as process:
        for line in iter(lambda: process.stdout.read(4096), b""):
            sys.stdout.write(line.decode("utf-8", "replace"))
    shell.user_ns["_exit_code"] = process.returncode


class Capped(io.TextIOBase):
    """A text stream that keeps its first characters and drops the rest."""

    def __init__(self):
        self.kept, self.left = [], MOST_TEXT

    def writable(self):
        return True

    def write(self, text):
        if self.left > 0:
            self.kept.append(str(text)[: self.left])
            self.left -= len(self.kept[-1])
        return len(text)

    def text(self):
        return "".join(self.kept)


class Publisher:
    """Collects what cells display; stands in for IPython's display publisher."""

    is_publishing = True

    def __init__(self):
        self.outputs = []

    def publish(self, data, metadata=None, update=False, **_):
        if not update and len(self.outputs) < 50:
            self.outputs.append(data)

    def clear_output(self, wait=False):
        pass


class Capture:
    """Collects what a cell prints, displays and raises, as plain values; a context manager."""

    def __enter__(self):
        self.stream, self.publisher, self.failure = Capped(), Publisher(), None
        shell.display_pub = self.publisher
        self.kept = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = self.stream
        return self

    def __exit__(self, kind, error, trace):
        sys.stdout, sys.stderr = self.kept
        self.failure = self.failure or error
        return True

    def reply(self):
        """What there is to say of the cell."""
        failure = self.failure
        return {
            "printed": self.stream.text(),
            "outputs": [o for o in self.publisher.outputs if isinstance(o, dict)],
            "error": describe(failure) if failure is not None else None,
        }


def run(source):
    """Run one cell; its printed text, displayed outputs and error as plain values."""
    with Capture() as capture:
        codes = plain_python(source)
        if codes is not None:
            run_plain(codes)
        else:
            result = shell.run_cell(source, store_history=False)
            capture.failure = result.error_before_exec or result.error_in_exec
    return capture.reply()


def plain_python(source):
    """The code objects of a cell that means the same without IPython, else None.

    A cell with a magic, a shell line or an await at its top is no Python yet and goes to IPython;
    all others run in a sixth of the time without its transformers.  The last expression is shown.
    """
    try:
        name = shell.compile.cache(source, shell.execution_count, source)
        tree = shell.compile.ast_parse(source, filename=name)
        shown = [tree.body.pop()] if tree.body and isinstance(tree.body[-1], ast.Expr) else []
        codes = [shell.compile(tree, name, "exec")]
        return codes + [shell.compile(ast.Interactive([last]), name, "single") for last in shown]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def run_plain(codes):
    """Run code objects as IPython runs a cell's."""
    with shell.builtin_trap, shell.display_trap:
        for code in codes:
            exec(code, shell.user_global_ns, shell.user_ns)


def describe(error):
    """The error's name, text and the student's own lines: "line 3, in step: h = o * c"."""
    if not isinstance(error, BaseException):
        return {"name": "Error", "text": str(error)[:500], "lines": []}
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if "ipython-input" in frame.filename or "ipykernel" in frame.filename:
            where = "" if frame.name.startswith("<") else f", in {frame.name}"
            lines.append(f"line {frame.lineno}{where}: {frame.line or ''}"[:300])
    if isinstance(error, SyntaxError) and error.lineno:
        lines.append(f"line {error.lineno}: {(error.text or '').strip()}"[:300])
    return {"name": type(error).__name__, "text": str(error)[:500], "lines": lines[-6:]}


def take_away(guarded):
    """Remove what an exercise forbids: "torch.nn.LSTM" the attribute, "sklearn" the module."""
    for name in guarded:
        head, _, last = name.rpartition(".")
        try:
            owner = importlib.import_module(head) if head else builtins
            delattr(owner, last)
        except (ImportError, AttributeError):
            sys.modules[name] = None
        for loaded in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
            sys.modules[loaded] = None
