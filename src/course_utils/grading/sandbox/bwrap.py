"""The second backend: a real IPython kernel inside bubblewrap, reached over ipc sockets.

Slower than the zygote (half a second a kernel), for systems that let only bubblewrap make
namespaces.  The private folder with the sockets is the one thing that both sides can write to.
"""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from queue import Empty

from course_utils.grading.files import scratch
from course_utils.grading.guard import Overdue, time_limit
from course_utils.grading.sandbox import seccomp, usage
from course_utils.grading.sandbox.isolate import (
    SYSTEM,
    CellTimeout,
    IsolateGone,
    Limits,
    SandboxError,
    clean_environment,
    covered,
    hidden_paths,
    outermost,
    shown_paths,
)
from course_utils.grading.sandbox.student_package import write_student_package

MOST_BYTES = 5_000_000
SETUP = """
def _forgive(shell=get_ipython()):
    run = shell.run_line_magic
    def run_line_magic(name, line, _stack_depth=1):
        if name == "matplotlib":
            return None
        try:
            return run(name, line, _stack_depth=_stack_depth + 1)
        except Exception as error:
            print(f"%{{name}} was skipped: {{type(error).__name__}}: {{error}}")
    shell.run_line_magic = run_line_magic
_forgive()
import sys, importlib, builtins
sys.path[:] = [{package!r}, *[p for p in sys.path if p.startswith((sys.prefix, sys.base_prefix))
    or p.endswith(("site-packages", "dist-packages"))]]
for _name in {guard!r}:
    _head, _, _last = _name.rpartition(".")
    try:
        delattr(importlib.import_module(_head) if _head else builtins, _last)
    except (ImportError, AttributeError):
        sys.modules[_name] = None
    for _loaded in [m for m in sys.modules if m == _name or m.startswith(_name + ".")]:
        sys.modules[_loaded] = None
"""


