"""The walls of each backend, seen from inside, and what a caller gets when an isolate ends."""

import os
import platform
import struct
import subprocess
import sys
import xml
from pathlib import Path

import numpy
import pytest

from course_utils.grading.sandbox import backends, bwrap, seccomp, usage
from course_utils.grading.sandbox import isolate as isolates
from course_utils.grading.sandbox.isolate import (
    CellTimeout,
    IsolateGone,
    Limits,
    OutOfTurn,
    SandboxError,
    Zygote,
)
from course_utils.grading.sandbox.student_package import write_student_package

ROOT = Path(__file__).parents[2]
MODES = ["root", "userns"] if os.geteuid() == 0 else ["userns"]
SANDBOX = Path(seccomp.__file__).parent
KNOWN = platform.machine() in seccomp.ARCHITECTURES
REFUSED = seccomp.numbers(seccomp.REFUSED) if KNOWN else {}
SPECIAL = seccomp.numbers(seccomp.LOOKED_INTO) if KNOWN else {}
HIDDEN = str(Path(numpy.__file__).parent / "f2py")  # any folder within what is shown


@pytest.fixture(scope="module", params=MODES)
def zygote(request):
    if sys.platform != "linux":
        pytest.skip("namespaces are Linux's")
    patch = pytest.MonkeyPatch()
    patch.setattr(isolates, "hidden_paths", lambda: [HIDDEN])
    opened = Zygote(request.param)
    try:
        opened.isolate().close()
    except SandboxError as error:
        opened.close()
        pytest.skip(f"{request.param}: {error}")
    yield opened
    opened.close()
    patch.undo()


@pytest.fixture(scope="module", params=[*MODES, "bwrap"])
def anywhere(request):
    """Each backend that can be had here, also bubblewrap, which refuses root."""
    try:
        if request.param == "bwrap":
            opened = backends.bubblewrap(backends.Probe, True)
        else:
            opened = Zygote(request.param)
        opened.isolate().close()
    except SandboxError as error:
        pytest.skip(f"{request.param}: {error}")
    yield opened
    opened.close()


@pytest.fixture
def inside(zygote):
    with zygote.isolate(Limits(memory_mb=600, total_mb=600)) as opened:
        yield lambda source, timeout=20: opened.run(source, timeout)


def printed(reply):
    assert reply["error"] is None, reply
    return reply["printed"].split()


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


def test_refused_system_calls(inside):
    source = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {REFUSED}.items():
    print(name, libc.syscall(number, 0, 0, 0, 0, 0), ctypes.get_errno())
"""
    said = inside(source)["printed"].splitlines()
    assert said == [f"{name} -1 1" for name in REFUSED]  # EPERM, whatever the arguments


def test_no_call_makes_a_namespace(inside):
    """Neither clone's flags nor clone3, which a filter cannot look into, nor another numbering."""
    source = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for k in (17, 25, 26, 27, 28, 29, 30):
    print(libc.syscall(%d, 1 << k | 17, 0, 0, 0, 0), ctypes.get_errno())
print(libc.syscall(%d, 0, 0), ctypes.get_errno())
"""
    said = printed(inside(source % (SPECIAL["clone"], SPECIAL["clone3"])))
    assert said == ["-1", "1"] * 7 + ["-1", "38"]


def test_only_unix_sockets_open(inside):
    source = """
import socket
for family in range(1, 46):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind).close()
            print(family)
        except OSError:
            pass
