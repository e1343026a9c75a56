"""What a training refuses by name: torn checkpoints, other settings, foreign logs, divergence."""

import re

import pytest
import torch
from language_runs import arguments, log_of, losses, weights

from course_utils.distributed import checkpoints, language
from course_utils.distributed.trainer import Trainer


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
