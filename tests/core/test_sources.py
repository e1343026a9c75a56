"""Every cell says where its equations come from, and the bibliography knows the place."""

import re
from pathlib import Path

import pytest

from course_utils.specs import SPECS

BIB = (Path(__file__).parents[2] / "book" / "references.bib").read_text("utf-8")
KEYS = re.findall(r"^@\w+\{([^,]+),", BIB, re.M)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda s: s.key)
def test_the_source_is_in_the_bibliography(spec):
    assert spec.source.cite in KEYS
    assert spec.source.seen in ("paper", "none") or spec.source.seen.startswith("quoted:")
    assert spec.source.locator and spec.summary.endswith(".")


def test_the_bibliography_is_sorted_and_free_of_doubles():
    assert sorted(set(KEYS)) == KEYS
