"""The walls of each backend, seen from inside, and what a caller gets when an isolate ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox_modes import HIDDEN, printed

from course_utils.grading.sandbox import backends, usage
from course_utils.grading.sandbox.isolate import (
    CellTimeout,
    IsolateGone,
    Limits,
    OutOfTurn,
    SandboxError,
    Zygote,
)

ROOT = Path(__file__).parents[3]


def test_nothing_of_the_host_is_visible(inside):
    source = "import os\nprint(*sorted(os.listdir('/')))"
    seen = set(printed(inside(source)))
    assert seen <= {"bin", "dev", "etc", "lib", "lib32", "lib64", "proc", "sbin", "student", "tmp",
                    "usr", *(p.split("/")[1] for p in (sys.prefix, sys.base_prefix))}  # fmt: skip
    assert printed(inside(f"print(os.path.exists({str(ROOT / 'solutions')!r}))")) == ["False"]
    assert printed(inside(f"print(os.listdir({HIDDEN!r}))")) == ["[]"]
    assert printed(inside("print(os.listdir('.'))")) == ["[]"]


def test_the_user_has_no_rights(inside):
    status = (
        "for l in open('/proc/self/status'):\n    if l.split(':')[0] in %r: print(l.split()[1])"
    )
    assert printed(inside(status % ["CapPrm", "CapEff", "CapInh"])) == ["0" * 16] * 3
    assert printed(inside(status % ["NoNewPrivs", "Seccomp"])) == ["1", "2"]
    assert printed(inside("import os; print(os.getpid(), os.getuid() == 0)")) == ["1", "False"]


HOARDS = {
    "anonymous pages": "x = [b'x' * 50_000_000 for _ in range(99)]",
    "pages shared with nobody": "import mmap\nx = []\nfor _ in range(9):\n"
    "    m = mmap.mmap(-1, 60_000_000)\n    m.write(b'x' * 60_000_000)\n    x.append(m)",
    "forks": "import os\nfor _ in range(9):\n    if os.fork() == 0:\n"
    "        x = b'x' * 90_000_000\n        time.sleep(99)",
    "memfd": "import os\nfd = os.memfd_create('x')\nfor _ in range(40): "
    "os.write(fd, b'x' * 10_000_000)",
    "files in every writable place": "for place in ('/tmp', '/student', '/dev/shm'):\n"
    "    for k in range(40):\n        open(f'{place}/{k}', 'wb').write(b'x' * 10_000_000)",
    "files that are deleted": "kept = []\nimport os\nfor k in range(40):\n"
    "    kept.append(open('/tmp/x', 'wb', buffering=0))\n    os.unlink('/tmp/x')\n"
    "    assert kept[-1].write(b'x' * 10_000_000) == 10_000_000, 'disk full'",
    "unread sockets": "import os, socket\nfor _ in range(20):\n    if os.fork() == 0:\n"
    "        pairs = [socket.socketpair() for _ in range(100)]\n        time.sleep(99)",
    "SysV pages": "import ctypes\nlibc = ctypes.CDLL(None)\n"
    "assert libc.shmget(0, 400_000_000, 0o1600) >= 0, 'refused'",
}


@pytest.mark.parametrize("hoard", HOARDS)
def test_memory_is_limited_wherever_it_lies(anywhere, hoard):
    source = f"import time\n{HOARDS[hoard]}\ntime.sleep(60)\nprint('kept')"
    room = 400 if isinstance(anywhere, Zygote) else 2000  # a kernel maps much and holds little
    with anywhere.isolate(Limits(memory_mb=room, total_mb=300, tmp_mb=16)) as opened:
        try:
            reply = opened.run(source, 300)
        except IsolateGone as error:
            assert "ended" in str(error)
        else:
            assert reply["error"], "it kept more than it may"


def test_only_small_folders_in_memory_can_be_written(inside):
    source = """
import os
for place in ('/', '/usr', '/etc', '/dev', '/student', '/tmp'):
    try:
        open(os.path.join(place, 'x'), 'w').close()
        print(place)
    except OSError:
        pass
"""
    assert printed(inside(source)) == ["/student", "/tmp"]


def test_isolates_share_nothing(zygote):
    with zygote.isolate() as one, zygote.isolate() as other:
        one.run("secret = 1\nopen('/student/left', 'w').close()", 300)
        assert other.run("secret", 300)["error"]["name"] == "NameError"
        assert printed(other.run("import os; print(os.listdir('/student'))", 300)) == ["[]"]


def test_ends_are_told_apart(zygote):
    with zygote.isolate() as opened, pytest.raises(CellTimeout):
        opened.run("while True: pass", 0.3)
    with zygote.isolate() as opened, pytest.raises(IsolateGone, match="ended"):
        opened.run("import os; os._exit(3)", 300)
    with zygote.isolate() as opened:
        opened.run("1", 300)
        opened.number = 5  # as if an earlier cell had answered for this one
        opened.data.sendall(b'{"id": 2, "role": "answer", "source": "1"}\n')
        with pytest.raises(OutOfTurn):
            opened.run("1", 300)


def test_where_namespaces_are_refused_the_doctor_says_why_and_what_to_do(monkeypatch):
    def refused(*_):
        raise SandboxError("unshare: Operation not permitted")

    monkeypatch.setattr(backends, "zygote", refused)
    monkeypatch.setattr(backends, "bubblewrap", refused)
    lines = "\n".join(backends.diagnose())
    assert "no    namespaces: unshare: Operation not permitted" in lines
    with pytest.raises(backends.NoSandbox, match="unshare: Operation not permitted"):
        backends.open_sandbox(backends.Probe)
    monkeypatch.undo()
    plain = [b for b in backends.backends() if b[0] == backends.UNSANDBOXED]
    monkeypatch.setattr(backends, "backends", lambda: plain)
    lines = "\n".join(backends.diagnose())
    assert "apparmor_restrict_unprivileged_userns" in lines
    assert "--unsandboxed" in lines


def test_memory_that_forks_share_counts_once(zygote):
    source = (
        "import os, time\nx = b'x' * 100_000_000\nfor _ in range(8):\n"
        "    if os.fork() == 0: time.sleep(99)\ntime.sleep(1)\nprint('alive')"
    )
    with zygote.isolate(Limits(memory_mb=600, total_mb=400)) as opened:
        assert printed(opened.run(source, 300)) == ["alive"]


BELOW = """
import subprocess, sys, threading, time
if "thread" in sys.argv:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
below = [subprocess.Popen(["sleep", "60"]) for _ in range(int(sys.argv[1]))]
print(*[p.pid for p in below], flush=True)
sys.stdin.read()
[p.kill() for p in below]
"""


@pytest.mark.parametrize("threads", [[], ["thread"]], ids=["one thread", "two"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_process_below_another_is_seen(count, threads):
    words = [sys.executable, "-c", BELOW, str(count), *threads]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, **pipes) as process:
        below = {int(pid) for pid in process.stdout.readline().split()}
        assert set(usage.descendants(process.pid)) == below
        assert below <= set(usage.descendants(os.getpid()))
        process.communicate("")
