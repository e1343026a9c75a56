"""Sizes, calls and cells that tests of ``backend="graph"`` share."""

import pytest
import torch
from layers import draw

from course_utils.specs import SPECS

T, B, D, H = 3, 2, 2, 4
CALLS = {
    "whole": {},
    "lengths": {"lengths": torch.tensor([2, 0])},
    "resets": {"resets": draw(T, B) > 0.3},
    "both": {"lengths": torch.tensor([3, 2]), "resets": draw(T, B) > -0.3},
}


def cells(*quick):
    """Every cell, these by default and the others among the slow tests."""
    return [k if k in quick else pytest.param(k, marks=pytest.mark.slow) for k in SPECS]
