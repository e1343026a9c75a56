"""Every cell as one PyTorch layer: ``Recurrent`` has nn.LSTM's arguments, shapes and state_dict."""

from course_utils.torch_nn import (
    alignment,
    attention,
    grid,
    many,
    memory,
    ponder,
    programmer,
    search,
)
from course_utils.torch_nn.initial_state import LearnedInitialState, initial_state
from course_utils.torch_nn.interop import from_numpy, to_numpy
from course_utils.torch_nn.one_step import OneStep
from course_utils.torch_nn.recurrent import Recurrent
from course_utils.torch_nn.scan import scan
from course_utils.torch_nn.seq2seq import Seq2Seq
from course_utils.torch_nn.step import step

__all__ = [
    "LearnedInitialState",
    "OneStep",
    "Recurrent",
    "Seq2Seq",
    "alignment",
    "attention",
    "from_numpy",
    "grid",
    "initial_state",
    "many",
    "memory",
    "ponder",
    "programmer",
    "scan",
    "search",
    "step",
    "to_numpy",
]
