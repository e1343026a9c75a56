"""Where a NaN or an infinity came from: the first thing in an update that is not finite::

    finite.first_nonfinite(x=x, **params, y=y, loss=loss)   # arrays, of NumPy or PyTorch
    finite.why_nonfinite(model, loss_of, batch)             # a module of PyTorch, asked in order

Both return None, or a Finding that prints as one line.
"""

import math
from typing import NamedTuple

import numpy as np


class Finding(NamedTuple):
    """The first array that is not finite: its name, and there the first number that is not.

    index and value of that number; count, how many of size are not finite; largest, the largest
    magnitude among the others (0 if there are none); operation, of autograd, where it is known.
    """

    where: str
    index: tuple
    value: float
    count: int
    size: int
    largest: float
    operation: str = ""

    def __str__(self):
        place = f" at {self.index}" if self.index else ""
        rest = f"; the largest of the rest {self.largest:.3g}" if self.count < self.size else ""
        made = f"; made by {self.operation}" if self.operation else ""
        return (
            f"{self.where}: {self.value}{place}, {self.count} of {self.size} not finite{rest}{made}"
        )


def first_nonfinite(**values):
    """The first value that holds a NaN or an infinity, in the order given -> a Finding, or None.

    Each value is a number, an array or a tensor of any shape, None, or a dict, list or tuple of
    these, which are asked in their own order.  TypeError names what is none of them.
    """
    for name, value in values.items():
        found = _first(name, value)
        if found:
            return found
    return None


def why_nonfinite(model, loss_of, batch):
    """Ask an update of PyTorch in the order in which it computes -> a Finding, or None.

    Weights and buffers, the batch, the output of every submodule as it runs, the loss, the gradient
    of every weight, and their joint norm.  loss_of(model, batch) -> scalar tensor.  Nothing is
    updated: gradients, and random numbers of the CPU, are as before; running means move as they
    do in any forward pass.
    """
    import torch

    found = first_nonfinite(weight=dict(model.state_dict()), batch=batch)
    if found:
        return found
    outputs = []  # the first that is not finite
    handles = [
        module.register_forward_hook(_watch(outputs, f"output of {name or 'the model'}"))
        for name, module in model.named_modules()
    ]
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        try:
            loss = loss_of(model, batch)
        finally:
            for handle in handles:
                handle.remove()
    found = outputs[0] if outputs else first_nonfinite(loss=loss)
    if found or not loss.requires_grad:
        return found
    operations = _watch_backward(loss)
    weights = {name: w for name, w in model.named_parameters() if w.requires_grad}
    slopes = torch.autograd.grad(loss, [*weights.values()], allow_unused=True)
    found = first_nonfinite(gradient=dict(zip(weights, slopes, strict=True)))
    if found:
        return found._replace(operation=operations[0] if operations else "")
    norm = torch.nn.utils.get_total_norm([g for g in slopes if g is not None])
    return first_nonfinite(**{"joint norm of the gradients": norm})


def _watch(outputs, name):
    """A forward hook that keeps the first Finding."""

    def hook(module, inputs, output):
        found = None if outputs else _first(name, output)
        if found:
            outputs.append(found)

    return hook


def _watch_backward(loss):
    """A list to which the backward pass adds its first operation that returns what is not finite:
    it was given gradients that are."""
    operations, seen, ahead = [], set(), [loss.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        ahead += [before for before, _ in node.next_functions]
        node.register_hook(_watch_operation(operations, node.name()))
    return operations


def _watch_operation(operations, name):
    """A hook of one operation of the backward pass."""

    def hook(returned, given):
        if not operations and _first(name, returned):
            operations.append(name)

    return hook


def _first(name, value):
    if value is None:
        return None
    if isinstance(value, dict):
        pairs = ((f"{name}[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        pairs = ((f"{name}[{k}]", part) for k, part in enumerate(value))
    else:
        return _of_array(name, _array(name, value))
    return next(filter(None, (_first(*pair) for pair in pairs)), None)


def _array(name, value):
    """A number, an array or a tensor as an array; bfloat16, which NumPy lacks, as float32."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{name}: expected numbers, arrays, tensors, or dicts, lists or tuples of them, "
            f"got {type(value).__name__}"
        )
    return array


def _of_array(name, array):
    wrong = ~np.isfinite(array)
    count = int(wrong.sum())
    if not count:
        return None
    index = tuple(int(k) for k in np.argwhere(wrong)[0])
    value = array[index]
    value = float(value.real if not math.isfinite(value.real) else value.imag)
    largest = float(np.abs(array[~wrong]).max(initial=0))
    return Finding(name, index, value, count, array.size, largest)
