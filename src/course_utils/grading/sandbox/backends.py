"""Which isolation this machine offers, and why not a better one."""

import os
import sys

from course_utils.errors import UserError
from course_utils.grading.sandbox.isolate import IsolateGone, SandboxError, Zygote

UNSANDBOXED = "unsandboxed"
WIDER = "no allow-list"
WARNING = (
    "WARNING: this system's libraries need system calls that the allow-list lacks; only the known "
    "dangerous ones are refused"
)
TRIAL = """
import os, subprocess, tempfile, threading, time
import numpy
thread = threading.Thread(target=time.sleep, args=(0,))
thread.start(), thread.join()
subprocess.run(["/bin/sh", "-c", "exit 0"], check=True)
tempfile.TemporaryFile().write(b"x")
numpy.linalg.svd(numpy.eye(3))
"""


class NoSandbox(UserError, RuntimeError):
    """No isolation is to be had; the message says how to get one."""


def open_sandbox(exercise, unsandboxed=False, only=None, allow_list=True):
    """The best isolation for an exercise, ready to fork; a context manager.

    unsandboxed: a plain process may be used where nothing better is to be had.
    only: one backend by its name, for tests.
    allow_list: False where the exercise needs more system calls than the list has.
    """
    reasons = {}
    for name, make in backends():
        if only is not None and name != only:
            continue
        if name == UNSANDBOXED and not unsandboxed:
            continue
        try:
            return open_backend(name, make, exercise, allow_list)
        except (SandboxError, OSError) as error:
            reasons[name] = str(error)
    raise NoSandbox(advice(reasons))


def open_backend(name, make, exercise, allow_list=True):
    """One backend that has run `TRIAL`: behind the allow-list of system calls, else without it.

    Another libc or kernel may need a call that the list lacks; then the backend says so in its name
    and in ``warning``.
    """
    for allowed in (True, False) if allow_list and name != UNSANDBOXED else (False,):
        made = make(exercise, allowed)
        try:
            with made.isolate() as isolate:
                failure = isolate.run(TRIAL, 60)["error"]
        except IsolateGone as error:
            failure = str(error)
        except SandboxError:
            made.close()
            raise
        if failure is None:
            bare = name == UNSANDBOXED or allowed
            return Opened(name if bare else f"{name} ({WIDER})", made, "" if bare else WARNING)
        made.close()
    raise SandboxError(f"an isolate opens but cannot run Python: {failure}")


def backends():
    """(name, factory of an exercise and whether to use the allow-list) from the best down."""
    choices = []
    if sys.platform == "linux":
        choices.append(("namespaces", namespaces))
        choices.append(("bwrap", bubblewrap))
    choices.append((UNSANDBOXED, unsandboxed))
    return choices


def zygote(mode, exercise, allow_list):
    """A zygote with the exercise's libraries loaded."""
    return Zygote(mode, exercise.preload, exercise.rooms, allow_list)


def namespaces(exercise, allow_list):
    """The zygote in namespaces: as root with a change of user, otherwise in a user namespace.

    Never root in a user namespace: to the kernel that is still root, who may write /proc/sys.
    """
    return zygote("root" if os.geteuid() == 0 else "userns", exercise, allow_list)


def bubblewrap(exercise, allow_list):
    """Bubblewrap with a kernel; not as root, see `namespaces`."""
    if os.geteuid() == 0:
        raise SandboxError("root inside bubblewrap is still root to the kernel; use another user")
    from course_utils.grading.sandbox.bwrap import Bubblewrap

    return Bubblewrap(exercise.rooms, allow_list)


def unsandboxed(exercise, allow_list):
    """The zygote without walls."""
    return zygote("none", exercise, allow_list)


def advice(reasons):
    """Why nothing was found and what to do."""
    text = "; ".join(f"{name}: {why}" for name, why in reasons.items()) or "not on Linux"
    return (
        f"no sandbox is to be had here ({text}). `course doctor` says how to enable one; "
        "--unsandboxed grades without (only for code that you would run yourself)"
    )


class Opened:
    """A sandbox in use: its name for the records, a warning or "", and `isolate`."""

    def __init__(self, name, source, warning=""):
        self.name, self.source, self.warning = name, source, warning

    def isolate(self, limits=None, guard=()):
        return self.source.isolate(limits, guard)

    def close(self):
        self.source.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Probe:
    """The least that an exercise must say to be given a sandbox."""

    preload, rooms = ("numpy",), ()


def diagnose():
    """Lines for ``course doctor``: each backend, whether it works here, and how to enable it."""
    lines, best = [], None
    for name, make in backends():
        try:
            made = open_backend(name, make, Probe)
        except (SandboxError, OSError) as error:
            lines.append(f"no    {name}: {error}")
        else:
            made.close()
            best = best or name
            lines.append(f"yes   {made.name}{': ' * bool(made.warning)}{made.warning}")
    if best == UNSANDBOXED:
        lines += REMEDIES
        lines.append("`course grade` refuses to run here unless you say --unsandboxed.")
    else:
        lines.append(f"`course grade` uses: {best}")
    return lines


REMEDIES = [
    "To get isolation:",
    "  Ubuntu 23.10 and later: AppArmor forbids user namespaces; as root:",
    "    sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    "  Debian with kernel.unprivileged_userns_clone=0: set it to 1 by sysctl, as root",
    "  A container: run it with --privileged, or --security-opt seccomp=unconfined",
    "  bubblewrap, where its package brings a profile: apt install bubblewrap",
    "  macOS and Windows: use a Linux container, a virtual machine, or WSL 2",
]