class Bubblewrap:
    """Starts kernels inside bubblewrap."""

    def __init__(self, rooms=(), allow_list=True):
        try:
            import jupyter_client  # noqa: F401
        except ImportError as error:
            raise SandboxError(str(error)) from None
        if shutil.which("bwrap") is None or shutil.which("prlimit") is None:
            raise SandboxError("bwrap or prlimit is not installed")
        self.folder = scratch("bwrap")
        self.package = write_student_package(self.folder / "package", rooms)
        self.filter = self.folder / "filter"
        try:
            families = (seccomp.AF_UNIX, seccomp.AF_INET)  # a kernel's own pipe is one of tcp
            self.filter.write_bytes(seccomp.program(allow_list, families))
        except KeyError:
            self.close()
            raise SandboxError(f"seccomp: no table for {platform.machine()}") from None
        self.extra = ["--unshare-user", "--disable-userns"]  # since 0.8
        if self.test().returncode != 0:
            self.extra = []
        test = self.test()
        if test.returncode != 0:
            self.close()
            raise SandboxError(test.stderr.strip()[:300] or "bwrap failed")

    def test(self):
        """Run nothing inside, under the filter."""
        with self.filter.open("rb") as filter:
            return subprocess.run(
                [*self.wrap(self.package, Limits(), filter.fileno()), "true"],
                pass_fds=[filter.fileno()],
                capture_output=True,
                text=True,
                timeout=30,
            )

    def wrap(self, shared, limits, filter, guard=()):
        """The command that goes before the kernel's own.

        filter: a descriptor to read it from; guard: forbidden names, whose modules are covered.
        """
        words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
        words += ["--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", *self.extra]
        words += ["--proc", "/proc", "--dev", "/dev"]
        size = str((limits.tmp_mb << 20) // 3)
        for folder in ("/tmp", "/student", "/dev/shm"):
            words += ["--size", size, "--tmpfs", folder]
        words += ["--remount-ro", "/dev"]
        for path in shown_paths():
            if path in SYSTEM and Path(path).is_symlink():
                words += ["--symlink", str(Path(path).readlink()), path]
            else:
                words += ["--ro-bind-try", path, path]
        for path in outermost([*hidden_paths(), *covered(tuple(guard))]):
            if Path(path).is_dir():
                words += ["--size", "4096", "--tmpfs", path, "--remount-ro", path]
            else:
                words += ["--ro-bind", "/dev/null", path]
        for kind, path in (("--ro-bind", self.package), ("--bind", shared)):
            words += [kind, str(path), str(path)]
        for name, value in clean_environment("/student").items():
            words += ["--setenv", name, value]
        words += ["--remount-ro", "/", "--seccomp", str(filter), "--chdir", "/student", "prlimit"]
        words += [f"--as={limits.memory_mb << 20}", f"--cpu={limits.cpu_s}", "--nofile=256"]
        words += [f"--nproc={limits.processes}", f"--fsize={limits.tmp_mb << 20}"]
        return [*words, "--core=0", "--"]

    def isolate(self, limits=None, guard=()):
        """A fresh kernel."""
        return KernelIsolate(self, limits or Limits(), guard)

    def close(self):
        """Forget the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


class KernelIsolate:
    """A kernel in bubblewrap with the interface of `isolate.Isolate`."""

    def __init__(self, owner, limits, guard):
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import KernelManager

        self.shared, self.limits = scratch("ipc"), limits
        self.manager = KernelManager(
            transport="ipc", ip=str(self.shared / "s"), connection_file=str(self.shared / "c.json")
        )
        python = [sys.executable, "-I", "-W", "ignore", "-m", "ipykernel_launcher"]
        quiet = ["--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor"]
        filter = os.open(owner.filter, os.O_RDONLY)
        command = owner.wrap(self.shared, limits, filter, guard)
        self.manager._kernel_spec = KernelSpec(
            argv=[*command, *python, "-f", "{connection_file}", *quiet],
            display_name="isolate",
            language="python",
            interrupt_mode="message",
        )
        try:
            with time_limit(70):
                self.manager.start_kernel(
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[filter]
                )
                self.client = self.manager.client()
                self.client.start_channels(hb=False)  # its thread can wait on a dead kernel
                self.client.wait_for_ready(timeout=60)
        except RuntimeError as error:
            self.close()
            raise SandboxError(f"the kernel did not start: {error}") from None
        finally:
            os.close(filter)
        self.run(SETUP.format(package=str(owner.package), guard=list(guard)), 60)

    def run(self, source, timeout, role="answer", seed=0):
        """As `Isolate.run`; a check has names of its own, but its frames are not closed."""
        if role == "check":
            names = f"{{**globals(), 'SEED': {seed}}}"
            source = f"exec(compile({source!r}, '<check>', 'exec'), {names})"
        try:
            with time_limit(timeout + 5):  # a socket that the student broke can block for ever
                return self.answer(source, timeout)
        except Overdue:
            raise CellTimeout("it ran past its time limit") from None

    def answer(self, source, timeout):
        """Send a cell and collect what comes until the kernel is idle again."""
        message = self.client.execute(source, store_history=False, allow_stdin=False)
        reply, end = {"printed": "", "outputs": [], "error": None}, time.monotonic() + timeout
        seen, look = 0, time.monotonic() + 0.2
        while True:
            now = time.monotonic()
            if now > end:
                raise CellTimeout("it ran past its time limit")
            if now > look:
                look = now + 0.2
                if self.used_up():
                    raise IsolateGone("the process ended")
            try:
                heard = self.client.get_iopub_msg(timeout=0.1)
            except Empty:
                if not self.manager.is_alive():
                    raise IsolateGone("the process ended") from None
                continue
            except (ValueError, RecursionError, TypeError, KeyError) as error:
                raise IsolateGone("the process answered with something unreadable") from error
            seen += len(str(heard["content"])) if len(reply["outputs"]) < 50 else MOST_BYTES
            if seen > MOST_BYTES:
                raise IsolateGone("it sent too much")
            if heard["parent_header"].get("msg_id") != message:
                continue
            if sort_message(heard["msg_type"], heard["content"], reply):
                return reply

    def used_up(self):
        """Do its processes, or the folder with the sockets, hold more than they may?"""
        with os.scandir(self.shared) as entries:
            left = [entry.stat(follow_symlinks=False).st_size for entry in entries]
        if len(left) > 50 or sum(left) > 1 << 20:
            return True
        top = self.manager.provisioner.process.pid
        return usage.too_much([top, *usage.descendants(top)], self.limits.total_mb)

    def close(self):
        """Kill the kernel and everything in it."""
        process = getattr(self.manager.provisioner, "process", None)
        if process is not None:  # first: nothing below may hang on a kernel that is half gone
            process.kill()
        with contextlib.suppress(Exception), time_limit(10):
            self.manager.shutdown_kernel(now=True)
        with contextlib.suppress(Exception), time_limit(10):
            self.client.stop_channels()
        shutil.rmtree(self.shared, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def sort_message(kind, content, reply):
    """Put one kernel message where it belongs in the reply; True when the cell is done."""
    if kind == "status":
        return content.get("execution_state") == "idle"
    if kind == "stream":
        reply["printed"] = (reply["printed"] + str(content.get("text")))[:20_000]
    elif kind in ("display_data", "execute_result"):
        reply["outputs"].append(content.get("data"))
    elif kind == "error":
        reply["error"] = {
            "name": content.get("ename"),
            "text": content.get("evalue"),
            "lines": [],
        }
    return False
