"""Newton round by round: the rounds of ``lab.newton``, in Python and in the page."""

import json

import numpy as np
import pytest
from tests.support.browsing import Page, chromium

from course_utils import figures
from course_utils.figures import FigureError
from course_utils.figures.newton import rounds_of
from course_utils.files import write
from course_utils.lab.newton import largest_exponent, newton

from .gallery import newton as explorer
from .gallery import newton_numbers
from .html import Open, data


def network(scale):
    """The explorer's network as a cell of the package, and its input (T, 1, H)."""
    weights, drive = newton_numbers()
    H = len(weights)
    params = {"weight_ih": np.eye(H), "weight_hh": scale * weights, "bias_ih": np.zeros(H),
              "bias_hh": np.zeros(H)}  # fmt: skip
    return params, drive[:, None]


@pytest.mark.parametrize("scale", [0.0, 0.7, 1.5, 2.0])
def test_the_rounds_are_those_of_the_package(scale):
    params, x = network(scale)
    found, solved = rounds_of(*newton_numbers(), scale), newton("rnn", params, x, tolerance=1e-10)
    assert len(found["changes"]) == solved.iterations
    theirs = np.log10(np.maximum(solved.changes, 1e-10))
    np.testing.assert_allclose(found["changes"], theirs, atol=1e-3)
    if scale:  # another first vector: equal in the limit of long sequences
        own = largest_exponent("rnn", params, x)[0]
        assert found["exponent"] == pytest.approx(own, abs=0.15)


def test_it_is_complete_without_script():
    html = explorer().html()
    Open(html)
    weights, drive = newton_numbers()
    assert data(html) == {"weights": weights.tolist(), "drive": drive.tolist()}
    assert html.count("<tr>") == 1 + 7 and 'class="u-change"' in html


@pytest.mark.parametrize(
    ("name", "value"),
    [("weights", np.ones((2, 3))), ("weights", np.ones((9, 9))), ("drive", np.ones((20, 9))),
     ("drive", np.ones((4, 4))), ("scale", 9)],
)  # fmt: skip
def test_what_it_cannot_show_is_refused_by_name(name, value):
    weights, drive = newton_numbers()
    given = {"weights": weights, "drive": drive, "scale": 1.0}
    with pytest.raises(FigureError, match=f"^{name}: expected"):
        figures.newton_explorer(**{**given, name: value})


@pytest.mark.browser
def test_the_page_computes_what_numpy_computes(tmp_path):
    write(tmp_path / "page.html", f'<meta charset="utf-8"><body>{explorer()._repr_html_()}')
    with chromium() as browser:
        seen = Page(browser)
        page = seen.open(tmp_path / "page.html")
        before = page.locator(".u-newton svg").inner_html()
        for scale in (0.0, 0.7, 1.5, 2.5):
            page.locator(".u-newton input").fill(str(scale))
            shown = json.loads(page.locator(".u-newton").get_attribute("data-shown"))
            theirs = rounds_of(*newton_numbers(), scale)
            assert len(shown["changes"]) == len(theirs["changes"])
            assert shown["exponent"] == pytest.approx(theirs["exponent"], abs=1e-9)
            np.testing.assert_allclose(shown["changes"], theirs["changes"], atol=1e-2)
        page.locator(".u-newton input").fill("1.5")
        drawn = page.locator(".u-newton svg").inner_html()
        assert drawn.count("u-change") == before.count("u-change")
        assert not seen.errors
