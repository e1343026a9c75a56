"""A second run is compared value by value; the command line says what came out, in one line."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from course_utils import cli, ledger
from course_utils.lab import dependencies, machine, running, verifying
from course_utils.ledger import Claim, results

NAME = "linear_collapse"


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A real experiment's small record in a ledger of its own, with one claim on it."""
    values = {"tanh": 0.75, "linear": 0.5, "accuracy": [0.7, 0.8], "name": "xor", "lost": None}
    then = {
        "experiment": NAME, "values": values, "device": "CPU: Toy(R) Core CPU", "seconds": 2.0,
        "config": running.plain(running.load(NAME).Config()), "seeds": [],
        "versions": machine.versions(),
    }  # fmt: skip
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    ledger.record(NAME, then, ledger.folder(running.chapter(NAME)))
    claim = Claim("tanh-xor", "recurrence/unrolled", "It does.", NAME, "tanh", "ge 0.7", "measured")
    monkeypatch.setattr(ledger, "claims", lambda: (claim,))
    return then


def again(monkeypatch, then, **values):
    """Let the experiment say these values today; -> what `verify` finds."""
    now = then | {"values": then["values"] | values}
    monkeypatch.setattr(running, "run", lambda *args, **kwargs: now)
    return verifying.verify(NAME)


def test_an_identical_run_is_said_to_be_one(recorded, monkeypatch):
    found = again(monkeypatch, recorded)
    assert found.identical and not found.flipped and (found.same, found.of) == (6, 6)
    assert found.lines == [f"{NAME}: 6 of 6 values identical; 1 of 1 verdicts hold"]


def test_what_differs_is_named_with_its_distance(recorded, monkeypatch):
    found = again(monkeypatch, recorded, tanh=0.9, accuracy=[0.7, 0.88], name="or")
    assert not found.identical and not found.flipped and found.same == 3
    assert sorted(path for path, *_ in found.differ) == ["accuracy.1", "name", "tanh"]
    numbers = again(monkeypatch, recorded, tanh=0.9, accuracy=[0.7, 0.88])
    assert numbers.lines[0] == (
        f"{NAME}: 4 of 6 values identical, the furthest tanh: 0.75 recorded, 0.9 here "
        "(0.2 of it); 1 of 1 verdicts hold"
    )


def test_a_verdict_that_does_not_hold_here_is_named(recorded, monkeypatch):
    found = again(monkeypatch, recorded, tanh=0.6)
    assert found.flipped == {"tanh-xor": ("measured", "failed")}
    assert found.lines[1] == "  tanh-xor: measured as recorded, failed here"


@pytest.mark.parametrize("change", [{"extra": 1.0}, {"accuracy": [0.7]}, {"lost": 0.0}])
def test_values_that_come_or_go_are_no_identity(recorded, monkeypatch, change):
    assert not again(monkeypatch, recorded, **change).identical


def test_only_an_identical_run_is_stamped_and_then_fresh(recorded, monkeypatch):
    with pytest.raises(ValueError, match="only a record that came out identical"):
        verifying.stamp(again(monkeypatch, recorded, tanh=0.76))
    assert dependencies.reasons(ledger.result(NAME)) == ["recorded before code was hashed"]
    verifying.stamp(again(monkeypatch, recorded))
    assert dependencies.reasons(ledger.result(NAME)) == []
    assert ledger.result(NAME)["values"] == recorded["values"]
    assert ledger.result(NAME)["device"] == recorded["device"]


def test_another_processor_leaves_its_record_beside(recorded, monkeypatch):
    monkeypatch.setattr(verifying, "device", lambda: "CPU: Other Make 3000")
    verifying.keep(again(monkeypatch, recorded, tanh=0.6))
    assert results.kinds(NAME)["other-make"]["values"]["tanh"] == 0.6
    assert ledger.value(NAME, "tanh") == 0.75, "the first record decides and feeds the prose"
    [claim] = ledger.claims()
    assert claim.recomputed == "measured" and claim.elsewhere == {"other-make": "failed"}
    monkeypatch.setattr(verifying, "device", lambda: recorded["device"])
    with pytest.raises(ValueError, match="is from toy-core too"):
        verifying.keep(again(monkeypatch, recorded, tanh=0.6))


def test_a_record_with_other_settings_is_not_compared(recorded, monkeypatch):
    ledger.record(NAME, recorded | {"config": {"updates": 1}}, results.FOLDER)
    (results.FOLDER / running.chapter(NAME) / f"{NAME}.json").unlink()
    with pytest.raises(ValueError, match="with other settings; record it anew"):
        verifying.verify(NAME)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("CPU: Intel(R) Xeon(R) Processor", "intel-xeon"),
        ("CPU: Intel(R) Xeon(R) CPU @ 2.20GHz", "intel-xeon"),
        ("CPU: AMD EPYC 7763 64-Core Processor", "amd-epyc"),
        ("CPU: Apple M1", "apple-m1"),
        ("CPU: Intel(R) Xeon(R) Processor (OPENBLAS_CORETYPE=Haswell)", "intel-xeon-haswell"),
    ],
)
def test_kinds_of_processors(text, kind):
    assert machine.kind(text) == kind


def test_a_recording_carries_what_it_depends_on(tmp_path, monkeypatch):
    monkeypatch.setattr(running.load(NAME), "run", lambda config, progress: {"tanh": 1.0})
    path = running.main_run(NAME, quick=True, out=tmp_path, say=lambda line: None)
    record = results.read(path)
    assert record["code"] == dependencies.hashes(NAME, record["config"], record["values"])
    assert all(reason.startswith("config.") for reason in dependencies.reasons(record))


