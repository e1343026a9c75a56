"""Initial parameters.  Biases that make a gate remember belong here, never in a step."""

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.specs import get_spec


def init_params(
    key, input_size, hidden_size, rng, dtype=np.float64, *, retention=None, config=None
):
    """Parameters of one layer, as ``torch.nn`` draws them: uniform in ±1/√H.

    key names the cell; rng is a ``np.random.Generator``.  Returns a dict with the names, shapes and
    gate order of ``SPECS[key].params``.  retention, the share of the state (0 < r < 1) that a step
    keeps at zero pre-activation, sets the biases of the gates that decide it.  config overrides
    constants of the spec.  A cell whose start is part of its definition (the eigenvalues of lru,
    the missing weights of clockwork) says so in its file, in ``init``.
    """
    spec, cell = get_spec(key), get_cell(key)
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if int(size) != size or size < 1:
            raise ValueError(f"{name}: expected a positive integer, got {size!r}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng: expected np.random.Generator, got {type(rng).__name__}; "
            "pass np.random.default_rng(seed)"
        )
    bound = 1 / np.sqrt(hidden_size)
    shapes = spec.shapes(input_size, hidden_size)
    params = {name: rng.uniform(-bound, bound, s).astype(dtype) for name, s in shapes.items()}
    own = getattr(cell, "init", None)
    if own:
        own(params, rng, **spec.options(config))
    if retention is not None:
        set_retention(spec, params, retention)
    return params


def set_retention(spec, params, share):
    """Set, in place, the biases of spec's gates so that a step keeps ``share`` of the state.

    The bias goes into ``bias_ih`` alone; ``bias_hh`` of that gate becomes zero.  A gate that keeps
    gets logit(share), one that writes logit(1 - share).  ValueError where no gate decides.
    """
    retain = getattr(get_cell(spec.key), "retain", None)
    if not spec.retention and not retain:
        if "alpha" in spec.config:
            raise ValueError(
                f"retention: {spec.key} keeps 1 - alpha, which is not a parameter; "
                f"leave it None and pass config={{'alpha': {1 - share:g}}}"
            )
        raise ValueError(f"retention: nothing in {spec.key!r} decides what is kept; leave it None")
    if not 0 < share < 1:
        raise ValueError(f"retention: expected a share between 0 and 1, got {share}")
    if retain:
        return retain(params, share)
    logit = np.log(share / (1 - share))
    blocks = spec.symbol_values(params)  # views, so that writing to them writes to params
    for gate, sign in spec.retention:
        blocks[f"b_x{gate}"][...] = sign * logit
        if f"b_h{gate}" in blocks:
            blocks[f"b_h{gate}"][...] = 0
