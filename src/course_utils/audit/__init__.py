"""What is installed, held against the printed equations: ``course audit LIBRARY``.

A layer of another library is run with random weights, and its outputs and gradients are compared
with our cell's under every order of gates, with every gate as it is or turned round (1 - z for z).
So the convention is *found*, not looked up, and a layer that none explains is named as such.

    for finding in audit("keras"):
        print(finding.sentence())
"""

from importlib import import_module, metadata

from course_utils.audit.explain import Finding, explain
from course_utils.errors import UserError, needs

LIBRARIES = {  # name in the registry -> module here, module to import
    "torch": ("torch_layers", "torch"),
    "keras": ("keras_layers", "keras"),
    "torchrecurrent": ("torchrecurrent_cells", "torchrecurrent"),
    "minGRU-pytorch": ("mingru_layers", "minGRU_pytorch"),
    "flax": ("flax_cells", "flax"),
    "xlstm": ("xlstm_cells", "xlstm"),
}

__all__ = ["LIBRARIES", "Finding", "audit", "version"]


def audit(library, seed=0):
    """A list of ``Finding``, one for each layer of the library that we have a cell for.

    library: a name of ``LIBRARIES``.  UserError for another name, or where it is not installed.
    """
    if library not in LIBRARIES:
        raise UserError(f"library: {library!r} is not known; there are {', '.join(LIBRARIES)}")
    module, wanted = LIBRARIES[library]
    try:
        layers = import_module(f"{__name__}.{module}").LAYERS
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == wanted:
            raise UserError(f"{library} is not installed: pip install {library}") from None
        raise UserError(f"{library}: {needs(error.name)}") from None
    return [explain(name, keys, observe, seed) for name, keys, observe in layers]


def version(library):
    """The version that is installed, or None."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
