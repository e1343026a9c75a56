"""Training a language model: stopped or killed it goes on exactly; several processes are one."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch
from kinds import FIRST

from course_utils import compiled, torch_nn
from course_utils.distributed import checkpoints, language
from course_utils.distributed.corpora import corpus
from course_utils.distributed.processes import Processes, chosen_device
from course_utils.distributed.trainer import Config, Trainer
from course_utils.errors import UserError
from course_utils.lab import language_models
from course_utils.specs import SPECS
from course_utils.training import distributed

SIZES = {"hidden": 8, "embedding": 4, "batch": 6, "length": 8, "epochs": 2, "lr": 0.01}
MODULE = "course_utils.distributed.language"


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Text enough for 9 chunks an epoch; what comes next depends on what stood before."""
    path = tmp_path_factory.mktemp("text") / "words.txt"
    words = ["to be", "or not", "that is", "the question", "whether"]
    path.write_text(" ".join(words[k * k % 11 % 5] for k in range(75))[:500], "utf-8")
    return path


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def arguments(text, out, **changed):
    options = {"corpus": text, "device": "cpu", "out": out, "every": 2, "keep": 20}
    options |= SIZES | changed
    return [f"--{name}={value}" for name, value in options.items()] + ["--quiet"]


def log_of(out):
    return (out / "log.jsonl").read_text("utf-8")


