"""A query among keys: its sums are those of the package, in Python and in the page."""

import json

import numpy as np
import pytest
from tests.support.browsing import Page, chromium

from course_utils import figures
from course_utils.figures import FigureError
from course_utils.figures.looking import attended
from course_utils.files import write
from course_utils.numpy_nn.attention import attend, query_jacobian

from .gallery import LOOKING
from .html import Open, data


def by_numpy(query, sharpness):
    """Weights (S,), context and gradient (2,) of scalar values, by the package."""
    keys, values = (np.array(LOOKING[name], float) for name in ("keys", "values"))
    context, weights, tape = attend(
        "dot", {}, sharpness * np.array(query, float)[None, None], keys[:, None],
        values[:, None, None],
    )  # fmt: skip
    return weights[0, 0], context[0, 0, 0], sharpness * query_jacobian(tape)[0, 0, 0]


CASES = [([0.8, 0.6], 1.0), ([-2.9, 1.3], 2.5), ([0.0, 0.0], 0.0), ([3.0, -3.0], 5.0)]


@pytest.mark.parametrize(("query", "sharpness"), CASES)
def test_the_sums_are_those_of_the_package(query, sharpness):
    now = attended(LOOKING["keys"], LOOKING["values"], query, sharpness)
    for own, theirs in zip(now.values(), by_numpy(query, sharpness), strict=True):
        np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-13)


def test_it_is_complete_without_script():
    html = figures.attention_explorer(**LOOKING).html()
    Open(html)
    assert data(html) == {name: LOOKING[name] for name in ("keys", "values")}
    assert html.count('class="u-place"') == 4 and html.count("<tr>") == 1 + 4


@pytest.mark.parametrize(
    ("name", "value"),
    [("keys", [[0, 0]]), ("keys", [[0, 9]] * 3), ("values", [1, 2, 3, 4]), ("query", [4, 0]),
     ("query", [1]), ("sharpness", 6)],
)  # fmt: skip
def test_what_it_cannot_show_is_refused_by_name(name, value):
    with pytest.raises(FigureError, match=f"^{name}: expected"):
        figures.attention_explorer(**{**LOOKING, name: value})


@pytest.mark.browser
def test_the_page_computes_what_numpy_computes_and_can_be_dragged(tmp_path):
    explorer = figures.attention_explorer(**LOOKING)
    write(tmp_path / "page.html", f'<meta charset="utf-8"><body>{explorer._repr_html_()}')
    with chromium() as browser:
        seen = Page(browser)
        page = seen.open(tmp_path / "page.html")
        figure = page.locator(".u-looking")
        before = page.locator(".u-looking svg").inner_html()
        for query, sharpness in CASES:
            for name, value in zip(("q1", "q2", "sharpness"), (*query, sharpness), strict=True):
                page.locator(f".u-looking input[name={name}]").fill(str(value))
            shown = json.loads(figure.get_attribute("data-shown"))
            for own, theirs in zip(shown.values(), by_numpy(query, sharpness), strict=True):
                np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-13)
        for name, value in zip(("q1", "q2", "sharpness"), (0.8, 0.6, 1), strict=True):
            page.locator(f".u-looking input[name={name}]").fill(str(value))
        drawn = page.locator(".u-looking svg").inner_html()
        assert numbers(drawn) == pytest.approx(numbers(before), abs=0.02)
        box = page.locator(".u-looking svg").bounding_box()
        scale = box["width"] / 460
        page.mouse.move(box["x"] + 230 * scale, box["y"] + 184 * scale)
        page.mouse.down()
        page.mouse.move(box["x"] + 287 * scale, box["y"] + 127 * scale)
        page.mouse.up()
        at = [
            float(page.locator(f".u-looking input[name={n}]").input_value()) for n in ("q1", "q2")
        ]
        assert at == pytest.approx([1.0, 1.0], abs=0.11)
        assert not seen.errors


def numbers(svg):
    """Every coordinate and text of a drawing, in order."""
    import re

    return [float(v.replace("−", "-")) for v in re.findall(r"[-−]?\d+(?:\.\d+)?", svg)]
