"""How large a layer of each cell is that learns as many numbers as an LSTM."""

import numpy as np

from course_utils import equations
from course_utils.specs import get_spec


def learned(key, inputs, hidden, outputs):
    """How many numbers layer and readout learn; two biases that only stand as a sum count once."""
    spec = get_spec(key)
    read = {name for line in spec.equations for name in equations.names(line)}
    count = (hidden + 1) * outputs
    for p in spec.params:
        size = int(np.prod(spec.shapes(inputs, hidden)[p.name])) // len(p.symbols)
        count += size * sum(not s.startswith("b_h") or s in read for s in p.symbols)
    return count


def hidden_size(key, inputs, outputs, units=16):
    """The hidden size at which a cell learns about as many numbers as an LSTM of ``units``.

    A multiple of the modules where there are some (clockwork).
    """
    goal = learned("lstm", inputs, units, outputs)
    step = len(get_spec(key).config.get("periods", "1"))
    hidden = step
    while learned(key, inputs, hidden + step, outputs) <= goal:
        hidden += step
    near = (hidden, hidden + step)
    return min(near, key=lambda H: abs(learned(key, inputs, H, outputs) - goal))
