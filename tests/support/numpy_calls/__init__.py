"""A call of every public function of numpy_nn, cells apart: "module.name" -> call of ``Given``."""

from numpy_calls.attention import ATTENTION_CALLS
from numpy_calls.functions import FUNCTION_CALLS
from numpy_calls.memory import MEMORY_CALLS
from numpy_calls.recurrent import RECURRENT_CALLS

CALLS = RECURRENT_CALLS | ATTENTION_CALLS | MEMORY_CALLS | FUNCTION_CALLS
