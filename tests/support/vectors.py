"""What each word of the equation language means, as numbers that Python and JavaScript share.

``python tests/support/vectors.py`` writes ``tests/compiled/vectors.json`` anew: for each line its
tree, the values that it reads, what it defines, a random cotangent and the gradients, by autograd.

``due`` and ``slower`` read the periods of clocks.  A cell of the course has those in its config;
one typed into the page has no config, so there JavaScript refuses these lines, ``CLOCKS``.
"""

import json
from pathlib import Path

import numpy as np

from course_utils import equations

PATH = Path(__file__).parents[1] / "compiled" / "vectors.json"
B, H = 2, 3
LINES = (
    "y = a + b * c - a / c",
    "y = -a * (1 - b) - (c - 2)",
    *(f"y = {f}(a)" for f in ("sigmoid", "tanh", "relu", "exp", "cos", "sin", "log_sigmoid")),
    "y = positive(a)",
    "y = log(c) * sqrt(c)",
    "y = maximum(a, b)",
    "y = W @ a + W @ (b * c)",
    "y = V @ concat(a, b)",
    "y = softmax(a)",
    "y = exp(a) / total(exp(a))",
    "y = outer(a, b)",
    "y = diag(a, C)",
    "y = read(C, a)",
    *(CLOCKS := ("y = due(t, periods) * a", "y = slower(W, periods) @ a")),
)
SHAPES = {"W": (H, H), "V": (H, 2 * H), "C": (B, H, H)}
STEPS = np.array([[0, 1, 2], [3, 6, 4]])
CONFIG = {"periods": (1, 2, 4)}  # one module a unit


def values(line, rng):
    """Random numbers for every name that a line reads; c is positive, t counts steps."""
    names = [n for n in equations.names(line) if n not in (*CONFIG, "t")]
    found = {n: rng.standard_normal(SHAPES.get(n, (B, H))) for n in names}
    found = {n: np.abs(v) + 0.5 if n == "c" else v for n, v in found.items()}
    return found | ({"t": STEPS} if "t" in equations.names(line) else {})


def vector(line, rng):
    """One line with its numbers."""
    import torch

    from course_utils.spec import TENSOR

    given = values(line, rng)
    leaves = {n: torch.tensor(v, requires_grad=v.dtype.kind == "f") for n, v in given.items()}
    y = equations.evaluate([line], leaves | CONFIG, TENSOR)["y"]
    dy = rng.standard_normal(tuple(y.shape))
    y.backward(torch.tensor(dy))
    return {
        "line": line,
        "tree": equations.tree(line),
        "values": {n: v.tolist() for n, v in given.items()},
        "y": y.tolist(),
        "dy": dy.tolist(),
        "gradients": {n: leaf.grad.tolist() for n, leaf in leaves.items() if leaf.requires_grad},
    }


def load():
    """The vectors as they are kept."""
    return json.loads(PATH.read_text("utf-8"))


if __name__ == "__main__":
    rng = np.random.default_rng(14)
    text = ",\n".join(json.dumps(vector(line, rng)) for line in LINES)
    PATH.write_text(f"[\n{text}\n]\n", "utf-8")
