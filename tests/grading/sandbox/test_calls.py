"""System calls: what the filter lets through, as a program run by hand and from inside."""

import platform
import struct
from pathlib import Path

import pytest
from sandbox_modes import printed

from course_utils.grading.sandbox import backends, seccomp
from course_utils.grading.sandbox import isolate as isolates

SANDBOX = Path(seccomp.__file__).parent
KNOWN = platform.machine() in seccomp.ARCHITECTURES
REFUSED = seccomp.numbers(seccomp.REFUSED) if KNOWN else {}
SPECIAL = seccomp.numbers(seccomp.LOOKED_INTO) if KNOWN else {}


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
    for name in ("zygote", "apart", "cellrun", "jail", "unseen", "usage", "seccomp"):
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
