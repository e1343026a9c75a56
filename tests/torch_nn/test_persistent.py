"""All steps in one launch, by Triton's interpreter: the numbers of the loop, for every cell."""

import contextlib

import numpy as np
import pytest
import torch
import triton_runs
from kinds import PROGRAMS
from matrix_cells import MATRIX
from odd_cells import ODD

from course_utils import torch_nn
from course_utils.compiled import print_persistent
from course_utils.specs import SPECS
from course_utils.torch_nn import gpu
from course_utils.torch_nn.gpu import persistent, persistent_records
from course_utils.torch_nn.gpu.arena import Shape
from course_utils.torch_nn.gpu.persistent import Split

T, B, D, H = 3, 3, 2, 4
SPLITS = {
    "one program alone": Split(0, 4, 4, 4),
    "one program, by way of memory": Split(1, 4, 4, 4),
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


def outputs_and_gradients(layer, x, grad=True):
    """y, the last states and, if wanted, gradients of x, first states and parameters, by name."""
    x = x.clone().requires_grad_(grad)
    with contextlib.nullcontext() if grad else torch.no_grad():
        hx = layer.initial_state(x.shape[1])
        hx = [hx] if isinstance(hx, torch.Tensor) else [*hx]
        torch.manual_seed(1)
        drawn = [0.3 * torch.randn(h.shape, dtype=torch.float64) for h in hx]
        hx = [h + d.to(h) if h.is_floating_point() else h for h, d in zip(hx, drawn, strict=True)]
        hx = [h.detach().requires_grad_(grad and h.is_floating_point()) for h in hx]
        y, last = layer(x, hx[0] if len(hx) == 1 else tuple(hx))
    last = [last] if isinstance(last, torch.Tensor) else [*last]
    found = {"y": y} | {f"last {n}": s for n, s in enumerate(last)}
    if grad:
        torch.manual_seed(2)
        ends = [v for v in found.values() if v.is_floating_point()]
        drawn = [torch.randn(v.shape, dtype=torch.float64) for v in ends]
        sum((v * d.to(v)).sum() for v, d in zip(ends, drawn, strict=True)).backward()
        found |= {n: p.grad for n, p in layer.named_parameters()} | {"x": x.grad}
        # a first state that nothing reads: autograd gives None for its gradient, the kernel zeros
        first = [torch.zeros_like(h) if h.grad is None else h.grad for h in hx]
        found |= {f"first {n}": g for n, g in enumerate(first)}
    return {n: v.detach() for n, v in found.items()}


def assert_agrees(key, dtype=torch.float64, tolerance=1e-12, grad=True, sizes=(T, B, D, H)):
    torch.manual_seed(0)
    steps, rows, features, units = sizes
    layers = 2 if SPECS[key].inputs else 1  # the upper one reads the states of the lower one
    layer = torch_nn.Recurrent(key, features, units, layers, backend="graph")
    layer.to(dtype)
    x = torch.randn(steps, rows, features).to(dtype)
    found = outputs_and_gradients(layer, x, grad)
    twin = torch_nn.Recurrent(key, features, units, layers, backend="eager").double()
    twin.load_state_dict(layer.state_dict())
    wanted = outputs_and_gradients(twin, x.double(), grad)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        scale = max(1.0, float(value.abs().max()))
        apart = float((found[name].to(value.dtype) - value).abs().max())
        assert apart <= tolerance * scale, f"{name} is {apart} off"


QUICK = {"one program alone": ("lstm",), "two by two programs, two chunks": ("lstm", "mut3")}
CASES = [
    pytest.param(key, split, marks=[] if key in QUICK.get(split, ()) else [pytest.mark.slow])
    for split in SPLITS
    for key in (SPECS if split == "one program alone" else PROGRAMS)
]


@pytest.mark.parametrize("key, split", CASES)
def test_values_and_gradients(key, split, opened, monkeypatch):
    given_split(monkeypatch, SPLITS[split])
    assert_agrees(key)
    layers = 2 if SPECS[key].inputs else 1
    assert opened == ["forward"] * layers + ["backward"] * layers


@pytest.mark.parametrize("dtype, bound", [(torch.float32, 1e-5), (torch.float16, 1e-2)])
def test_arithmetic_is_in_float32_whatever_products_read(dtype, bound, opened, monkeypatch):
    given_split(monkeypatch, SPLITS["one program, by way of memory"])  # rounding of dtype, T times
    assert_agrees("lstm_peephole", dtype, bound)


def test_without_a_way_back_nothing_is_kept_for_it(opened, monkeypatch):
    given_split(monkeypatch, SPLITS["one program alone"])
    arenas, launch = [], persistent._launch
    monkeypatch.setattr(
        persistent, "_launch", lambda a, *n, **k: (arenas.append(a), launch(a, *n, **k))
    )
    gpu.release()
    assert_agrees("lstm", grad=False)
    (arena,) = arenas
    assert not [name for name in arena.arrays if name.startswith("kept_")]


def test_programs_that_wait_in_vain_give_up_and_say_so(opened, monkeypatch):
    monkeypatch.setattr(persistent, "split", lambda *_: SPLITS["two by two programs, two chunks"])
    monkeypatch.setattr(persistent, "PATIENCE", 5)  # the second program never starts meanwhile
    monkeypatch.setattr(persistent, "_lost", False)
    layer, x = torch_nn.Recurrent("rnn", D, H, backend="graph"), torch.randn(T, B, D)
    gpu.release()
    with torch.no_grad():
        assert layer(x)[0][1:].isnan().all(), "nothing wrong passes for right"
        with pytest.raises(RuntimeError, match="waited for each other in vain"):
            layer(x)
        right = layer(x)[0]  # by the loop
    assert not right.isnan().any()


# -- where it runs, and where not ------------------------------------------------------------------


def shape_of(**changed):
    given = dict.fromkeys(Shape._fields, False) | {
        "key": "lstm", "T": 9, "B": 16, "D": 8, "H": 256, "dtype": torch.float16,
        "device": torch.device("cpu"), "constants": (), "products": ("high",),
    }  # fmt: skip
    return Shape(**given | changed)


def why_not(monkeypatch, **changed):
    triton_runs.needed()
    monkeypatch.setattr(persistent, "_lost", False)
    shape = shape_of(**changed)
    return persistent.obstacle(gpu.schedule(shape.key), shape)


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
    reasons = {print_persistent.obstacle(spec) for spec in (*MATRIX.values(), *ODD.values())}
    assert reasons == {None, "its state is a matrix", "it sums over the units of a row"}
    refused = next(spec for spec in MATRIX.values() if print_persistent.obstacle(spec))
    with pytest.raises(ValueError, match="no persistent kernel"):
        print_persistent.source(refused)
