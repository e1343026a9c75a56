"""Every cell behind every backend it has, for laws about ``torch_nn.Recurrent``."""

import torch
from kinds import by_kind

from course_utils import torch_nn
from course_utils.specs import SPECS
from course_utils.torch_nn import native
from course_utils.torch_nn.scan import has_scan

T, B, D, H = 5, 3, 2, 4
SCANNED = tuple(key for key in SPECS if has_scan(key))
KEYS = {  # by backend, the quickest first
    "native": tuple(native.KERNELS),
    "compiled": tuple(SPECS),
    "scan": SCANNED,
    "eager": tuple(SPECS),
}
PAIRS = [(key, backend) for key in SPECS for backend, keys in KEYS.items() if key in keys]
CASES = by_kind(PAIRS)


def build(key, backend="auto", dtype=torch.float64, **options):
    """A layer of few units, the same at each call."""
    torch.manual_seed(0)
    return torch_nn.Recurrent(key, D, H, backend=backend, dtype=dtype, **options)


def draw(*shape, seed=1, dtype=torch.float64):
    """Normal numbers, the same at each call."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def draw_states(layer, batch=B, seed=3):
    """Random initial states as ``hx`` takes them; clocks count from 3."""
    blank = tuple_of(layer.initial_state(batch))
    drawn = tuple(
        s + 0.3 * draw(*s.shape, seed=seed + n, dtype=s.dtype) if s.is_floating_point() else s + 3
        for n, s in enumerate(blank)
    )
    return drawn if len(drawn) > 1 else drawn[0]


def tuple_of(state):
    """One state or several as a tuple."""
    return state if isinstance(state, tuple) else (state,)


def loss_of(y, state):
    """A number that every output and state moves, each by another share."""
    parts = [y, *(s for s in tuple_of(state) if s.is_floating_point())]
    return sum((p * draw(*p.shape, seed=7 + n).to(p.dtype)).sum() for n, p in enumerate(parts))


def results(layer, x, hx=None, **call):
    """y, the states and the gradients of x and of every weight."""
    x = x.detach().clone().requires_grad_()
    y, state = layer(x, hx, **call)
    weights = [p for p in layer.parameters() if p.requires_grad]
    grads = torch.autograd.grad(loss_of(y, state), [x, *weights], allow_unused=True)
    return [y, *tuple_of(state), *(g for g in grads if g is not None)]


def assert_same(ours, theirs, **tolerances):
    """Both lists of tensors agree, one by one."""
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, **tolerances)
