"""The kernel in which programs wait for each other: shut without a record, right in its trial."""

import subprocess
import sys

import gpu_runs
import pytest
import torch
from gpu_runs import draw, pair, run, to_cpu

from course_utils.torch_nn import gpu

SECONDS = 30  # after which the trial kills what hangs


def test_without_a_record_nothing_waits(monkeypatch):
    monkeypatch.delenv(gpu.persistent_records.TRY, raising=False)
    monkeypatch.setattr(gpu.persistent_records, "records", dict)
    for name in ("forward", "backward"):
        monkeypatch.setattr(gpu.persistent, name, lambda arena: pytest.fail("it ran"))
    layer, reference = pair("lstm", 32, 64, torch.float16)
    problem = draw(layer, 5, 3)
    expected = run(reference, to_cpu(problem))
    gpu_runs.assert_near(run(layer, problem), expected, gpu_runs.FAR[torch.float16])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("key", ["lstm", "mgu"])
def test_a_trial_in_a_process_that_is_killed_when_it_hangs(key, dtype):
    command = [sys.executable, "-m", "course_utils.torch_nn.gpu.persistent_trial"]
    command += ["--cells", key, "--dtypes", dtype, "--seconds", str(SECONDS), "--at-once", "1"]
    command += ["--interpreted"] * gpu_runs.REHEARSAL
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 20)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-500:]
