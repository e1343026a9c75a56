"""The table of all variants in the built book, in a browser: `make book` first."""

import re

import browsing
import pytest

from course_utils.lab.variant_effects import VARIANTS

pytestmark = [pytest.mark.site, pytest.mark.browser]
PAGE = "book/variants/ablations.html"
LOOK = """rows => rows.map(row => [row.getBoundingClientRect().y, row.innerText])"""


def shown(page):
    """The texts of the rows, from top to bottom as they are seen."""
    found = page.locator("table.variants-table tbody tr").evaluate_all(LOOK)
    return [text for _, text in sorted(found)]


def numbers(rows, pattern):
    """One number a row; infinity where it has none."""
    return [float(m[1]) if (m := re.search(pattern, row)) else float("inf") for row in rows]


def test_the_table_is_complete_and_sorts_without_a_script(browser):
    window = browsing.Page(browser, java_script_enabled=False)
    page = window.open(browsing.site() / PAGE)
    chapters = shown(page)
    assert [row.split("\n")[0] for row in chapters] == [v.title for v in VARIANTS]
    for words in ("parameters", "operations", "time"):
        page.get_by_label(words, exact=True).check()
        rows = shown(page)
        assert sorted(rows) == sorted(chapters)
        found = numbers(rows, rf"× ([\d.]+) {words}")
        assert found == sorted(found) and len(set(found)) > 2, words
    page.get_by_label("as in the chapters").check()
    assert shown(page) == chapters
    window.context.close()


@pytest.mark.parametrize("width, scheme", [(390, "dark"), (1300, "light")])
def test_the_table_fits(browser, width, scheme):
    window = browsing.Page(browser, width=width, scheme=scheme)
    page = window.open(browsing.site() / PAGE)
    assert window.overflow() <= 0 and not window.errors
    right = page.locator("table.variants-table td").evaluate_all(
        "cells => Math.max(...cells.map(c => c.getBoundingClientRect().right))"
    )
    assert right <= width
    window.context.close()
