"""The grader's side of the zygote: start it, order isolates, exchange capped lines of JSON."""

import atexit
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path

from course_utils.grading.files import scratch
from course_utils.grading.sandbox.apart import mark, masked
from course_utils.grading.sandbox.student_package import write_student_package

HERE = Path(__file__).parent
MOST_REPLY = 5_000_000
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/localtime")


class SandboxError(RuntimeError):
    """No isolate of this kind can be had here; the message is the system's reason."""


class IsolateGone(RuntimeError):
    """The isolate crashed, was killed, or broke the protocol; the message says which."""


class OutOfTurn(IsolateGone):
    """An answer that belongs to an earlier cell: something before this cell wrote its own."""


class CellTimeout(IsolateGone):
    """A cell ran past its time."""


@dataclass(frozen=True)
class Limits:
    """What one isolate may use; ``total_mb`` counts all its processes together."""

    memory_mb: int = 2048
    total_mb: int = 2048
    tmp_mb: int = 64
    cpu_s: int = 120
    processes: int = 48


class Zygote:
    """A preloaded process; `isolate` forks from it in milliseconds.

    mode: "root", "userns" or "none" (see jail.py); allow_list: see seccomp.py.
    """

    def __init__(self, mode, preload=("numpy",), rooms=(), allow_list=True):
        if not hasattr(socket, "send_fds"):
            raise SandboxError("this system cannot hand sockets to another process")
        self.mode, self.allow_list = mode, allow_list
        self.folder = scratch("zygote")
        self.folder.chmod(0o755)
        self.count, self.shown, self.hidden = 0, shown_paths(), hidden_paths()
        package = write_student_package(self.folder / "package", rooms)
        (self.folder / "root").mkdir()
        self.control, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-X", "utf8", "-W", "ignore", str(HERE / "zygote.py")]
        command += [str(theirs.fileno()), str(package), ",".join(preload)]
        self.process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env=clean_environment(self.folder),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        atexit.register(self.close)
        self.control.settimeout(120)
        if self.control.recv(16) != b"ready\n":
            self.close()
            raise SandboxError("the preloaded process did not start")

    def isolate(self, limits=None, guard=()):
        """Fork an isolate; SandboxError says why there can be none."""
        self.count += 1
        limits, key = limits or Limits(), secrets.token_bytes(16)
        work = self.folder / "root"
        if self.mode == "none":
            work = self.folder / f"work-{self.count}"
            work.mkdir()
            work.chmod(0o777)  # a grader that is root runs students' code as somebody else
        order = {
            "mode": self.mode,
            "allow_list": self.allow_list,
            "limits": asdict(limits),
            "guard": list(guard),
            "root": str(work),
            "shown": self.shown,
            "hidden": outermost([*self.hidden, *covered(tuple(guard))]),
            "key": key.hex(),
            "uid": 61_000 + (os.getpid() * 7 + self.count) % 4_000,
        }
        data, their_data = socket.socketpair()
        life, their_life = socket.socketpair()
        socket.send_fds(
            self.control, [json.dumps(order).encode()], [their_data.fileno(), their_life.fileno()]
        )
        their_data.close()
        their_life.close()
        return Isolate(data, life, key)

    def close(self):
        """End the zygote; isolates end with their own ``life``."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.control.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)


class Isolate:
    """One locked process that runs cells in order."""

    def __init__(self, data, life, key):
        self.data, self.life, self.key, self.buffer, self.number = data, life, key, b"", 0
        data.setblocking(False)
        try:
            ready = self.read(time.monotonic() + 30)
        except IsolateGone as error:
            self.close()
            raise SandboxError(str(error)) from None
        if ready.get("ready") is not True:
            self.close()
            raise SandboxError(str(ready.get("why", "no reason given"))[:300])

    def run(self, source, timeout, role="answer", seed=0):
        """Run a cell -> {"printed", "outputs", "error"}; IsolateGone or CellTimeout.

        role: "given", "answer" or "check"; seed: the ``SEED`` of a check, which only that sees.
        """
        self.number += 1
        order = {"id": self.number, "role": role, "source": source}
        if role == "check":
            order["seed"] = masked(seed, self.key, self.number)
        line = json.dumps(order).encode("ascii") + b"\n"
        end = time.monotonic() + timeout
        try:
            self.data.setblocking(True)
            self.data.settimeout(timeout)
            self.data.sendall(line)
        except OSError:
            raise IsolateGone("the process had ended") from None
        finally:
            self.data.setblocking(False)
        reply = self.read(end)
        ours = reply.get("mark") == mark(self.key, "reply", self.number).hex()
        if reply.get("id") == self.number and ours:
            return reply
        if reply.get("id") in range(self.number + 1):
            raise OutOfTurn("the process answered out of turn")
        raise IsolateGone("the process answered with something that is not a reply")

    def read(self, end):
        """One line of JSON that is a dict, before the time ``end``."""
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.data], [], [], left)[0]:
                raise CellTimeout("it ran past its time limit")
            try:
                chunk = self.data.recv(1 << 20)
            except OSError:
                chunk = b""
            if not chunk:
                raise IsolateGone("the process ended")
            self.buffer += chunk
            if len(self.buffer) > MOST_REPLY:
                raise IsolateGone("it sent too much")
        line, _, self.buffer = self.buffer.partition(b"\n")
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            raise IsolateGone("the process answered with something that is not JSON") from None
        if not isinstance(reply, dict):
            raise IsolateGone("the process answered with something that is not a reply")
        return reply

    def close(self):
        """Kill everything in it."""
        self.life.close()
        self.data.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def clean_environment(home):
    """No variable of the instructor's reaches a student."""
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "IPYTHONDIR": str(home),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(home),
        "LANG": "C.UTF-8",
        **one,
    }


