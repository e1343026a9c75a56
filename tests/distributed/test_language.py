"""A language model trained in one process: as the lab does, and after a stop it goes on exactly."""

import json
import os
import signal

import pytest
import torch
from language_runs import Killed, arguments, killed_at, log_of, losses, same

from course_utils.distributed import checkpoints, language
from course_utils.distributed.corpora import corpus
from course_utils.distributed.trainer import Trainer
from course_utils.lab import language_models


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
