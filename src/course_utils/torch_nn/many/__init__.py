"""Many small nets side by side, on any device: every tensor has a leading axis of nets, K.

    params = many.stack([to_numpy(layer) for layer in layers], device=device)
    y, last = many.unroll("lstm", params, x)                     # y (K, T, B, H)
    losses = many.mses(y, target)                                # (K,)
    grads, _ = many.clip_norm(many.gradients(losses, params), 1.0)
    adam = many.Adam(lr=torch.logspace(-4, -1, K))               # a learning rate for each net
    params, state = adam.update(params, grads, state)            # state = adam.init(params) before

A GPU is idle most of the time that one small net takes: each call has a few thousand numbers to
work on, and thousands of cores to do it.  ``torch.func.vmap`` turns every matrix product of the
readable cell into one product of K matrices, so that a thousand nets take as many calls as one.
No net sees another: the results are those of K layers to rounding, and a net that diverges leaves
the others alone.  Any cell will do.  The sister in ``numpy_nn`` has compiled code for the CPU.
"""

from collections.abc import Mapping

import torch

from course_utils.shapes import ShapeError
from course_utils.specs import get_spec
from course_utils.torch_nn import scan, validation
from course_utils.torch_nn import unroll as loop
from course_utils.torch_nn.initial_state import cell_state
from course_utils.torch_nn.many.training import (
    Adam,
    AdamState,
    affine,
    clip_norm,
    cross_entropies,
    gradients,
    mses,
)

__all__ = [
    "Adam",
    "AdamState",
    "affine",
    "clip_norm",
    "cross_entropies",
    "gradients",
    "mses",
    "pick",
    "stack",
    "unroll",
]


def stack(nets, *, device=None, dtype=None):
    """A list of K dicts of parameters -> one dict of trainable tensors with a leading axis K.

    nets: arrays, as from ``numpy_nn.init_params`` or ``torch_nn.to_numpy``, or tensors.
    """
    if not isinstance(nets, list | tuple) or not all(isinstance(net, Mapping) for net in nets):
        raise TypeError("nets: expected a list with a dict of parameters for each net")
    if not nets or any(set(net) != set(nets[0]) for net in nets):
        raise KeyError("nets: expected dicts of parameters with the same names, at least one")
    dtype = validation.dtype_of(dtype)
    return {name: _joined(name, [net[name] for net in nets], device, dtype) for name in nets[0]}


def pick(params, k):
    """The parameters of net k, or, for a list of numbers or a mask, of several nets."""
    if not isinstance(params, Mapping):
        raise TypeError(f"params: expected a dict from stack, got {type(params).__name__}")
    try:
        if k is None:
            raise IndexError("None is a new axis")
        return {name: p[k] for name, p in params.items()}
    except (IndexError, TypeError, ValueError) as error:
        K = len(next(iter(params.values())))
        raise IndexError(
            f"k: expected one of {K} nets, 0 to {K - 1}, a list of them or a mask ({K},), got {k!r}"
        ) from error


def unroll(key, params, x, state0=None, *, lengths=None, resets=None, config=None, **inputs):
    """Run K nets of one cell along a sequence; autograd goes back through it.

    params as from ``stack``; x (T, B, D) for all nets, or (K, T, B, D) to each its
    own; state0, the initial state, a tuple of (K, B, H) in the order of the spec's states, the
    cell's own if None; lengths (B,) and resets (T, B) as for ``Recurrent``, the same for all nets;
    config overrides the spec's constants; inputs, what else a step reads, each (K, T, B, H), zeros
    where left out.

    Returns y (K, T, B, H) and the last states, a tuple of (K, B, H).  Cells that are linear along
    time run as a scan.  Raises ShapeError, TypeError, ValueError or KeyError by name.
    """
    spec = get_spec(key)
    K, T, B, H = _sizes(spec, params, x)
    state, shared = _initial(spec, state0, K, B, H, x)
    inputs = _inputs(spec, inputs, (K, T, B, H), x)
    active = None
    if lengths is not None:
        lengths = validation.check_lengths(lengths, T, B).to(x.device)
        active = torch.arange(T, device=x.device)[:, None] < lengths
        x = x.masked_fill(~active[..., None], 0)  # a NaN behind the end would reach the gradients
    if resets is not None:
        resets = validation.check_resets(resets, (T, B), "(T, B)").to(x.device)
    run = scan.unroll if scan.has_scan(spec.key) else loop.unroll

    def one(params, x, state, inputs):
        y, last, _ = run(
            spec.key, params, x, state, active=active, resets=resets,
            config=spec.options(config), **inputs,
        )  # fmt: skip
        return y, tuple(last)

    axes = (0, 0 if x.dim() == 4 else None, None if shared else 0, 0)
    return torch.func.vmap(one, in_dims=axes)(params, x, state, inputs)


