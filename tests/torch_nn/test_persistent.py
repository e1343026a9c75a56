"""All steps in one launch, by Triton's interpreter: the numbers of the loop, for every cell."""

import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
import triton_runs
from kinds import PROGRAMS
from matrix_cells import MATRIX
from odd_cells import ODD, cell, given
from problems import close

from course_utils import compiled, torch_nn
from course_utils.compiled import print_persistent
from course_utils.spec import Param
from course_utils.specs import SPECS
from course_utils.torch_nn import gpu
from course_utils.torch_nn.gpu import persistent, persistent_records, persistent_trial
from course_utils.torch_nn.gpu.arena import Shape
from course_utils.torch_nn.gpu.persistent import Split

T, B, D, H = 3, 3, 2, 4
SPLITS = {
    "one program alone": Split(0, 4, 8, 8),
    "one program, by way of memory": Split(1, 4, 8, 8),
    "two programs for a row": Split(1, 4, 2, 4),
    "two by two programs, two chunks": Split(2, 2, 2, 2),
}


@pytest.fixture
def opened(monkeypatch):
    """The gate is open, and what ran is counted."""
    monkeypatch.setenv("TRITON_INTERPRET", "1")  # before the first import of Triton
    monkeypatch.setenv(persistent_records.TRY, "1")
    triton_runs.needed()
    ran, launch = [], persistent._launch

    def counted(arena, name, **known):
        ran.append(name)
        settle(launch, arena, name, known)

    monkeypatch.setattr(persistent, "_launch", counted)
    with gpu.interpreted(), np.errstate(all="ignore"):  # what a block has beyond the end
        yield ran


def settle(launch, arena, name, known):
    """Launch until every program has read what all others write; none waits."""
    several = arena.shape.H > persistent._split(arena).units
    carried = {n: a.clone() for n, a in arena.arrays.items() if n.startswith("carried_")}
    for _ in range(arena.shape.T * arena.schedule.program.loop.levels if several else 1):
        for n, before in carried.items():
            arena[n].copy_(before)
        launch(arena, name, **known)


def given_split(monkeypatch, split):
    monkeypatch.setattr(persistent, "split", lambda *_: split)
    if split.units < H:
        monkeypatch.setattr(persistent, "BEGUN", 2**30)


def check(spec, dtype=float, bound=1e-12):
    """Values and gradients are those of generated Python in float64."""
    params, x, state0, dy, dlast, inputs = given(spec)
    params, inputs = ({n: v.astype(dtype) for n, v in of.items()} for of in (params, inputs))
    x, dy = x.astype(dtype), dy.astype(dtype)
    state0 = [s.astype(dtype) if s.dtype.kind == "f" else s for s in state0]
    dlast = [d.astype(dtype) for d in dlast]
    found = triton_runs.Run(spec, params, x, state0, inputs)
    dx, dstate0, grads = found.backward(dy, dlast)
    exact = {n: v.astype(float) for n, v in params.items()}
    above = {n: v.astype(float) for n, v in inputs.items()}
    with compiled.uncompiled():
        before = tuple(s.astype(float) if s.dtype.kind == "f" else s for s in state0)
        y, last, tape = compiled.unroll(spec, exact, x.astype(float), before, **above)
        ends = tuple(d.astype(float) for d in dlast)
        wanted = compiled.unroll_backward(tape, dy.astype(float), ends)
    close(found.y, y, bound)
    close(dx, wanted[0], bound)
    for n, state in enumerate(spec.states):
        close(found.last[state], last[n], bound)
        if state in dstate0:
            close(dstate0[state], wanted[1][n], bound)
    assert grads.keys() == wanted[2].keys()
    for key, g in grads.items():
        close(g, wanted[2][key], bound)


CELLS = SPECS | {name: spec for name, spec in ODD.items() if not print_persistent.obstacle(spec)}
QUICK = {"one program alone": ("lstm",), "two by two programs, two chunks": ("rnn",)}


def first_of_each_kind():
    """Cells whose steps exchange other things, or in another order, than those before them."""
    found = {}
    for name, spec in CELLS.items():
        products = persistent.products(gpu.schedule(spec))
        kind = sorted((p.level, p.operand.op == "before", len(p.parts)) for p in products)
        found.setdefault(str(kind), name)
    return found.values()


TRIED = {
    "one program alone": ("lstm", *PROGRAMS),
    "two programs for a row": sorted(first_of_each_kind()),
    "two by two programs, two chunks": ("rnn",),
}
CASES = [
    pytest.param(key, split, marks=[] if key in QUICK.get(split, ()) else [pytest.mark.slow])
    for split, keys in TRIED.items()
    for key in keys
]