"""
    assert set(printed(inside(source))) == {"1"}


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
    source = f"import time\n{HOARDS[hoard]}\ntime.sleep(5)\nprint('kept')"
    room = 400 if isinstance(anywhere, Zygote) else 2000  # a kernel maps much and holds little
    with anywhere.isolate(Limits(memory_mb=room, total_mb=300, tmp_mb=16)) as opened:
        try:
            reply = opened.run(source, 30)
        except IsolateGone as error:
            assert "ended" in str(error)
        else:
            assert reply["error"], "it kept more than it may"


def test_a_forbidden_module_is_not_there_for_any_process(anywhere):
    """Taken from `sys.modules` it could be imported anew, and by a child in any case."""
    pytest.importorskip("scipy")
    tries = [
        "import sys\nsys.modules.pop('scipy', None)\nfrom scipy import signal",
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'from scipy import signal'], check=True)",
        "import importlib\nimportlib.reload(importlib.import_module('scipy')).signal",
    ]
    with anywhere.isolate(guard=["scipy"]) as opened:
        assert all(opened.run(source, 20)["error"] for source in tries)
    with anywhere.isolate(guard=["numpy.no_such_thing"]) as opened:  # the rest is there
        assert printed(opened.run("import scipy\nprint('there')", 20)) == ["there"]


def answer(machine, allow_list, number, *arguments, families=(seccomp.AF_UNIX,)):
    """What a filter answers to one call: its program run by hand."""
    code = list(struct.iter_unpack("=HBBI", seccomp.program(allow_list, families, machine)))
    data = struct.pack("<IIQ6Q", number, seccomp.ARCHITECTURES[machine][1], 0,
                       *(*arguments, *[0] * 6)[:6])  # fmt: skip
    at, value = 0, 0
    tests = {
        seccomp.EQUAL: lambda k: value == k,
        seccomp.AT_LEAST: lambda k: value >= k,
        seccomp.ANY_BIT: lambda k: bool(value & k),
    }
    while True:
        kind, then, otherwise, k = code[at]
        at += 1
        if kind == seccomp.RETURN:
            return k
        if kind == seccomp.LOAD:
            (value,) = struct.unpack_from("<I", data, k)
        else:
            at += then if tests[kind](k) else otherwise


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
@pytest.mark.parametrize("allow_list", [True, False])
def test_the_filter_says_what_the_tables_say(machine, allow_list):
    allowed, refused, special = (
        seccomp.numbers(table, machine)
        for table in (seccomp.ALLOWED, seccomp.REFUSED, seccomp.LOOKED_INTO)
    )
    every = [*allowed.values(), *refused.values(), *special.values()]
    assert len(every) == len(set(every)), "a call stands in two tables"
    no, absent = seccomp.ERROR | seccomp.EPERM, seccomp.ERROR | seccomp.ENOSYS
    for number in range(500):
        found = answer(machine, allow_list, number)
        if number in allowed.values():
            assert found == seccomp.ALLOW
        elif number in refused.values():
            assert found == no
        elif number not in special.values():
            assert found == (absent if allow_list else seccomp.ALLOW)
    assert answer(machine, allow_list, special["clone3"]) == absent
    assert answer(machine, allow_list, special["clone"], 0x3D0F00) == seccomp.ALLOW  # a thread
    for bit in (17, 25, 26, 27, 28, 29, 30):
        assert answer(machine, allow_list, special["clone"], 1 << bit | 17) == no
    for name in ("socket", "socketpair"):
        for family in range(46):
            found = answer(machine, allow_list, special[name], family)
            assert (found == seccomp.ALLOW) == (family == seccomp.AF_UNIX)
    assert answer(machine, allow_list, special["ioctl"], 0, seccomp.TIOCSTI) == no
    assert answer(machine, allow_list, special["ioctl"], 0, 0x5401) == seccomp.ALLOW
    if machine == "x86_64":
        assert answer(machine, allow_list, 0x40000000) == seccomp.KILL


def test_where_a_library_needs_more_calls_the_sandbox_says_so_loudly(monkeypatch, tmp_path):
    """Another libc may need a call that the list lacks: here each that lists a folder."""
    for name in ("zygote", "cellrun", "jail", "usage", "seccomp"):
        text = (SANDBOX / f"{name}.py").read_text("utf-8")
        (tmp_path / f"{name}.py").write_text(text.replace("getdents64 217 61, ", ""), "utf-8")
    monkeypatch.setattr(isolates, "HERE", tmp_path)
    monkeypatch.setattr(isolates, "hidden_paths", list)
    monkeypatch.setattr(backends, "TRIAL", "import os\nos.listdir('/')")
    try:
        opened = backends.open_sandbox(backends.Probe, only="namespaces")
    except backends.NoSandbox as error:
        pytest.skip(str(error))
    with opened:
        assert opened.name == "namespaces (no allow-list)"
        assert "WARNING" in opened.warning
        with opened.isolate() as isolate:
            ask = (
                f"import ctypes; print(ctypes.CDLL(None).syscall({REFUSED['memfd_create']}, 0, 0))"
            )
            assert printed(isolate.run(ask, 20)) == ["-1"]


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
        one.run("secret = 1\nopen('/student/left', 'w').close()", 20)
        assert other.run("secret", 20)["error"]["name"] == "NameError"
        assert printed(other.run("import os; print(os.listdir('/student'))", 20)) == ["[]"]


def test_ends_are_told_apart(zygote):
    with zygote.isolate() as opened, pytest.raises(CellTimeout):
        opened.run("while True: pass", 0.3)
    with zygote.isolate() as opened, pytest.raises(IsolateGone, match="ended"):
        opened.run("import os; os._exit(3)", 20)
    with zygote.isolate() as opened:
        opened.run("1", 20)
        opened.number = 5  # as if an earlier cell had answered for this one
        opened.data.sendall(b'{"id": 2, "source": "1"}\n')
        with pytest.raises(OutOfTurn):
            opened.run("1", 20)


def test_the_student_package_holds_the_students_side_alone(tmp_path):
    package = write_student_package(tmp_path / "package", rooms=("equations",))
    found = {str(p.relative_to(package / "course_utils")) for p in package.rglob("*.py")}
    assert found == {
        "__init__.py",
        "files.py",
        "shapes.py",
        "equations.py",
        *(f"grading/{name}.py" for name in ("__init__", "student", "bundle", "compare")),
    }
    with pytest.raises(ValueError, match="numpy_nn"):
        write_student_package(tmp_path / "other", rooms=("numpy_nn",))


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


@pytest.mark.slow
def test_an_isolate_with_torch_loaded_can_train():
    """Torch fits below the default limits, and its layer can be taken away."""
    pytest.importorskip("torch")
    opened = Zygote(MODES[0], ("numpy", "torch"))
    try:
        isolate = opened.isolate(Limits(), guard=("torch.nn.LSTM",))
    except SandboxError as error:
        opened.close()
        pytest.skip(str(error))
    with isolate:
        source = "import torch\ny, _ = torch.nn.GRU(3, 4)(torch.ones(5, 2, 3))\n"
        source += "y.sum().backward(); print(*y.shape)"
        assert printed(isolate.run(source, 60)) == ["5", "2", "4"]
        error = isolate.run("torch.nn.LSTM(3, 4)", 20)["error"]
        assert error["name"] == "AttributeError"
    opened.close()


def test_memory_that_forks_share_counts_once(zygote):
    source = (
        "import os, time\nx = b'x' * 100_000_000\nfor _ in range(8):\n"
        "    if os.fork() == 0: time.sleep(99)\ntime.sleep(1)\nprint('alive')"
    )
    with zygote.isolate(Limits(memory_mb=600, total_mb=400)) as opened:
        assert printed(opened.run(source, 20)) == ["alive"]


@pytest.mark.parametrize("guard", ["xml.dom", "xml.dom xml", "xml.dom.minidom xml.dom"])
def test_what_lies_in_something_hidden_is_hidden_with_it(anywhere, guard):
    with anywhere.isolate(guard=guard.split()) as opened:
        assert printed(opened.run(FORBIDDEN, 10)) == ["ModuleNotFoundError"]


def test_a_room_of_a_package_that_is_installed_can_be_forbidden(monkeypatch):
    """As after `pip install`, where the whole package lies in a folder that is shown."""
    place = str(Path(xml.__file__).parent)
    for owner in (isolates, bwrap):
        monkeypatch.setattr(owner, "hidden_paths", lambda: [place])
    with backends.open_sandbox(backends.Probe, unsandboxed=False) as opened:
        with opened.isolate(guard=["xml.dom"]) as inside:
            assert printed(inside.run(FORBIDDEN, 10)) == ["ModuleNotFoundError"]


def test_a_module_that_was_loaded_before_can_be_forbidden(anywhere):
    """The isolate is a fork of a process that has it."""
    source = FORBIDDEN.replace("xml.dom", "numpy.linalg")
    with anywhere.isolate(guard=["numpy.linalg"]) as opened:
        assert printed(opened.run(source, 10)) == ["ModuleNotFoundError"]
        assert printed(opened.run(FORBIDDEN.replace("xml.dom", "numpy.random"), 10)) == []


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


FORBIDDEN = """
try:
    import xml.dom
except ImportError as error:
    print(type(error).__name__)
"""
