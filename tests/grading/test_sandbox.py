"""The walls of each backend, seen from inside, and what a caller gets when an isolate ends."""

import os
import sys
from pathlib import Path

import numpy
import pytest

from course_utils.grading.sandbox import backends, jail
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


@pytest.mark.parametrize("name", sorted(jail.REFUSED))
def test_refused_system_calls(inside, name):
    if jail.column() is None:
        pytest.skip("no table of system calls for this machine")
    number = jail.REFUSED[name][jail.column()]
    source = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    source += f"print(libc.syscall({number}, 0, 0, 0, 0, 0), ctypes.get_errno())"
    assert printed(inside(source)) == ["-1", "1"]  # EPERM, whatever the arguments


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