@pytest.mark.parametrize("key, split", CASES)
def test_values_and_gradients(key, split, opened, monkeypatch):
    given_split(monkeypatch, SPLITS[split])
    check(CELLS[key])
    assert opened == ["forward", "backward"]


@pytest.mark.parametrize("dtype, bound", [(np.float32, 1e-5), (np.float16, 1e-2)])
def test_arithmetic_is_in_float32_whatever_products_read(dtype, bound, opened, monkeypatch):
    given_split(monkeypatch, SPLITS["one program, by way of memory"])  # rounding of dtype, T times
    check(SPECS["lstm_peephole"], dtype, bound)


def test_without_a_way_back_nothing_is_kept_for_it(opened, monkeypatch):
    given_split(monkeypatch, SPLITS["one program alone"])
    arenas, array = [], persistent._array
    monkeypatch.setattr(persistent, "_array", lambda *of: (arenas.append(of[0]), array(*of))[1])
    layer = torch_nn.Recurrent("lstm", D, H, backend="graph")
    gpu.release()
    with torch.no_grad():
        layer(torch.randn(T, B, D))
    assert opened == ["forward"]
    assert not [name for name in arenas[0].arrays if name.startswith("kept_")]


def test_programs_that_wait_in_vain_give_up_and_say_so(opened, monkeypatch):
    monkeypatch.setattr(persistent, "split", lambda *_: SPLITS["two by two programs, two chunks"])
    monkeypatch.setattr(persistent, "PATIENCE", 5)  # the second program never starts meanwhile
    monkeypatch.setattr(persistent, "_lost", False)
    layer, x = torch_nn.Recurrent("rnn", D, H, backend="graph"), torch.randn(T, B, D)
    gpu.release()
    with torch.no_grad():
        y = layer(x)[0]
        assert y[-1].isnan().all(), "nothing wrong passes for right"
        with pytest.raises(RuntimeError, match="waited for each other in vain"):
            layer(x)
        right = layer(x)[0]  # by the loop
    assert not right.isnan().any()


def test_what_triton_finds_too_large_is_left_to_the_loop(opened, monkeypatch):
    def too_large(*given, **known):
        raise type("OutOfResources", (Exception,), {})

    monkeypatch.setattr(persistent, "_launch", too_large)
    monkeypatch.setattr(persistent, "_too_large", set())
    check(SPECS["rnn"])
    shape = shape_of(schedule=gpu.schedule("rnn"), B=3, H=4, dtype=torch.float64)
    assert "room" in persistent.obstacle(shape)


