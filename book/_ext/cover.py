"""The picture in the README: `python book/_ext/cover.py` writes book/_static/cover.svg."""

from pathlib import Path

import numpy as np

from course_utils import figures, numpy_nn

TARGET = Path(__file__).parents[1] / "_static" / "cover.svg"


def picture():
    """The first unit of a small random network that reads a wave; as on the book's first page."""
    params = numpy_nn.init_params("rnn", 1, 3, np.random.default_rng(1))
    inputs = np.sin(np.arange(9) / 1.3).reshape(9, 1, 1)
    states, _, _ = numpy_nn.unroll("rnn", params, inputs)
    return figures.cover(states[:, 0, 0], inputs[:, 0, 0])


if __name__ == "__main__":
    print(figures.write_svg(TARGET, picture()))
