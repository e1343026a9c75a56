"""The names of a cell's signals keep off its nodes, on a page and on a phone."""

import pytest
from tests.support.letters import on_nodes

from course_utils import figures
from course_utils.figures import page
from course_utils.specs import SPECS

STYLES = "".join([page.faces(), *(page.asset(name) for name in page.STYLES)])


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1300])
def test_names_of_signals_keep_off_the_nodes(browser, width):
    window = browser.new_page(viewport={"width": width, "height": 800})
    window.set_content(f"<!doctype html><meta charset=utf-8><style>{STYLES}</style>")
    wrong = {}
    for key in SPECS:
        window.evaluate("html => document.body.innerHTML = html", figures.cell_diagram(key).html())
        if names := on_nodes(window):
            wrong[key] = names
    window.close()
    assert not wrong