def shown_paths():
    """What Python needs: the system's libraries and this interpreter's own folders."""
    prefixes = {Path(p) for p in (sys.prefix, sys.base_prefix)}
    own = {str(p) for p in prefixes | {p.resolve() for p in prefixes}}  # .venv may be a link
    own |= {str(Path(sys.executable).resolve().parent.parent)}
    libraries = ("site-packages", "dist-packages")  # also those of an environment below ours
    own |= {p for p in sys.path if Path(p).name in libraries and not within(p, own)}
    inside = [p for p in own if not p.startswith("/usr/") and p != "/usr"]
    return [*SYSTEM, *sorted(inside)]


def outermost(paths):
    """Of paths that are covered with nothing those in no other one: there, nothing is left."""
    paths = list(dict.fromkeys(paths))
    return [p for p in paths if not within(p, [other for other in paths if other != p])]


@lru_cache
def covered(names):
    """Where forbidden modules lie, so that not even another process can import them.

    names: a tuple.  A name that is no module ("torch.nn.LSTM") has no place of its own: it is taken
    away inside.
    """
    paths = []
    for name in names:
        places, parts = None, name.split(".")
        for k in range(len(parts)):
            spec = PathFinder.find_spec(".".join(parts[: k + 1]), places)
            places = spec and list(spec.submodule_search_locations or ())
            if spec is None or (not places and k < len(parts) - 1):
                break
        else:
            paths += places or ([spec.origin] if spec.origin else [])
    shown = [p for p in shown_paths() if Path(p).is_dir()]
    return [str(p) for p in paths if Path(p).exists() and within(str(p), shown)]


def within(path, folders):
    """Does a path lie in one of the folders?"""
    return any(path == f or path.startswith(f + "/") for f in folders)


def hidden_paths():
    """The full package, where it is installed in a folder that is shown."""
    package = str(HERE.parent.parent)
    shown = [p for p in shown_paths() if Path(p).is_dir()]
    return [package] if within(package, shown) else []
