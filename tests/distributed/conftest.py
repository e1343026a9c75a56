"""A small text, one thread, and a run that nothing interrupted."""

import pytest
import torch
from language_runs import arguments

from course_utils.distributed import language


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Text enough for 9 chunks an epoch; what comes next depends on what stood before."""
    path = tmp_path_factory.mktemp("text") / "words.txt"
    words = ["to be", "or not", "that is", "the question", "whether"]
    path.write_text(" ".join(words[k * k % 11 % 5] for k in range(75))[:500], "utf-8")
    return path


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Losses that are compared bit by bit are sums in one order."""


@pytest.fixture(scope="module")
def whole(text, tmp_path_factory):
    """The folder of a run that nothing interrupted, with dropout."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("whole")
    assert language.main(arguments(text, out, dropout=0.2)) == 0
    return out
