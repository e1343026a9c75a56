"""Why an indexed loop of 512 steps is so much slower than one of 511: page faults, counted.

Autograd makes an array of the size of the input's products for every time step.  glibc hands out
arrays of up to 32 MiB from memory that it keeps, larger ones as fresh pages, each of which costs a
fault when it is first touched.  Raised means both thresholds, that of asking and that of giving
back freed memory.  They are read when a process starts, so each measurement is an interpreter of
its own.  Linux with glibc; elsewhere the counts say something else.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

CHILD = """
import json, resource, sys
import torch
from course_utils.experiments.practice.speed import speed_select
torch.set_num_threads(1)
config = speed_select.Config(batch=int(sys.argv[2]), hidden=int(sys.argv[3]))
found = {"faults": [], "seconds": [], "system": []}
for T in json.loads(sys.argv[1]):
    step = speed_select.steps(config, T)["indexed"]
    step()
    before = resource.getrusage(resource.RUSAGE_SELF)
    step()
    after = resource.getrusage(resource.RUSAGE_SELF)
    system = after.ru_stime - before.ru_stime
    found["faults"].append((after.ru_minflt - before.ru_minflt) / T)
    found["seconds"].append(after.ru_utime - before.ru_utime + system)
    found["system"].append(system)
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Config:
    """The sizes of ``speed_select``, at two lengths; raised is larger than all arrays together."""

    steps: tuple = (511, 512)
    batch: int = 32
    hidden: int = 128
    raised: int = 2**33


QUICK = Config(steps=(8, 9), batch=2, hidden=4)


def run(config, progress=iter):
    """By threshold and length: faults a time step, processor seconds of a training step."""
    both = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")  # ask for pages; give them back
    settings = {"kept": {}, "raised": dict.fromkeys(both, str(config.raised))}
    found = {name: child(config, settings[name]) for name in progress(tuple(settings))}
    return {
        "steps": list(config.steps),
        "megabytes": [4 * T * config.batch * 4 * config.hidden / 2**20 for T in config.steps],
        **{name: row | {"longer": row["seconds"][-1] / row["seconds"][0]}
           for name, row in found.items()},
    }  # fmt: skip


def child(config, setting):
    """What training steps of each length cost in a fresh interpreter, after one to warm up."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    arguments = [json.dumps(config.steps), str(config.batch), str(config.hidden)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        env=kept | {"OMP_NUM_THREADS": "1"} | setting,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
