"""Train a character model, in one process or several, and go on where it was stopped.

    python -m course_utils.distributed.language --corpus help --out runs/help
    torchrun --nproc-per-node 2 -m course_utils.distributed.language --corpus help --out runs/help

Both make the same training: the rows of the batch are shared among the processes, the gradients are
averaged, and the losses differ by rounding alone (with dropout, by its drawing too).  torchrun
starts a process for each GPU; without GPUs they compute on CPUs.  A run that was stopped or killed
goes on from its last checkpoint under the same command: to the same numbers bit by bit on a CPU, to
rounding on a GPU or with another number of processes.

OUT gets the last checkpoints and log.jsonl: a line for each update (loss in nats, norm of the
gradient before clipping) and for each epoch (bits per held-out character).
"""

import argparse
import json
import math
import sys
from dataclasses import fields
from pathlib import Path
from signal import SIGTERM

from course_utils import files
from course_utils.distributed import checkpoints
from course_utils.distributed.corpora import corpus
from course_utils.distributed.processes import Processes, stop_requests
from course_utils.distributed.trainer import Config, Trainer, model_of
from course_utils.errors import UserError, one_line
from course_utils.specs import SPECS
from course_utils.training import Diverged, fit

HELP = {
    "corpus": "help (Python's help topics), tunes (O'Neill's, from music21), or a UTF-8 text",
    "cell": "any cell of the course, such as lstm, gru, lstm_peephole",
    "embedding": "numbers for each character",
    "hidden": "units of a layer",
    "layers": "layers",
    "dropout": "probability, into each layer and the readout",
    "batch": "rows of a mini-batch, all processes together",
    "length": "time steps of a chunk; gradients reach no further, states do",
    "epochs": "times that the text is read",
    "lr": "Adam's rate at the start; it falls linearly to a twentieth",
    "clip": "norm of the gradient at most",
    "dtype": "float32 or float64",
    "seed": "of the weights, of the order, of the dropout",
}


def main(argv=None):
    """The program -> its exit code: 0 done, 2 a mistake of the caller, 128 + n stopped by a signal
    n (15 of SIGTERM, 2 of Ctrl-C).
    """
    asked = parser().parse_args(argv)
    processes = None
    try:
        config = config_of(asked)
        processes = Processes(asked.device)
        return train(config, processes, asked)
    except (UserError, OSError, Diverged) as error:
        if processes is None or processes.first:
            print(f"language: {one_line(error)}", file=sys.stderr)
        return 2
    finally:
        if processes is not None:
            processes.leave()


def parser():
    """The arguments; those that decide the numbers are the fields of ``Config``."""
    summary, _, rest = __doc__.partition("\n\n")
    made = argparse.ArgumentParser(
        prog="python -m course_utils.distributed.language", description=summary, epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    for field in fields(Config):
        made.add_argument(
            f"--{field.name}", type=type(field.default), default=field.default, metavar="X",
            help=f"{HELP[field.name]} [{field.default}]",
        )  # fmt: skip
    made.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the log")
    made.add_argument("--every", type=int, default=200, metavar="N",
                      help="updates between checkpoints [200]")  # fmt: skip
    made.add_argument("--keep", type=int, default=3, metavar="N", help="checkpoints kept [3]")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                      help="auto: a GPU where there is one [auto]")  # fmt: skip
    made.add_argument("--fresh", action="store_true", help="begin again, though OUT could go on")
    made.add_argument("--quiet", action="store_true", help="no progress bar")
    return made


def config_of(asked):
    """The Config that the arguments mean; UserError by name."""
    config = Config(**{f.name: getattr(asked, f.name) for f in fields(Config)})
    for name in ("embedding", "hidden", "layers", "batch", "length", "epochs", "lr", "clip"):
        if not 0 < getattr(config, name) < math.inf:
            raise UserError(f"--{name}: expected more than 0, got {getattr(config, name)}")
    for name in ("every", "keep"):
        if getattr(asked, name) < 1:
            raise UserError(f"--{name}: expected at least 1, got {getattr(asked, name)}")
    if not 0 <= config.dropout < 1:
        raise UserError(f"--dropout: expected 0 or more and less than 1, got {config.dropout}")
    if config.seed < 0:
        raise UserError(f"--seed: expected 0 or more, got {config.seed}")
    if config.dtype not in ("float32", "float64"):
        raise UserError(f"--dtype: expected float32 or float64, got {config.dtype}")
    if config.cell not in SPECS:
        raise UserError(f"--cell: there is no {config.cell!r}; there are {', '.join(SPECS)}")
    return config