def _joined(name, values, device, dtype):
    values = [validation.array_like(f"nets[{k}][{name!r}]", v) for k, v in enumerate(values)]
    shapes = {tuple(value.shape) for value in values}
    if len(shapes) > 1:
        raise ShapeError(f"nets: {name} has the shapes {sorted(shapes)}; nets of one size only")
    together = torch.stack([value.detach() for value in values])
    if not together.is_floating_point():
        raise TypeError(f"nets: {name} is of {together.dtype}; expected real floating numbers")
    return together.to(device=device, dtype=dtype).requires_grad_()


def _sizes(spec, params, x):
    """K, T, B, H; every error names the argument."""
    if not isinstance(params, Mapping):
        raise TypeError(f"params: expected a dict from stack, got {type(params).__name__}")
    validation.check_tensors(x, **{f"params[{name!r}]": p for name, p in params.items()})
    if x.dim() not in (3, 4):
        raise ShapeError(
            f"x: expected axes (T, B, D) or (K, T, B, D), got {x.dim()}: {tuple(x.shape)}"
        )
    known = [p for p in spec.params if p.name in params]
    deep = all(params[p.name].dim() == 1 + len(p.axes.split()) for p in known)
    nets = {len(p) for p in params.values()} if deep and known else ()
    if len(nets) != 1 or 0 in nets or (x.dim() == 4 and len(x) not in nets):
        shapes = {name: tuple(p.shape) for name, p in params.items()} | {"x": tuple(x.shape)}
        raise ShapeError(f"params: expected one leading axis K, of nets, got {shapes}; use stack")
    (K,) = nets
    one, x = pick(params, 0), x if x.dim() == 3 else x[0]
    H = spec.check(one, x=(x, "T B D"))["H"]
    return K, *x.shape[:2], H


def _initial(spec, state0, K, B, H, x):
    """The states before the first step, and whether all nets share them, (B, H) each."""
    if state0 is None:
        return cell_state(spec.key, B, H, x), True
    state0 = (state0,) if isinstance(state0, torch.Tensor) else state0
    if not isinstance(state0, tuple | list):
        raise TypeError(f"state0: expected a tuple of tensors, got {type(state0).__name__}")
    state0 = tuple(state0)
    if len(state0) != len(spec.states):
        raise ShapeError(
            f"state0: {spec.key} carries {len(spec.states)} states ({', '.join(spec.states)}), "
            f"got {len(state0)}"
        )
    named = {f"state0.{name}": s for name, s in zip(spec.states, state0, strict=True)}
    validation.check_tensors(x, **named)
    for name, s in named.items():
        if tuple(s.shape) != (K, B, H):
            raise ShapeError(f"{name}: expected shape {(K, B, H)} (K, B, H), got {tuple(s.shape)}")
    return state0, False


def _inputs(spec, inputs, shape, x):
    """What a step reads besides x and its states, (K, T, B, H) each."""
    unknown = sorted(set(inputs) - set(spec.inputs))
    if unknown:
        raise KeyError(f"{unknown[0]}: {spec.key} reads no {unknown[0]}")
    validation.check_tensors(x, **inputs)
    for name, value in inputs.items():
        if tuple(value.shape) != shape:
            raise ShapeError(
                f"{name}: expected shape {shape} (K, T, B, H), got {tuple(value.shape)}"
            )
    return {name: inputs.get(name, x.new_zeros(shape)) for name in spec.inputs}
