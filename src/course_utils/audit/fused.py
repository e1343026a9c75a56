"""Whether a call of an LSTM reaches the fused kernel, asked of the library's own code.

    fused.onednn(nn.LSTM(8, 16), torch.zeros(5, 2, 8))   # True on most processors: PyTorch's kernel
    fused.keras_cudnn(keras.layers.LSTM(16), x)          # "": on a GPU this call would reach cuDNN

Neither needs a GPU, and so neither says that one is reached here.
"""

import sys

from course_utils.errors import UserError


def onednn(layer, x):
    """Whether layer(x), of PyTorch and on the processor, calls oneDNN's recurrent kernel.

    x as the layer takes it, a PackedSequence too.  False where PyTorch is built without oneDNN.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    class Operations(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            called.add(operation.name())
            return operation(*args, **(kwargs or {}))

    called = set()
    with Operations():
        layer(x)
    return any("mkldnn_rnn_layer" in name for name in called)


def keras_cudnn(layer, x, mask=None):
    """Why layer(x, mask), an LSTM of Keras on PyTorch, would miss cuDNN on a GPU; "": it would not.

    x (B, T, D), mask (B, T) of booleans or None.  Keras' own functions decide, in training; only
    whether there is a GPU they are told.  UserError with another backend or version.
    """
    from keras.src import backend

    if backend.backend() != "torch":
        raise UserError("keras: this asks Keras' code for PyTorch; set KERAS_BACKEND=torch")
    rules = sys.modules["keras.src.backend.torch.rnn"]
    if not hasattr(rules, "_is_cuda_cudnn_available"):
        raise UserError("keras: this version decides elsewhere; this was written for 3.15")
    real, gpu, answers = backend.lstm, rules._is_cuda_cudnn_available, []

    def asked(*args, **kwargs):
        try:
            result = real(*args, **kwargs)
        except NotImplementedError:
            answers.append("its fused function refuses: it takes no mask")
            raise
        settings = {k: kwargs[k] for k in ("activation", "recurrent_activation", "unroll")}
        rules._is_cuda_cudnn_available = lambda: True
        try:
            fine = rules.cudnn_ok(**settings, use_bias=kwargs["bias"] is not None)
        finally:
            rules._is_cuda_cudnn_available = gpu
        answers.append("" if fine else "cudnn_ok, its function that decides, says no")
        return result

    backend.lstm = asked
    try:
        layer(x, mask=mask, training=True)
    finally:
        backend.lstm = real
    return answers[0] if answers else "the layer does not ask for it"
