"""Which code computes a call: PyTorch's kernel, code made from equations, a scan, the loop; why.

All are called as ``run(layer, call) -> y (T, B, H·directions), states``, each state
(layers·directions, B, H), and give the same numbers.
"""

from functools import partial
from typing import NamedTuple

from course_utils.torch_nn import compiled, gpu, modes, native, stack, unroll
from course_utils.torch_nn.scan import obstacle as no_scan
from course_utils.torch_nn.scan import unroll as unroll_scan


class Backend(NamedTuple):
    """run(layer, call); obstacle(layer, call), why it cannot, or None.

    waste(layer, call): why ``auto`` should leave the call to another one though it can, or None.
    device: the kind of device that it is for; ``auto`` speaks of it nowhere else.
    """

    run: object
    obstacle: object
    waste: object = None
    device: str | None = None


class Choice(NamedTuple):
    """The name of a backend, its ``run``, and why it was taken."""

    name: str
    run: object
    why: str


BACKENDS = {  # auto takes the first that can serve and is worth it
    "native": Backend(native.run, native.obstacle, compiled.quicker_than_native),
    "compiled": Backend(
        partial(stack.run, compiled.unroll), compiled.obstacle, compiled.not_worth_it, "cpu"
    ),
    "scan": Backend(partial(stack.run, unroll_scan), no_scan),
    "graph": Backend(partial(stack.run, gpu.unroll), gpu.obstacle, gpu.not_worth_it, "cuda"),
    "eager": Backend(partial(stack.run, unroll.unroll), lambda layer, call: None),
}


def choose(layer, call):
    """The first backend that can serve the call and is worth it, or the one asked for.

    What the one asked for cannot serve goes to the loop, which gives the same numbers; ValueError
    where code made from equations was asked for and the tensors or their precision exclude it.
    """
    asked = layer.backend
    names = BACKENDS if asked == "auto" else dict.fromkeys((asked, "eager"))
    passed = []
    for name in names:
        backend = BACKENDS[name]
        if asked == "auto" and backend.device not in (None, call.x.device.type):
            continue
        obstacle = backend.obstacle(layer, call)
        if obstacle is None and asked == "auto" and backend.waste is not None:
            obstacle = backend.waste(layer, call)
        if obstacle is None:
            break
        if asked in ("compiled", "graph") and not (modes.recorded() or modes.transformed()):
            raise ValueError(f"backend: {obstacle}; use 'auto'")
        passed.append(f"not {name}: {obstacle}")
    reason = (
        "asked for"
        if name == asked
        else "; ".join(passed) or f"PyTorch has a kernel for {layer.key}"
    )
    return Choice(name, backend.run, f"{name} ({reason})")
