"""Compiled code is kept on disk, wherever that can be written to, for many processes at once."""

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from odd_cells import cell

from course_utils import compiled
from course_utils.compiled import cache, code, print_numba

HERE = {"PATH": "", "PYTHONPATH": str(Path(compiled.__file__).parents[2])}
TINY = """
import numpy as np
from numba import types
from course_utils.compiled.apart import apart, at
from course_utils.compiled.numba_cache import jit
kernel, Numbers, Size = jit(cache={kept}), types.CPointer(types.float64), types.intp

@apart(cache={kept})
def scale(numbers: Numbers, size: Size):
    for k in range(size):
        numbers[k] *= 2

@kernel
def double(a):
    numbers = np.full((2, 3), a + 0.0)
    scale(at(numbers, 1), 3)
    return int(numbers[1].sum() - 2 * numbers[0].sum() + 2 * a)
"""
CALL = (
    "from course_utils.compiled import cache;"
    "m = cache.module(lambda kept: {text!r}.format(kept=kept), 'tiny');"
    "print(m.double(21), m.double.stats.cache_hits.total(), m.__file__)"
)


def start(folder, before=""):
    code = before + CALL.format(text=TINY)
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=HERE | {"COURSE_CACHE": str(folder), "HOME": str(folder)},
    )  # fmt: skip


def finish(process):
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out.split()


@pytest.mark.filterwarnings("ignore")
def test_two_at_once_and_a_third_finds_it(tmp_path):
    folder = tmp_path / "not there yet"
    first, second = start(folder), start(folder)
    assert [finish(p)[0] for p in (first, second)] == ["42", "42"]
    sources = list(folder.glob("*.py"))
    assert len(sources) == 1
    assert not list(folder.glob("*.new"))
    value, hits, *_ = finish(start(folder))
    assert (value, hits) == ("42", "1")


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_cost_a_compilation_and_are_written_anew(tmp_path):
    finish(start(tmp_path))
    for pattern, damage in (("*.nbi", b""), ("*.nbi", b"no pickle"), ("*.nbc", b"half"),
                            ("*.py", b"\xff\xfe")):  # fmt: skip
        files = list(tmp_path.rglob(pattern))
        assert files
        for file in files:
            file.write_bytes(damage)
        assert finish(start(tmp_path))[0] == "42", (pattern, damage)
    assert finish(start(tmp_path))[:2] == ["42", "1"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limits for a process")
def test_a_full_disk_costs_a_compilation(tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
    assert finish(start(tmp_path, limit))[:2] == ["42", "0"]
    assert list(tmp_path.glob("*.py"))


def test_numba_may_be_told_to_compile_nothing(tmp_path):
    text = (
        "import numpy as np; from course_utils.compiled.code import code;"
        "print(code('rnn', 'float32').plain)"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True,
        env=HERE | {"NUMBA_DISABLE_JIT": "1", "COURSE_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip() == "True", done.stderr


def test_threads_that_need_the_same_code_make_it_once(monkeypatch):
    made = []

    def slow(*facts):
        time.sleep(0.1)
        made.append(facts)
        return facts

    monkeypatch.setattr(code, "Code", slow)
    spec = cell("h = tanh(W_xh @ x)")
    threads = [threading.Thread(target=code.code, args=(spec, "float64")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_without_a_folder_code_is_compiled_in_memory(tmp_path, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setattr(cache, "folders", lambda: [blocked / "below"])
    made = cache.module(lambda kept: TINY.format(kept=kept), "tiny")
    assert made.double(4) == 8
    assert not hasattr(made, "__file__")


def test_the_first_folder_that_can_be_written_to_is_taken(tmp_path, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(blocked / "below"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    first, second = cache.folders()
    assert not cache.writable(first)
    assert cache.writable(second)


def test_another_text_or_version_is_another_file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    plain = "ANSWER = {}"
    cache.module(lambda kept: plain.format(1), "plain")
    cache.module(lambda kept: plain.format(2), "plain")
    monkeypatch.setattr(cache, "versions", lambda: "numba 99")
    cache.module(lambda kept: plain.format(2), "plain")
    assert len(list(tmp_path.glob("plain_*.py"))) == 3


def test_a_file_that_was_changed_is_written_anew(tmp_path, monkeypatch):
    path = tmp_path / "half.py"
    path.write_text("ANSWER = ")
    assert cache._written(path, "ANSWER = 3").read_text() == "ANSWER = 3"


@pytest.mark.parametrize("missing", ["numba", "scipy"])
def test_what_is_missing_is_named_with_the_remedy(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=r"pip install 'course-utils\[fast\]'"):
        cache.module(lambda kept: "", "none")


def test_uncompiled_code_needs_neither(monkeypatch):
    for name in ("numba", "llvmlite", "scipy"):
        monkeypatch.setitem(sys.modules, name, None)
    spec = cell("h = tanh(W_xh @ x + W_hh @ h_prev + b_h)")
    params = {n: np.ones(shape) for n, shape in spec.shapes(2, 3).items()}
    x = np.ones((4, 1, 2))
    with compiled.uncompiled():
        y, _, tape = compiled.unroll(spec, params, x)
        compiled.unroll_backward(tape, y)
    with pytest.raises(ImportError, match=r"numpy_nn\.unroll runs without"):
        compiled.unroll(spec, params, x)


def test_nothing_assumes_that_all_is_finite():
    text = print_numba.source("lstm", "float32")
    flags = set(re.search(r'"fastmath": \{(.*?)\}', text)[1].replace('"', "").split(", "))
    assert flags == {"contract", "reassoc", "arcp", "nsz", "afn"}
    tiny = np.float32(1e-3)
    plain = cache.in_memory(print_numba.source("lstm", "float32", compiled=False), "lstm")
    for a in np.linspace(-12, 12, 97, dtype=np.float32):
        assert abs(plain.tanh(a) - np.tanh(float(a))) < 4e-7
    nan, one = np.float32(np.nan), np.float32(1)
    for lost in (plain.tanh(nan), plain.relu(nan), plain.larger(nan, one), plain.larger(one, nan)):
        assert np.isnan(lost)
    assert abs(plain.tanh(tiny) / np.tanh(tiny) - 1) < 1e-6
