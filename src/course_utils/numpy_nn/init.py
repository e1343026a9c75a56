"""Initial parameters.  Biases that make a gate remember belong here, never in a step."""

import numpy as np

from course_utils.numpy_nn.cells import get_cell
from course_utils.shapes import generator, positive_integer
from course_utils.specs import get_spec

SCHEMES = ("torch", "glorot", "orthogonal", "identity")


def init_params(
    key,
    input_size,
    hidden_size,
    rng,
    dtype=np.float64,
    *,
    scheme="torch",
    retention=None,
    chrono=None,
    config=None,
):
    """Parameters of one layer: a dict with the names, shapes and gate order of ``SPECS[key]``.

    key names the cell; rng is a ``np.random.Generator``; config overrides constants of the spec.

    scheme: ``"torch"``, uniform in ±1/√H, biases too; ``"glorot"``, every gate's matrix uniform in
    ±√(6 / (rows + columns)) (Glorot & Bengio 2010); ``"orthogonal"``, as glorot with orthogonal
    recurrent matrices (Saxe et al. 2014); ``"identity"``, the recurrent matrices 1, the others
    normal with deviation 0.001 (Le et al. 2015).  All but the first set biases to zero.

    retention, the share of the state (0 < r < 1) that a step keeps at zero pre-activation, or
    chrono, the longest time to remember (Tallec & Ollivier 2018, eq. 16), set the biases of the
    gates that decide it.

    A cell whose start is part of its definition (the eigenvalues of lru, the missing weights of
    clockwork) says so in its file, in ``init``.
    """
    spec, cell = get_spec(key), get_cell(key)
    positive_integer(input_size=input_size, hidden_size=hidden_size)
    generator(rng)
    if not np.issubdtype(dtype, np.floating):
        raise TypeError(f"dtype: expected a floating type, got {np.dtype(dtype)}; use np.float32")
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: expected one of {', '.join(SCHEMES)}, got {scheme!r}")
    if retention is not None and chrono is not None:
        raise ValueError("chrono: it and retention set the same biases; pass one of them")
    bound = 1 / np.sqrt(hidden_size)
    shapes = spec.shapes(input_size, hidden_size)
    params = {name: rng.uniform(-bound, bound, s).astype(dtype) for name, s in shapes.items()}
    if scheme != "torch":
        _redraw(spec, params, rng, scheme)
    own = getattr(cell, "init", None)
    if own:
        own(params, rng, **spec.options(config))
    if retention is not None:
        set_retention(spec, params, retention)
    if chrono is not None:
        set_chrono(spec, params, chrono, rng)
    return params


def _redraw(spec, params, rng, scheme):
    """Every matrix of a gate anew, in place; biases zero; vectors (peepholes) stay as drawn."""
    if "weight_ih" not in params:
        raise ValueError(f"scheme: {spec.key} has a start of its own; leave it 'torch'")
    blocks = spec.symbol_values(params)  # views, so that writing to them writes to params
    for p in spec.params:
        for symbol in p.symbols:
            block = blocks[symbol]
            if p.name.startswith("bias_"):
                block[...] = 0
            elif block.ndim == 2:
                block[...] = _draw(scheme, block.shape, p.name == "weight_hh", rng)


def _draw(scheme, shape, recurrent, rng):
    if scheme == "identity":
        return np.eye(shape[0]) if recurrent else rng.normal(0, 1e-3, shape)
    if scheme == "orthogonal" and recurrent:
        q, r = np.linalg.qr(rng.standard_normal(shape))
        return q * np.sign(np.diag(r))  # without the signs, not uniform among rotations
    bound = np.sqrt(6 / sum(shape))
    return rng.uniform(-bound, bound, shape)


def set_retention(spec, params, share):
    """Set, in place, the biases of spec's gates so that a step keeps ``share`` of the state.

    A gate that keeps gets logit(share), one that writes logit(1 - share).  ValueError where no gate
    decides.
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
    for gate, sign in spec.retention:
        set_gate_bias(spec, params, gate, sign * logit)


def set_chrono(spec, params, longest, rng):
    """Set, in place, the biases of the gates so that memories last from 1 to ``longest`` steps.

    b_f ~ log U([1, longest - 1]), b_i = -b_f; one draw per unit.  Tallec & Ollivier 2018, eq. 16.
    """
    if not spec.retention:
        raise ValueError(f"chrono: nothing in {spec.key!r} decides what is kept; leave it None")
    if not longest > 2:
        raise ValueError(f"chrono: expected more than 2 steps, got {longest!r}")
    H = len(spec.symbol_values(params)[f"b_x{spec.retention[0][0]}"])
    bias = np.log(rng.uniform(1, longest - 1, H))
    signs = dict(spec.retention)
    if "f" in signs and "i" in spec.gates:
        signs["i"] = -signs["f"]
    for gate, sign in signs.items():
        set_gate_bias(spec, params, gate, sign * bias)


def set_gate_bias(spec, params, gate, value):
    """Set, in place, the whole bias of a gate: value in ``bias_ih``, zero in ``bias_hh``.

    spec: a CellSpec; params: its arrays; gate: a name of ``spec.gates``; value: one number, or one
    a unit (H,).
    """
    blocks = spec.symbol_values(params)
    blocks[f"b_x{gate}"][...] = value
    if f"b_h{gate}" in blocks:
        blocks[f"b_h{gate}"][...] = 0
