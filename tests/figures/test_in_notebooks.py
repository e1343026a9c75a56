"""Figures keep their form inside what JupyterLab and nbconvert say of an output."""

import browsing
import numpy as np
import pytest

from course_utils import figures

pytestmark = pytest.mark.browser
# the rules of nbconvert 7.17 (template lab, as in JupyterLab 4) for what our outputs hold
LAB = """
.jp-OutputArea-output dl, .jp-OutputArea-output dt, .jp-OutputArea-output dd { display: block; }
.jp-OutputArea-output dl { width: 100%; overflow: hidden; padding: 0; margin: 0; }
.jp-OutputArea-output dt { font-weight: bold; float: left; width: 20%; padding: 0; margin: 0; }
.jp-OutputArea-output dd { float: left; width: 80%; padding: 0; margin: 0; }
.jp-RenderedHTMLCommon p { text-align: left; margin: 0; margin-bottom: 1em; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th { text-align: right; padding: .5em; }
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td { text-align: right; }
"""
BOXES = """[...document.querySelectorAll('.u-register > div')].map(box => {
  const outer = box.getBoundingClientRect();
  return [outer.top, outer.width, ...[...box.children].map(e => {
    const inner = e.getBoundingClientRect();
    return (inner.left + inner.right - outer.left - outer.right) / 2;
  })];
})"""


def way_back():
    """A chain of three steps."""
    h, delta = np.array([0.4, 0.8, 0.8, -0.1]), np.ones(3)
    for t in (2, 1):
        delta[t - 1] = 0.9 * (1 - h[t + 1] ** 2) * delta[t]
    return figures.way_back(h, delta, delta * (1 - h[1:] ** 2) * h[:-1], 0.9)


@pytest.mark.parametrize(
    "figure", [lambda: figures.stepper("lstm"), way_back], ids=["stepper", "way_back"]
)
def test_the_boxes_of_a_stepper_stand_in_one_row(figure, tmp_path):
    """As wide as each other, with symbol and number in the middle; its words centred too."""
    path = tmp_path / "notebook.html"
    output = '<div class="jp-OutputArea-output jp-RenderedHTMLCommon">'
    html = f"{output}{figure()._repr_html_()}</div>"
    path.write_text(f"<!doctype html><style>{LAB}</style>{html}", "utf-8")
    with browsing.chromium() as browser:
        page = browsing.Page(browser).open(path)
        boxes = np.array(page.evaluate(BOXES))
        aligned = page.evaluate("getComputedStyle(document.querySelector('.u-say')).textAlign")
    assert len(boxes) >= 3 and aligned == "center"
    tops, widths, off = boxes[:, 0], boxes[:, 1], boxes[:, 2:]
    assert np.ptp(tops) < 1 and np.ptp(widths) < 1 and abs(off).max() < 1
