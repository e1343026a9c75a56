"""What the chapter says about losing the fused kernel is what the libraries' own code does."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.audit import fused
from course_utils.errors import UserError

PAGE = Path(__file__).parents[2] / "book/practice/batches.md"


@pytest.fixture(autouse=True)
def single_precision():
    kept = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(kept)


CALLS = {
    "plain": ({}, lambda x: x, True),
    "two directions and layers, dropout": (
        {"num_layers": 2, "bidirectional": True, "dropout": 0.5}, lambda x: x, True,
    ),
    "no bias": ({"bias": False}, lambda x: x, True),
    "float64": ({"dtype": torch.float64}, lambda x: x.double(), False),
    "packed": ({}, lambda x: nn.utils.rnn.pack_padded_sequence(x, [5, 3, 2]), False),
    "projected": ({"proj_size": 3}, lambda x: x, False),
}  # fmt: skip


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch without oneDNN")
@pytest.mark.parametrize("call", CALLS)
def test_pytorchs_own_dispatch_says_which_calls_reach_onednn(call):
    settings, given, reached = CALLS[call]
    layer, x = nn.LSTM(8, 6, **settings), given(torch.randn(5, 3, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of projections it warns, once in a process
        assert fused.onednn(layer, x) == reached
        assert not fused.onednn(nn.GRU(8, 6), torch.randn(5, 3, 8))
        with torch.backends.mkldnn.flags(enabled=False):
            assert not fused.onednn(layer, x)


def rows():
    """The page's table of Keras' settings: {what stands in the first column: yes or no}."""
    text = PAGE.read_text("utf-8").split("| A call of `keras.layers.LSTM(16)` with")[1]
    lines = text.split("\n\n")[0].splitlines()[2:]
    return dict([cell.strip() for cell in line.split("|")[1:3]] for line in lines)


MASKS = {
    "a mask, padding on the right": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]],
    "a mask, padding on the left": [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]],
}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.slow
def test_keras_code_says_what_the_table_says(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    found = {}
    for name in rows():
        mask = np.array(MASKS[name], bool) if name in MASKS else None
        code = re.fullmatch(r"`(.*)`", name)
        layer = keras.layers.LSTM(16, **(eval(f"dict({code[1]})") if code else {}))
        found[name] = "no" if fused.keras_cudnn(layer, x, mask) else "yes"
    assert len(found) == 11 and found == rows()
    assert "takes no mask" in fused.keras_cudnn(keras.layers.LSTM(4), x, np.ones((2, 5), bool))
    assert "does not ask" in fused.keras_cudnn(keras.layers.LSTM(4, use_cudnn=False), x)
    assert "cudnn_ok" in fused.keras_cudnn(keras.layers.LSTM(4, use_bias=False), x)
    with monkeypatch.context() as other, pytest.raises(UserError, match="KERAS_BACKEND=torch"):
        other.setattr("keras.src.backend.backend", lambda: "jax")
        fused.keras_cudnn(keras.layers.LSTM(4), x)
