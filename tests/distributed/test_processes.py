"""Several processes are one training: shared batches, mean gradients, and a kill loses nothing."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch
from kinds import FIRST
from language_runs import SIZES, Killed, arguments, killed_at, losses, same, weights

from course_utils import compiled, torch_nn
from course_utils.distributed import checkpoints, language
from course_utils.distributed.corpora import corpus
from course_utils.distributed.processes import Processes, chosen_device
from course_utils.distributed.trainer import Config, Trainer
from course_utils.errors import UserError
from course_utils.lab import language_models
from course_utils.specs import SPECS
from course_utils.training import distributed

MODULE = "course_utils.distributed.language"


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
    deadline = time.monotonic() + 600
    while not (out / "log.jsonl").exists() or len(losses(out)) < n:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finished(process):
    """The exit code and what was said, before patience ends."""
    try:
        said = process.communicate(timeout=600)
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
