"""PyTorch nets on compiled layers, for cells whose own kernel in PyTorch is slower."""

from course_utils.lab.numpy_models import compiled_layers


def compiled(model):
    """The model (``torch_models.Net``), its plain RNN on compiled code where Numba and SciPy are.

    Other cells, and every cell without the two, keep the code that the layer chooses.
    """
    if model.layer.key in ("rnn", "rnn_relu") and compiled_layers():
        model.layer.backend = "compiled"
    return model