def train(config, processes, asked):
    """Train to the end, or until a signal -> exit code."""
    text = corpus(config.corpus)
    if processes.from_first(lambda: text.sha256) != text.sha256:
        raise UserError("--corpus: the machines have different texts; give all the same file")
    trainer = Trainer(config, text, processes)
    content = processes.from_first(lambda: begin(asked.out, asked.fresh))
    if content is not None:
        trainer.restore(content, f"the checkpoint in {asked.out}")
    log = asked.out / "log.jsonl"
    processes.from_first(lambda: cut(log, trainer.done))
    if processes.first:
        print(f"language: {greeting(trainer)}", flush=True)
    with stop_requests() as signals:
        history = run(trainer, asked, log, signals)
    if history.stopped:
        number = signals[0] if signals else SIGTERM  # which another process got
        if processes.first:
            print(f"language: stopped by {number.name} after update {trainer.done} of "
                  f"{trainer.updates}; the same command goes on from there")  # fmt: skip
        return 128 + number
    if processes.first:
        print(f"language: {trainer.updates} updates done; the model is in {asked.out}")
    return 0


def run(trainer, asked, log, signals):
    """The updates that are left, each logged, some saved -> History."""
    processes = trainer.processes

    def after_update():
        """Write down what is new; whether any process was asked to stop."""
        stop = processes.any(bool(signals))
        whole = trainer.done % trainer.chunks == 0
        if processes.first:
            line = {"update": trainer.done, "loss": trainer.loss, "norm": trainer.norm}
            files.append(log, json.dumps(line))
            if whole:
                bits = trainer.held_out_bits()
                files.append(log, json.dumps({"update": trainer.done, "held_out": bits}))
                epoch = f"epoch {trainer.epoch} of {trainer.config.epochs}"
                print(f"language: {epoch}: {bits:.3f} bits per held-out character", flush=True)
        if stop or whole or trainer.done % asked.every == 0:
            content = trainer.content()
            if processes.first:
                checkpoints.save(asked.out, trainer.done, content, asked.keep)
        return stop

    bar = processes.first and not asked.quiet and sys.stderr.isatty()
    return fit(trainer.step, trainer.updates - trainer.done, check=after_update, every=1, done=bool,
               bar=bar, label=asked.out.name)  # fmt: skip


def begin(out, fresh):
    """Make the folder; what the last checkpoint in it says, or None where there is none."""
    out.mkdir(parents=True, exist_ok=True)
    there = checkpoints.saved(out)
    if fresh:
        for path in there:
            path.unlink()
    return checkpoints.read(there[-1]) if there and not fresh else None


def cut(log, update):
    """Leave in the log what was there when the checkpoint was saved after that update."""
    lines = log.read_text("utf-8").splitlines(keepends=True) if log.exists() else []
    try:
        kept = [x for x in lines if x.endswith("\n") and json.loads(x)["update"] <= update]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"--out: {log} is no log of this program; give another folder") from None
    files.write(log, "".join(kept))


def greeting(trainer):
    """What is trained, and from where on."""
    size, processes = sum(p.numel() for p in trainer.model.parameters()), trainer.processes
    who = f"{processes.size} process{'es' if processes.size > 1 else ''} on {processes.device.type}"
    return (
        f"{trainer.config.cell}, {size:,} parameters, {who}, updates {trainer.done + 1} to "
        f"{trainer.updates} ({trainer.chunks} an epoch)"
    )


def load(path):
    """The model of a checkpoint or of the last one in a folder, on the CPU, and its vocabulary."""
    path = Path(path)
    if path.is_dir():
        there = checkpoints.saved(path)
        if not there:
            raise UserError(f"path: {path} has no checkpoint")
        path = there[-1]
    return model_of(checkpoints.read(path))


if __name__ == "__main__":
    sys.exit(main())
