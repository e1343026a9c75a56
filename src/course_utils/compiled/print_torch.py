"""PyTorch source: one readable module that can be pasted anywhere; autograd does the way back."""

import ast
import re

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
    "log_sigmoid": "def log_sigmoid(a):\n    return nn.functional.logsigmoid(a)",
    "positive": "def positive(a):\n    return torch.where(a >= 0, a + 0.5, torch.sigmoid(a))",
    "concat": "def concat(*parts):\n    return torch.cat(parts, dim=-1)",
    "clocks": (
        "def clocks(like, units, periods):\n"
        "    period = torch.tensor(periods, device=like.device)\n"
        "    return period.repeat_interleave(units // len(periods))  # (H,)"
    ),
    "due": (
        "def due(t, periods):\n"
        "    on = t % clocks(t, t.shape[-1], periods) == 0\n"
        "    return on.long()"
    ),
    "slower": (
        "def slower(weight, periods):\n"
        "    period = clocks(weight, len(weight), periods)\n"
        "    return weight * (period[None, :] >= period[:, None])"
    ),
    "softmax": "def softmax(a):\n    return torch.softmax(a, dim=-1)",
    "total": "def total(a):\n    return a.sum(dim=-1, keepdim=True)",
    "outer": "def outer(u, v):\n    return u[..., :, None] * v[..., None, :]",
    "diag": "def diag(f, matrix):\n    return f[..., :, None] * matrix",
    "read": "def read(matrix, q):\n    return (matrix @ q[..., None])[..., 0]",
}  # the others are PyTorch's own


def source(key):
    """The text of a module with the class ``Layer(input_size, hidden_size)``."""
    spec = get_spec(key)
    called = used_functions(spec)
    own = [name for name in called if name not in FUNCTIONS]
    head = [f"{', '.join(own)} = {', '.join(f'torch.{name}' for name in own)}"] if own else []
    head += [FUNCTIONS[name] for name in called if name in FUNCTIONS]
    inputs, config = options(spec)
    states = ", ".join(spec.states) + "," * (len(spec.states) == 1)
    before, inside = _tensors_for_functions(spec, *body_lines(spec))
    new = "x_seq.new_full({shape}, {value})"
    blank = state_lines(spec, new, new.replace(")", ", dtype=torch.long)"))
    lines = [
        "class Layer(nn.Module):",
        *indented(_docstring(spec), 1),
        "",
        f"    def __init__({', '.join(['self', 'input_size', 'hidden_size', *config])}):",
        "        super().__init__()",
        "        self.hidden_size = hidden_size",
        *(f"        self.{name} = {name}" for name in spec.config),
        "        # as nn.LSTM starts; some cells of the course start otherwise (init_params)",
        "        bound = hidden_size**-0.5",
        "",
        "        def uniform(*shape):",
        "            return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))",
        "",
        *(f"        self.{p.name} = uniform({_shape(p.axes)})" for p in spec.params),
        "",
        f"    def forward({', '.join(['self', 'x_seq', 'state=None', *inputs])}):",
        *indented([f"{name} = self.{name}" for name in spec.config], 2),
        *indented(unpacked(spec, lambda n, k: f"self.{n}.chunk({k})" if k > 1 else f"self.{n}"),
                  2),
        *indented(before, 2),
        "        shape = (x_seq.shape[1], self.hidden_size)",
        f"        {states} = {blank} if state is None else state",
        "        y_seq = []",
        *indented([loop(spec)], 2),
        *indented([f"{n} = {n}_seq[step] if {n}_seq is not None else x_seq.new_zeros(shape)"
                   for n in spec.inputs], 3),
        f"            {', '.join(f'{s}_prev' for s in spec.states)} = {', '.join(spec.states)}",
        *indented(inside, 3),
        f"            y_seq.append({spec.output})",
        f"        return torch.stack(y_seq), ({states})",
    ]  # fmt: skip
    text = "\n\n\n".join(
        [f'"""{spec.title}, from its equations."""\n\nimport torch\nfrom torch import nn', *head]
    )
    return text + "\n\n\n" + "\n".join(lines) + "\n"


class _Tensors(ast.NodeTransformer):
    """``maximum(x, 1)`` -> ``maximum(x, x_seq.new_tensor(1))``: PyTorch's functions take tensors.

    numbers: the names that stand for plain ones.
    """

    def __init__(self, numbers):
        self.numbers = numbers

    def visit_Call(self, node):
        self.generic_visit(node)
        node.args = [
            ast.parse(f"x_seq.new_tensor({ast.unparse(a)})", mode="eval").body
            if self.is_number(a) else a
            for a in node.args
        ]  # fmt: skip
        return node

    def is_number(self, node):
        parts = [n for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Call))]
        return all(getattr(n, "id", None) in self.numbers for n in parts)


def _tensors_for_functions(spec, *blocks):
    """Blocks of lines in which no function is given a plain number, each a list."""
    tensors = _Tensors({n for n, v in spec.config.items() if not isinstance(v, tuple)})
    done = []
    for lines in blocks:
        done.append([])
        for line in lines:
            (statement,) = ast.parse(line).body
            changed = ast.unparse(tensors.visit(statement))
            done[-1].append(changed if "new_tensor" in changed else line)
            if tensors.is_number(statement.value):
                tensors.numbers.add(statement.targets[0].id)
    return done


def _docstring(spec):
    return docstring(
        spec,
        "x_seq (T, B, D), time first -> y (T, B, H) and the last state,",
        f"{state_shapes(spec)}.",
    )


def _shape(axes):
    """``"4H D"`` -> ``"4 * hidden_size, input_size"``."""
    sizes = {"H": "hidden_size", "D": "input_size"}
    return ", ".join(
        f"{n} * {sizes[letter]}" if n else sizes[letter]
        for n, letter in re.findall(r"(\d*)([DH])", axes)
    )
