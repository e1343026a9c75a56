"""NumPy source: one readable function that can be pasted anywhere; forward only."""

from course_utils.compiled.rows import (
    body_lines,
    docstring,
    indented,
    loop,
    options,
    state_lines,
    state_shapes,
    unpacked,
    used_functions,
)
from course_utils.specs import get_spec

FUNCTIONS = {
    "sigmoid": "def sigmoid(a):\n    return 0.5 * (1 + np.tanh(0.5 * a))  # never overflows",
    "relu": "def relu(a):\n    return np.maximum(a, 0)",
    "log_sigmoid": (
        "def log_sigmoid(a):\n    return np.minimum(a, 0) - np.log1p(np.exp(-np.abs(a)))"
    ),
    "positive": "def positive(a):\n    return np.where(a >= 0, a + 0.5, sigmoid(a))",
    "concat": "def concat(*parts):\n    return np.concatenate(parts, axis=-1)",
    "clocks": (
        "def clocks(units, periods):\n    return np.repeat(periods, units // len(periods))  # (H,)"
    ),
    "due": (
        "def due(t, periods):\n"
        "    return (t % clocks(t.shape[-1], periods) == 0).astype(np.float32)"
    ),
    "slower": (
        "def slower(weight, periods):\n"
        "    period = clocks(len(weight), periods)\n"
        "    return weight * (period[None, :] >= period[:, None])"
    ),
    "softmax": (
        "def softmax(a):\n"
        "    e = np.exp(a - a.max(axis=-1, keepdims=True))\n"
        "    return e / e.sum(axis=-1, keepdims=True)"
    ),
    "total": "def total(a):\n    return a.sum(axis=-1, keepdims=True)",
    "outer": "def outer(u, v):\n    return u[..., :, None] * v[..., None, :]",
    "diag": "def diag(f, matrix):\n    return f[..., :, None] * matrix",
    "read": "def read(matrix, q):\n    return (matrix @ q[..., None])[..., 0]",
}  # the others are NumPy's own


def source(key):
    """The text of a module with ``unroll(params, x_seq, state=None)``, for the readable eye."""
    spec = get_spec(key)
    called = used_functions(spec)
    own = [name for name in called if name not in FUNCTIONS]
    head = [f"{', '.join(own)} = {', '.join(f'np.{name}' for name in own)}"] if own else []
    head += [FUNCTIONS[name] for name in called if name in FUNCTIONS]
    inputs, config = options(spec)
    states = ", ".join(spec.states) + "," * (len(spec.states) == 1)
    olds = ", ".join(f"{s}_prev" for s in spec.states)
    before, inside = body_lines(spec)
    blank = state_lines(spec, "np.full({shape}, {value}, dtype)", "np.full({shape}, {value})")
    lines = [
        f"def unroll({', '.join(['params', 'x_seq', 'state=None', *inputs, *config])}):",
        *indented(_docstring(spec), 1),
        *indented(unpacked(spec, lambda n, k: f'np.split(params["{n}"], {k})'
                           if k > 1 else f'params["{n}"]'), 1),
        *indented(before, 1),
        f"    shape, dtype = (x_seq.shape[1], {_hidden(spec)}), x_seq.dtype  # (B, H)",
        f"    {states} = {blank} if state is None else state",
        "    y_seq = []",
        *indented([loop(spec)], 1),
        *indented([f"{n} = {n}_seq[step] if {n}_seq is not None else np.zeros(shape, dtype)"
                   for n in spec.inputs], 2),
        f"        {olds} = {', '.join(spec.states)}",
        *indented(inside, 2),
        f"        y_seq.append({spec.output})",
        f"    return np.array(y_seq, dtype).reshape(len(x_seq), *shape), ({states})",
    ]  # fmt: skip
    text = "\n\n\n".join([f'"""{spec.title}, from its equations."""\n\nimport numpy as np', *head])
    return text + "\n\n\n" + "\n".join(lines) + "\n"


def _hidden(spec):
    """The hidden size, from the first parameter, which has H rows for each of its symbols."""
    p = spec.params[0]
    blocks = len(p.symbols)
    return f'len(params["{p.name}"])' + f" // {blocks}" * (blocks > 1)


def _docstring(spec):
    shapes = ", ".join(f"{p.name} ({', '.join(p.axes.split())})" for p in spec.params)
    return docstring(
        spec,
        f"x_seq (T, B, D); state, {state_shapes(spec)}.",
        "Returns y (T, B, H) and the last state.",
        f"params: {shapes}.",
    )