class Said(NamedTuple):
    """How `course` ended, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str


def course(*args):
    """Run the command as its entry point does."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["course", *args])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
    return Said(stopped.value.code or 0, out.getvalue(), err.getvalue())


@pytest.mark.parametrize(
    "args, said",
    [
        (("run", "nosuch"), "course: experiment: 'nosuch' is unknown; there are: ablation_"),
        (("verify", "nosuch"), "course: experiment: 'nosuch' is unknown; there are: ablation_"),
        (("verify", "adding", ""), "course: experiment: '' is unknown"),
        (("run", "adding", "--budget", "0.001"), "more than the budget of 0.001; nothing was run"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(args, said):
    found = course(*args)
    assert found.exit_code == 2 and said in found.stderr
    assert found.stderr.count("\n") == 1 and found.stderr.startswith("course: ")


DAMAGED = {
    "cut off": '{"values": 1',
    "empty": "",
    "a list": "[1, 2]",
    "a text": '"values"',
    "nothing": "null",
    "no values": "{}",
    "values that are none": '{"values": [1], "config": 3, "versions": {}}',
    "deep": "[" * 100_000,
    "no text": b"\xff\xfe\x00",
}


def one_line(found, said):
    assert found.exit_code == 2, found.stdout
    assert found.stderr.startswith("course: ") and found.stderr.count("\n") == 1
    assert said in found.stderr


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Empty folders for results and claims, in place of the package's own."""
    claims = sys.modules["course_utils.ledger.claims"]  # the room's own name is the function
    for module in (results, claims):
        monkeypatch.setattr(module, "FOLDER", tmp_path / module.__name__.rpartition(".")[2])
        (module.FOLDER / "lstm").mkdir(parents=True)
    claims.claims.cache_clear()
    yield results.FOLDER / "lstm", claims.FOLDER / "lstm"
    claims.claims.cache_clear()


def put(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_result_is_named(folders, kind):
    put(folders[0] / f"{NAME}.json", DAMAGED[kind])
    for command in (("stale",), ("verify", NAME), ("run", NAME)):
        one_line(course(*command), f"{NAME}.json is damaged")


ENTRY = (
    "- {id: a-b, chapter: c/d, statement: It is., result: r, value: v, rules: [ge 1], "
    "verdict: measured}"
)
WRONG = {
    "a: [1": "damaged",
    "- id: x\n  id2: [": "damaged",
    b"\xff\xfe\x00": "damaged",
    "3": "expected a list of claims",
    "text": "expected a list of claims",
    "{a: 1}": "expected a list of claims",
    "- 3": "expected a list of claims",
    "- {id: a-b}": "missing 6 required",
    ENTRY.replace("id: a-b", "id: 3"): "id is 3; write it as text",
    ENTRY.replace("value: v", "value: 3"): "value is 3; write it as text",
    ENTRY.replace("[ge 1]", "5"): "rules is 5; write one text a rule",
    ENTRY.replace("[ge 1]", "[5]"): "rules is [5]; write one text a rule",
    ENTRY.replace("verdict: measured", "verdict: [x]"): "verdict is ['x']",
    ENTRY.replace("verdict:", "source: paper, verdict:"): "source is 'paper'",
    ENTRY.replace("verdict:", "paper: 3, verdict:"): "paper is 3",
    ENTRY.replace("verdict:", "by_seed: [v], verdict:"): "by_seed is ['v']",
    ENTRY.replace("verdict:", "colour: red, verdict:"): "unexpected keyword argument 'colour'",
    ENTRY: "no result 'r' is recorded",
}


@pytest.mark.parametrize("content", WRONG)
def test_a_damaged_claim_is_named(folders, content):
    put(folders[1] / "gates.yml", content)
    one_line(course("claims"), WRONG[content])


def test_a_folder_that_cannot_be_written_is_named(folders, monkeypatch):
    monkeypatch.setattr(running.load(NAME), "run", lambda config, progress: {"tanh": 1.0})

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied", "results")

    monkeypatch.setattr(results, "write", refuse)
    one_line(course("run", NAME), "Permission denied")


def test_what_cannot_be_written_whole_leaves_nothing(folders, monkeypatch):
    def full(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results.Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        ledger.record("toy", {"values": {}}, folders[0])
    assert not list(folders[0].iterdir())


def test_the_command_lists_claims_and_marks_the_near_ones():
    listed = course("claims").stdout.splitlines()
    assert len(listed) >= len(ledger.claims()) + 1 and " hang by less than two" in listed[-1]
    near = course("claims", "--near").stdout.splitlines()[:-1]
    assert near and set(near) <= set(listed) and all(" ! " in line for line in near)


def test_stale_says_so_by_its_exit_code(monkeypatch):
    for reasons, code in ((["numpy 1 → 2"], 1), ([], 0)):
        monkeypatch.setattr(dependencies, "reasons", lambda *args, said=reasons: said)
        found = course("stale")
        assert found.exit_code == code and found.stdout.count("numpy 1 → 2") == code * len(
            ledger.recorded()
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bptt_cost", "gradient_decay", "gradient_gap"])
def test_verdicts_hold_on_this_machine(name):
    """Nothing here is trained, so that all but times is the same up to rounding."""
    found = verifying.verify(name)
    assert not found.flipped, found.lines
