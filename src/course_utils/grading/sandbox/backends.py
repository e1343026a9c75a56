"""Which isolation this machine offers, and why not a better one."""

import os
import sys

from course_utils.grading.sandbox.isolate import SandboxError, Zygote

UNSANDBOXED = "unsandboxed"


class NoSandbox(RuntimeError):
    """No isolation is to be had; the message says how to get one."""


def open_sandbox(exercise, unsandboxed=False, only=None):
    """The best isolation for an exercise, ready to fork; a context manager.

    unsandboxed: a plain process may be used where nothing better is to be had.
    only: one backend by its name, for tests and `course doctor`.
    """
    reasons = {}
    for name, make in backends():
        if only is not None and name != only:
            continue
        if name == UNSANDBOXED and not unsandboxed:
            continue
        try:
            return Opened(name, make(exercise))
        except (SandboxError, OSError) as error:
            reasons[name] = str(error)
    raise NoSandbox(advice(reasons))


def backends():
    """(name, factory) from the best down."""
    found = []
    if sys.platform == "linux":
        found.append(("namespaces", namespaces))
        found.append(("bwrap", bubblewrap))
    found.append((UNSANDBOXED, lambda exercise: zygote("none", exercise)))
    return found


def zygote(mode, exercise):
    """A zygote for an exercise that has forked once."""
    made = Zygote(mode, exercise.preload, exercise.rooms)
    try:
        made.isolate().close()
    except SandboxError:
        made.close()
        raise
    return made


def bubblewrap(exercise):
    """Bubblewrap with a kernel, once tried; not as root, see `namespaces`."""
    if os.geteuid() == 0:
        raise SandboxError("root inside bubblewrap is still root to the kernel; use another user")
    from course_utils.grading.sandbox.bwrap import Bubblewrap

    made = Bubblewrap(exercise.rooms)
    try:
        made.isolate().close()
    except SandboxError:
        made.close()
        raise
    return made


def namespaces(exercise):
    """The zygote in namespaces: as root with a change of user, otherwise in a user namespace.

    Never root in a user namespace: to the kernel that is still root, who may write /proc/sys.
    """
    return zygote("root" if os.geteuid() == 0 else "userns", exercise)


def advice(reasons):
    """Why nothing was found and what to do."""
    text = "; ".join(f"{name}: {why}" for name, why in reasons.items()) or "not on Linux"
    return (
        f"no sandbox is to be had here ({text}). `course doctor` says how to enable one; "
        "--unsandboxed grades without (only for code that you would run yourself)"
    )


class Opened:
    """A sandbox in use: its name for the records, and `isolate`."""

    def __init__(self, name, source):
        self.name, self.source = name, source

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
            made = make(Probe)
        except (SandboxError, OSError) as error:
            lines.append(f"no    {name}: {error}")
        else:
            made.close()
            best = best or name
            lines.append(f"yes   {name}")
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
