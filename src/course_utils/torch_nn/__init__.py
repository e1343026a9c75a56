"""Every cell as one PyTorch layer: ``Recurrent`` has nn.LSTM's arguments, shapes and state_dict."""

from course_utils.torch_nn.interop import from_numpy, to_numpy
from course_utils.torch_nn.recurrent import Recurrent
from course_utils.torch_nn.scan import scan
from course_utils.torch_nn.start import LearnedStart

__all__ = ["LearnedStart", "Recurrent", "from_numpy", "scan", "to_numpy"]
