"""Which code computes a call: PyTorch's kernel, compiled code, a scan, or the loop, and why.

All are called as ``run(layer, call) -> y (T, B, H·directions), states``, each state
(layers·directions, B, H), and give the same numbers.
"""

from functools import partial
from typing import NamedTuple

from course_utils.torch_nn import fast, native, stack, unroll
from course_utils.torch_nn.scan import obstacle as no_scan
from course_utils.torch_nn.scan import unroll as unroll_scan


class Backend(NamedTuple):
    """run(layer, call); obstacle(layer, call), why it cannot, or None."""

    run: object
    obstacle: object


class Choice(NamedTuple):
    """The name of a backend, its ``run``, and why it was taken."""

    name: str
    run: object
    why: str


BACKENDS = {  # quickest first
    "native": Backend(native.run, native.obstacle),
    "compiled": Backend(partial(stack.run, fast.unroll), fast.obstacle),
    "scan": Backend(partial(stack.run, unroll_scan), no_scan),
    "eager": Backend(partial(stack.run, unroll.unroll), lambda layer, call: None),
}


def choose(layer, call):
    """The first backend that can serve the call, or the one that the layer was built for.

    Lengths and resets, which any layer takes, send a call to the loop where that one cannot serve
    them; ValueError where compiled code was asked for and the tensors or the mode exclude it.
    """
    asked = layer.backend
    names = BACKENDS if asked == "auto" else dict.fromkeys((asked, "eager"))
    passed = []
    for name in names:
        backend = BACKENDS[name]
        obstacle = backend.obstacle(layer, call)
        if obstacle is None:
            break
        if asked == "compiled" and call.lengths is None and call.resets is None:
            raise ValueError(f"backend: {obstacle}; use 'auto'")
        passed.append(f"not {name}: {obstacle}")
    reason = (
        "asked for"
        if name == asked
        else "; ".join(passed) or f"PyTorch has a kernel for {layer.key}"
    )
    return Choice(name, backend.run, f"{name} ({reason})")
