"""One-unit LSTMs for the explorer's tests, and what NumPy makes of them."""

import numpy as np

from course_utils import numpy_nn
from course_utils.figures.unit import WEIGHTS


def random_unit(rng, T=9):
    """A unit whose every number matters."""
    return {
        "weights": dict(zip(WEIGHTS, rng.uniform(-2, 2, 12).tolist(), strict=True)),
        "x": rng.uniform(-3, 3, T).tolist(),
        "h_0": 0.4,
        "c_0": -1.3,
    }


def by_numpy(unit):
    """c and h, each (T,), of a unit that its weights decide, by ``numpy_nn.unroll``."""
    w = unit["weights"]
    params = {
        "weight_ih": np.array([[w[f"W_x{k}"]] for k in "ifgo"]),
        "weight_hh": np.array([[w[f"W_h{k}"]] for k in "ifgo"]),
        "bias_ih": np.array([w[f"b_{k}"] for k in "ifgo"]),
        "bias_hh": np.zeros(4),
    }
    x = np.array(unit["x"])[:, None, None]
    before = numpy_nn.get_cell("lstm").State(
        np.array([[unit["h_0"]]]), np.array([[unit["c_0"]]])
    )
    h, _, _ = numpy_nn.unroll("lstm", params, x, before)
    ends = [numpy_nn.unroll("lstm", params, x[:t], before)[1] for t in range(1, len(x) + 1)]
    return np.array([end.c.item() for end in ends]), h[:, 0, 0]