def losses(out):
    lines = [json.loads(line) for line in log_of(out).splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def weights(out):
    return language.load(out)[0].state_dict()


def same(out, other):
    """The same log, byte by byte, and the same weights, bit by bit."""
    assert log_of(out) == log_of(other)
    for name, p in weights(other).items():
        torch.testing.assert_close(weights(out)[name], p, rtol=0, atol=0)


@pytest.fixture(scope="module")
def whole(text, tmp_path_factory):
    """The folder of a run that nothing interrupted, with dropout."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("whole")
    assert language.main(arguments(text, out, dropout=0.2)) == 0
    return out


# -- one process -----------------------------------------------------------------------------------


def test_one_process_trains_as_the_lab_does(text, tmp_path):
    """The losses are those of ``lab.language_models.train``, and they fall."""
    assert language.main(arguments(text, tmp_path)) == 0
    words = corpus(str(text))
    torch.manual_seed(0)
    model = language_models.CharModel(len(words.vocabulary), 4, 8)
    _, bits = language_models.train(model, [words.epoch(0, 0)] * 2, batch=6, length=8, lr=0.01)
    expected = torch.tensor([b for epoch in bits for b in epoch]) * torch.log(torch.tensor(2.0))
    found = torch.tensor(losses(tmp_path))
    assert len(found) == 18 and found[-1] < found[0] - 0.1
    torch.testing.assert_close(found, expected.float(), rtol=1e-6, atol=1e-6)


def test_held_out_text_is_read_in_one_go_after_the_training_text(text, tmp_path):
    assert language.main(arguments(text, tmp_path)) == 0
    model, vocabulary = language.load(tmp_path)
    words = corpus(str(text))
    assert vocabulary == words.vocabulary
    expected = language_models.surprises(model, words.held_out, words.epoch(0, 0)).mean()
    *_, last = map(json.loads, log_of(tmp_path).splitlines())
    assert last["update"] == 18
    torch.testing.assert_close(last["held_out"], float(expected), rtol=1e-5, atol=0)


class Killed(BaseException):
    """What the tests stop a run with, at once and without a word."""


@pytest.mark.parametrize("update", [1, 5, 9])
def test_a_run_that_was_killed_ends_as_one_that_was_not(text, whole, tmp_path, monkeypatch, update):
    killed_at(monkeypatch, update)
    with pytest.raises(Killed):
        language.main(arguments(text, tmp_path, dropout=0.2))
    monkeypatch.undo()
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"update": 6, "lo')  # killed while it wrote a line
    assert language.main(arguments(text, tmp_path, dropout=0.2)) == 0
    same(tmp_path, whole)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_update_finish_and_saves(
    text, whole, tmp_path, monkeypatch, capsys, number
):
    step = Trainer.step

    def interrupted(trainer):
        if trainer.done == 4:
            os.kill(os.getpid(), number)
        return step(trainer)

    monkeypatch.setattr(Trainer, "step", interrupted)
    before = signal.getsignal(number)
    assert language.main(arguments(text, tmp_path, dropout=0.2)) == 128 + number
    assert signal.getsignal(number) == before
    assert (
        f"stopped by {number.name} after update 5 of 18; the same command"
        in capsys.readouterr().out
    )
    assert checkpoints.saved(tmp_path)[-1].name == "update-00000005.checkpoint"
    monkeypatch.undo()
    assert language.main(arguments(text, tmp_path, dropout=0.2)) == 0
    same(tmp_path, whole)


def killed_at(monkeypatch, update):
    """No training gets further than so many updates, and none has a word to say."""
    step = Trainer.step

    def killed(trainer):
        if trainer.done == update:
            raise Killed
        return step(trainer)

    monkeypatch.setattr(Trainer, "step", killed)


@pytest.mark.parametrize("cell", ["clockwork", "lru", "slstm"])
def test_other_states_go_on_as_well(text, tmp_path, monkeypatch, cell):
    """A clock of integers, complex numbers in a scan, four states."""
    assert language.main(arguments(text, tmp_path / "whole", cell=cell, epochs=1)) == 0
    killed_at(monkeypatch, 5)
    with pytest.raises(Killed):
        language.main(arguments(text, tmp_path / "part", cell=cell, epochs=1))
    monkeypatch.undo()
    assert language.main(arguments(text, tmp_path / "part", cell=cell, epochs=1)) == 0
    same(tmp_path / "part", tmp_path / "whole")


def test_the_last_checkpoints_are_kept_and_a_finished_run_stays(text, tmp_path, capsys):
    asked = arguments(text, tmp_path, keep=2)
    assert language.main(asked) == 0
    names = [path.name for path in sorted(tmp_path.iterdir())]
    assert names == ["log.jsonl", "update-00000016.checkpoint", "update-00000018.checkpoint"]
    before = log_of(tmp_path)
    assert language.main(asked) == 0 and log_of(tmp_path) == before
    assert language.main([*asked, "--fresh"]) == 0 and log_of(tmp_path) == before
    assert "updates 1 to 18" in capsys.readouterr().out.splitlines()[-4]


# -- checkpoints -----------------------------------------------------------------------------------


def damaged(data):
    """What may be found in the place of a checkpoint, and what is said of it."""
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    yield bytes(flipped), "is damaged: it is not what was written; delete it"
    yield data[: len(data) // 2], "is damaged"
    yield data[:-1], "is damaged"
    yield data.partition(b"\n")[0], "is damaged"
    yield data[:20], "is no checkpoint of this program"
    yield b"", "is no checkpoint of this program"
    yield data.partition(b"\n")[2], "is no checkpoint of this program"  # what torch.save wrote


def test_a_torn_or_foreign_checkpoint_is_refused_in_one_line(text, whole, tmp_path, capsys):
    path = tmp_path / checkpoints.saved(whole)[-1].name
    data = checkpoints.saved(whole)[-1].read_bytes()
    for content, message in damaged(data):
        path.write_bytes(content)
        assert language.main(arguments(text, tmp_path, dropout=0.2)) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and path.name in said and message in said
        with pytest.raises(checkpoints.CheckpointError, match=message):
            language.load(tmp_path)


def test_a_checkpoint_runs_no_code_that_stands_in_it(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("run",)

    path = checkpoints.save(tmp_path, 1, {"state": Evil()})
    with pytest.raises(checkpoints.CheckpointError, match="cannot be read by torch"):
        checkpoints.read(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"lr": 0.02}, "--lr: the checkpoint in .* was trained with 0.01, not 0.02"),
        ({"cell": "gru"}, "--cell: .* 'lstm', not 'gru'"),
        ({"hidden": 9}, "--hidden: .* 8, not 9"),
        ({"epochs": 3}, "--epochs"),
        ({"dtype": "float64"}, "--dtype"),
        ({"corpus": __file__}, "--corpus: .* was trained on another text"),
        ({"batch": 0}, "--batch: expected more than 0, got 0"),
        ({"length": 1000}, "--length: 1000 steps do not fit in strips of"),
        ({"cell": "lsmt"}, "--cell: there is no 'lsmt'; there are"),
        ({"dropout": 1.0}, "--dropout: expected"),
        ({"dtype": "int8"}, "--dtype: expected float32 or float64"),
        ({"every": 0}, "--every: expected at least 1"),
        ({"corpus": "nowhere.txt"}, "--corpus: expected help, tunes or the path of a text"),
        ({"lr": "inf"}, "--lr: expected more than 0, got inf"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(text, whole, tmp_path, capsys, changed, message):
    last = checkpoints.saved(whole)[-1]
    (tmp_path / last.name).write_bytes(last.read_bytes())
    assert language.main(arguments(text, tmp_path, **({"dropout": 0.2} | changed))) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and re.search(message, said), said


def test_a_foreign_log_is_refused_and_stays(text, tmp_path, capsys):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n')
    assert language.main(arguments(text, tmp_path)) == 2
    assert "log.jsonl is no log of this program" in capsys.readouterr().err
    assert log_of(tmp_path) == '{"step": 1}\n'


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_training_that_diverges_says_where_and_poisons_nothing(
    text, tmp_path, monkeypatch, capsys, where
):
    plain = Trainer._loss

    def broken(trainer, *given):
        loss, state = plain(trainer, *given)
        if trainer.done == 3 and where == "loss":
            loss = loss * torch.nan
        elif trainer.done == 3:
            loss.register_hook(lambda gradient: gradient * torch.inf)
        return loss, state

    monkeypatch.setattr(Trainer, "_loss", broken)
    assert language.main(arguments(text, tmp_path, every=1)) == 2
    said = capsys.readouterr().err
    assert re.search(r"update 4: the loss is \S+, the norm of its gradient (nan|inf); try", said)
    assert len(losses(tmp_path)) == 3
    assert all(p.isfinite().all() for p in weights(tmp_path).values())


# -- several processes -----------------------------------------------------------------------------


def test_a_batch_is_shared_evenly_or_refused(monkeypatch):
    processes = Processes("cpu")
    processes.size = 4
    shares = []
    for processes.rank in range(4):
        shares += range(12)[processes.rows(12)]
    assert shares == list(range(12))
    with pytest.raises(UserError, match=r"--batch: 33 rows .* among 4 processes; use 32 or 36"):
        processes.rows(33, "--batch")
    with pytest.raises(UserError, match=r"use 4$"):
        processes.rows(3)


@pytest.mark.parametrize("cell", ["lstm_peephole", "clockwork"])
def test_the_mean_over_processes_is_the_gradient_of_the_whole_batch(text, monkeypatch, cell):
    """Each with its rows and their states, in the first chunk and after a checkpoint."""
    sizes = SIZES | {"corpus": str(text), "cell": cell, "dtype": "float64", "clip": 1e9}
    words, config = corpus(str(text)), Config(**sizes)
    monkeypatch.setattr(Processes, "mean", lambda self, values: values)

    def gradients(size, rank, content=None):
        processes = Processes("cpu")
        processes.size, processes.rank = size, rank
        trainer = Trainer(config, words, processes)
        if content is not None:
            trainer.restore(content)
        trainer.step()
        return torch.cat([p.grad.flatten() for p in trainer.model.parameters()]), trainer

    found, trainer = gradients(1, 0)
    for content in (None, trainer.content()):
        expected, _ = gradients(1, 0, content)
        parts = [gradients(3, rank, content)[0] for rank in range(3)]
        torch.testing.assert_close(sum(parts) / 3, expected, rtol=1e-10, atol=1e-12)
        assert not torch.allclose(parts[0], parts[1])
    assert not torch.allclose(found, expected)


def test_a_process_without_a_gpu_is_told_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert chosen_device("auto", 2) == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(UserError, match="process 3 of this machine has no GPU of its own"):
        chosen_device("cuda", 3)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device("auto", 3) == torch.device("cpu")
    with pytest.raises(UserError, match="--device: cuda, and PyTorch sees no GPU"):
        chosen_device("cuda", 3)


@pytest.fixture
def group(tmp_path, monkeypatch):
    """A group of one process, which needs no other and no network, among two as torchrun says."""
    torch.distributed.init_process_group(
        "gloo", init_method=(tmp_path / "meet").as_uri(), rank=0, world_size=1
    )
    monkeypatch.setenv("WORLD_SIZE", "2")
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("backend", ["eager", "compiled", "auto"])
def test_every_weight_of_every_cell_takes_part(group, backend):
    """DistributedDataParallel refuses a second update where a weight had no gradient."""
    keys = SPECS if backend == "eager" else FIRST
    with compiled.uncompiled():
        for key in keys:
            layer = torch_nn.Recurrent(key, 3, 4, num_layers=2, backend=backend)
            net, x = distributed(layer), torch.randn(5, 2, 3)
            state = None
            for _ in range(2):
                y, state = net(x, state)
                state = language_models.detached(state)
                layer.zero_grad()
                y.square().sum().backward()
                assert all(p.grad is not None for p in layer.parameters()), key


def run(command, **options):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", *command], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # fmt: skip


def wait_for_updates(process, out, n):
    """Until the log has n lines; the process is still at work."""
    deadline = time.monotonic() + 120
    while not (out / "log.jsonl").exists() or len(losses(out)) < n:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finished(process):
    """The exit code and what was said, before patience ends."""
    try:
        said = process.communicate(timeout=120)
    finally:
        process.kill()
    return process.returncode, *said


@pytest.mark.slow
def test_a_process_killed_by_the_system_goes_on_bit_by_bit(text, tmp_path):
    sizes = {"length": 4, "batch": 2, "epochs": 4, "dropout": 0.2, "every": 15}
    process = run([MODULE, *arguments(text, tmp_path / "part", **sizes)])
    wait_for_updates(process, tmp_path / "part", 20)
    process.kill()
    assert finished(process)[0] == -signal.SIGKILL
    assert 15 <= int(checkpoints.saved(tmp_path / "part")[-1].stem[-8:]) < 224, "killed too late"
    for name in ("part", "whole"):
        assert language.main(arguments(text, tmp_path / name, **sizes)) == 0
    same(tmp_path / "part", tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_go_on_as_one_would(text, tmp_path, monkeypatch):
    """One process, killed; two of torchrun, which SIGTERM stops; one again: a single training."""
    sizes = {"length": 4, "batch": 2, "epochs": 4, "dtype": "float64", "every": 4}
    part, alone = tmp_path / "part", tmp_path / "alone"
    killed_at(monkeypatch, 5)
    with pytest.raises(Killed):
        language.main(arguments(text, part, **sizes))
    monkeypatch.undo()
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", MODULE]
    process = run([*torchrun, *arguments(text, part, **sizes)])
    wait_for_updates(process, part, 15)
    process.terminate()
    _, said, complaint = finished(process)
    assert "2 processes on cpu, updates 5 to 224" in said, complaint
    done = int(re.search(r"stopped by SIGTERM after update (\d+) of 224", said)[1])
    assert 15 <= done < 224 and checkpoints.read(checkpoints.saved(part)[-1])["updates"] == done
    for out in (part, alone):
        assert language.main(arguments(text, out, **sizes)) == 0
    found, expected = (torch.tensor(losses(out), dtype=torch.float64) for out in (part, alone))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    for key, p in weights(alone).items():
        torch.testing.assert_close(weights(part)[key], p, rtol=1e-8, atol=1e-8)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("cell", ["lstm", "lstm_peephole", "mingru"])
def test_a_gpu_trains_as_the_cpu_does_and_goes_on(text, tmp_path, monkeypatch, cell):
    sizes = {"cell": cell, "dtype": "float64"}
    assert language.main(arguments(text, tmp_path / "cpu", **sizes)) == 0
    killed_at(monkeypatch, 5)
    with pytest.raises(Killed):
        language.main(arguments(text, tmp_path / "gpu", **sizes, device="cuda"))
    monkeypatch.undo()
    assert language.main(arguments(text, tmp_path / "gpu", **sizes, device="cuda")) == 0
    found, expected = (torch.tensor(losses(tmp_path / name)) for name in ("gpu", "cpu"))
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-7)