@pytest.mark.slow
def test_weights_stay_on_the_chip_and_take_the_room_that_is_counted(tmp_path):
    script = Path(__file__).parents[1] / "support" / "persistent_compiled.py"
    surroundings = {n: v for n, v in os.environ.items() if n != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script], capture_output=True, text=True,
        env=surroundings | {"TRITON_CACHE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["acquires"] for line in lines] == [line["releases"] for line in lines] == [1, 2]
    for line in lines:
        assert line["products"], "tensor cores"
        spare = line["shared"] - line["weights"]
        assert 0 <= spare <= persistent.SPARE + 16 * 256 * 4, "the weights, and one operand"
        assert line["shared"] <= line["room"]


# -- its trial -------------------------------------------------------------------------------------


def arguments(**changed):
    return Namespace(limit=60, interpreted=True, **changed)


def test_a_trial_that_hangs_is_killed_and_has_failed():
    now, short = time.monotonic(), Namespace(limit=0.1, interpreted=True)  # PyTorch takes longer
    result = persistent_trial.watched("rnn", "float32", short, now + 600)
    assert not result["passed"] and "no answer within" in result["error"]
    late = persistent_trial.watched("rnn", "float32", arguments(), now - 9)
    assert late == {"passed": False, "error": "no time was left for it"}


def test_what_a_trial_prints_opens_the_gate_for_what_passed(monkeypatch, tmp_path):
    monkeypatch.delenv(persistent_records.TRY, raising=False)
    facts = {"architecture": "sm_90", "triton": "3.6.0", "device": "H200", "torch": "2.11.0"}
    results = [{"passed": True} | facts, {"passed": False, "error": "no answer within 60 s"}]
    found = persistent_trial.summary([("lstm", "float16"), ("lstm", "bfloat16")], results)
    path = tmp_path / "records.json"
    path.write_text(json.dumps(found["records"]), "utf-8")
    monkeypatch.setattr(persistent_records, "records", lambda: persistent_records.read(path))
    assert persistent_records.closed("sm_90", "3.6.0", "lstm", "float16") is None
    assert "did not pass" in persistent_records.closed("sm_90", "3.6.0", "lstm", "bfloat16")
    assert "no record" in persistent_records.closed("sm_90", "3.6.0", "gru", "float16")


@pytest.mark.slow
def test_the_interpreter_passes_the_trial_and_opens_nothing(opened):
    result = persistent_trial.case("rnn", "float32", interpreted=True)
    assert result["passed"] and "forward" in opened, result
    assert persistent_trial.summary([("rnn", "float32")], [result])["records"] == {}


# -- where it runs, and where not ------------------------------------------------------------------


def shape_of(**changed):
    given = dict.fromkeys(Shape._fields, False) | {
        "schedule": gpu.schedule("lstm"), "T": 9, "B": 16, "D": 8, "H": 256, "dtype": torch.float16,
        "device": torch.device("cpu"), "constants": (), "products": ("high",),
    }  # fmt: skip
    return Shape(**given | changed)


def why_not(monkeypatch, **changed):
    triton_runs.needed()
    monkeypatch.setattr(persistent, "_lost", False)
    return persistent.obstacle(shape_of(**changed))


@pytest.mark.parametrize(
    "changed, why",
    [
        ({"begins": True}, "rows start anew"),
        ({"T": 2**20, "B": 64}, "32 bits"),
        ({"H": 4096}, "room"),
        ({"dtype": torch.float64}, "float32"),
        ({"dtype": torch.float32, "products": ("highest",)}, "cuBLAS"),
    ],
)
def test_obstacles(changed, why, monkeypatch):
    monkeypatch.setenv(persistent_records.TRY, "1")
    assert why_not(monkeypatch) is None
    assert why in why_not(monkeypatch, **changed)


def test_without_a_record_the_gate_is_closed(monkeypatch):
    monkeypatch.delenv(persistent_records.TRY, raising=False)
    assert persistent_records.records() == persistent_records.read(persistent_records.FILE)
    monkeypatch.setattr(persistent_records, "records", dict)
    assert "no record of passing on sm_90" in why_not(monkeypatch)


def test_a_record_opens_the_gate_for_what_passed_alone(monkeypatch):
    monkeypatch.delenv(persistent_records.TRY, raising=False)
    by_cell = {"every": {"float16": True}, "gru": {"float16": False}, "rnn": {"bfloat16": True}}
    monkeypatch.setattr(persistent_records, "records", lambda: {"sm_90": {"3.6.0": by_cell}})

    def closed(key, dtype, architecture="sm_90", version="3.6.0"):
        return persistent_records.closed(architecture, version, key, dtype)

    assert closed("lstm", "float16") is None and closed("rnn", "bfloat16") is None
    assert "did not pass" in closed("gru", "float16")
    for other in (("lstm", "bfloat16"), ("lstm", "float16", "sm_80"),
                  ("lstm", "float16", "sm_90", "3.7.0")):  # fmt: skip
        assert "no record" in closed(*other)


@pytest.mark.parametrize(
    "text, what",
    [
        ("{", "no JSON"),
        ("[]", "the whole: [] should be a dict by architecture"),
        ('{"sm_90": {"3.6.0": {"lstm": true}}}', "sm_90 / 3.6.0 / lstm: True should be a dict"),
        ('{"sm_90": {"3.6.0": {"lstm": {"float16": "yes"}}}}', "'yes' should be true"),
    ],
)
def test_a_broken_file_of_records_is_refused(text, what, tmp_path):
    path = tmp_path / "records.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"records\.json") as caught:
        persistent_records.read(path)
    assert what in str(caught.value)


@pytest.mark.parametrize("key", SPECS)
def test_programs_and_their_weights_fit_the_device(key):
    schedule, facts = gpu.schedule(key), persistent.Device((9, 0), 132, 232448)
    products = persistent.products(schedule)
    for rows, units, size in ((1, 1, 2), (5, 100, 4), (64, 512, 2), (128, 512, 2), (32, 1024, 2)):
        found = persistent.split(schedule, rows, units, size, facts)
        if found is None:  # several matrices of a thousand units, or programs for all rows
            assert units >= 512
            continue
        assert found.inner * max(found.chunks, 1) >= units or not products
        if products:
            assert found.units >= 16 and found.rows >= 16 and found.inner >= 16
        if found.chunks:
            programs = -(-rows // found.rows) * -(-units // found.units)
            assert programs <= facts.processors
        elif products:
            assert found.units >= units, "one program has all units, nobody waits"


def test_matrices_and_sums_over_units_are_obstacles():
    row = cell("h = softmax(W @ x + h_prev)", params=(Param("weight", "H D", ("W",)),))
    reasons = {print_persistent.obstacle(spec) for spec in (row, *MATRIX.values())}
    assert reasons - {None} == {"its state is a matrix", "it sums over the units of a row"}
    with pytest.raises(ValueError, match="no persistent kernel: it sums"):
        print_persistent.source(row)
