"""A preloaded process that forks one isolate per run; started with ``python -I``, by path.

It imports the libraries once and holds nothing worth stealing.  On its socket (file descriptor
given as the first argument) it receives a JSON order with two sockets: ``data`` for the cells and
``life``, whose closing kills the isolate.  Each order forks a guard, which enters new namespaces,
forks process 1, and watches life, memory and the child.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
from itertools import pairwise
from pathlib import Path

HERE = str(Path(__file__).parent)
sys.path.insert(0, HERE)
import apart  # noqa: E402
import cellrun  # noqa: E402
import jail  # noqa: E402
import seccomp  # noqa: E402
import usage  # noqa: E402

sys.path.remove(HERE)
for own in ("apart", "cellrun", "jail", "seccomp", "unseen", "usage"):
    sys.modules.pop(own, None)  # an answer that imports one shall not get ours


# what every exercise's first cells would import anew in each isolate
EVERY_NOTEBOOK = ("numpy.random", "IPython.display", "course_utils.grading.student")


def only_known_paths(package):
    """The student package, the standard library and site-packages: no project folder."""
    prefixes, libraries = (sys.prefix, sys.base_prefix), ("site-packages", "dist-packages")
    kept = [p for p in sys.path if p.startswith(prefixes) or Path(p).name in libraries]
    sys.path[:] = [package, *kept]


def preload(names):
    """Import what exercises use; a name that is not installed is left for the cell to miss."""
    for name in (*names, *EVERY_NOTEBOOK):
        try:
            __import__(name)
        except ImportError:
            continue
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
        torch.optim.SGD([torch.zeros(1)], lr=0.1)  # the first one imports for a second and a half


FIRST = """
import numpy as np
from course_utils.grading import student
random = np.random.default_rng([1, 2])
a = np.tanh(random.normal(size=(2, 3)) @ random.normal(size=(3, 2)))
i, f = np.split(1 / (1 + np.exp(-np.stack([a, a]).sum(axis=0))), 2, axis=-1)
student.check("q0", i=i, f=f, n=np.zeros(3, int))
1 + 1
"""


def warm():
    """Do once what every isolate would do anew, and let no collection touch what they share.

    The first check of a process takes three times as long as the second.
    """
    cellrun.run(FIRST)
    cellrun.shell.reset(new_session=False)
    for allow_list in (True, False):
        try:
            seccomp.program(allow_list)
        except KeyError:  # a machine without a table: `install` says so
            break
    gc.collect()
    gc.freeze()


def serve(control, package):
    """Fork an isolate for each order until the grader hangs up."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guards are reaped by the kernel
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not message:
            return
        order = json.loads(message)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            try:
                guard(order, package, *fds)
            finally:
                os._exit(70)
        for fd in fds:
            os.close(fd)


def guard(order, package, data, life):
    """Enter the namespaces, fork process 1, and end it when anybody says so."""
    mode = order["mode"]
    try:
        if mode == "none":
            os.setsid()
            if sys.platform == "linux":
                jail.libc.prctl(jail.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        else:
            jail.unshare(mode)
        child = os.fork()
    except OSError as error:
        say(data, {"ready": False, "why": str(error)})
        os._exit(71)
    if child == 0:
        os.close(life)
        try:
            live(order, package, data)
        finally:
            os._exit(72)
    os.close(data)
    watch(child, life, order["limits"], walled=mode != "none")


def watch(child, life, limits, walled):
    """Wait for the child's end, the grader's wish or too much memory; then leave nothing alive.

    walled: the child is process 1 of its namespace, with which the kernel ends all the others.
    """
    while not select.select([life], [], [], 0.2)[0]:
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        if usage.too_much([child, *usage.descendants(child)], limits["total_mb"]):
            break
    for pid in [child] if walled else [child, *usage.descendants(os.getpid())]:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
    os._exit(0)


def live(order, package, data):
    """Process 1: lock the door from inside, then run cells until the grader hangs up."""
    mode, limits = order["mode"], order["limits"]
    os.setsid()
    try:
        if mode != "none":
            jail.build_root(
                order["root"], [*order["shown"], package], order["hidden"], limits["tmp_mb"]
            )
        else:
            os.chdir(order["root"])
        silence({data})
        jail.limit(limits)
        if sys.platform == "linux":
            jail.drop_rights(mode, order["uid"])
            seccomp.install(order["allow_list"])
            jail.libc.prctl(jail.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except OSError as error:
        say(data, {"ready": False, "why": str(error)})
        os._exit(73)
    home = "/student" if mode != "none" else order["root"]
    apart.loop(data, home, order.get("guard", []), bytes.fromhex(order.pop("key")))


def silence(kept):
    """Point 0, 1 and 2 at nothing and close every other inherited descriptor."""
    nothing = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    bounds = [2, *sorted(kept), 1024]
    for before, after in pairwise(bounds):
        os.closerange(before + 1, after)


def say(fd, message):
    """One line of JSON."""
    os.write(fd, json.dumps(message).encode("ascii") + b"\n")


if __name__ == "__main__":
    control = socket.socket(fileno=int(sys.argv[1]))
    only_known_paths(sys.argv[2])
    preload(sys.argv[3].split(","))
    cellrun.prepare()
    apart.prepare()
    warm()
    control.sendall(b"ready\n")
    serve(control, sys.argv[2])
