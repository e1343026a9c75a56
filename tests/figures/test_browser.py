"""The interactive figures in a real browser, from file://: keys move them, their sums are right."""

import numpy as np
import pytest
from tests.figures.gallery import PRESETS, decay
from tests.support.browsing import chromium

from course_utils import figures, numpy_nn
from course_utils.figures.page import write_text

pytestmark = pytest.mark.browser
SLIDERS = {
    "stepper": (".u-stepper input[type=range]", ".u-stepper .u-say"),
    "lstm": (".u-lstm input[name=t]", ".u-lstm .u-say"),
    "decay": (".u-decay input[name=radius]", ".u-decay .u-say"),
    "frames": (".u-frames input[type=range]", ".u-frames"),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The open page of one figure of each kind, its complaints, and what it asked for."""
    folder = tmp_path_factory.mktemp("figures")
    names = figures.write_assets(folder)
    frames = figures.explore(
        lambda k: f"<svg viewBox='0 0 9 9'><text>{k}</text></svg>",
        alt="the number {k}",
        live=False,
        k=range(4),
    )
    parts = [figures.stepper("lstm"), figures.lstm_explorer(PRESETS),
             figures.decay_explorer(decay()), frames]  # fmt: skip
    head = "".join(f'<link rel="stylesheet" href="{n}">' for n in names["css"])
    scripts = "".join(f'<script src="{n}"></script>' for n in names["js"])
    body = "".join(p.html() for p in parts)
    write_text(
        folder / "page.html",
        f'<!doctype html><html lang="en"><meta charset="utf-8">{head}<body>{body}{scripts}',
    )
    with chromium() as browser:
        page = browser.new_page()
        wrong, asked = [], []
        page.on("console", lambda m: m.type in ("error", "warning") and wrong.append(m.text))
        page.on("pageerror", lambda e: wrong.append(str(e)))
        page.on("request", lambda r: asked.append(r.url))
        page.goto((folder / "page.html").as_uri())
        yield page, wrong, asked


@pytest.mark.parametrize("kind", sorted(SLIDERS))
def test_an_arrow_key_moves_the_figure(seen, kind):
    page, _, _ = seen
    slider, told = SLIDERS[kind]
    before = page.input_value(slider), page.inner_html(told)
    page.locator(slider).first.focus()
    page.keyboard.press("ArrowRight")
    after = page.input_value(slider), page.inner_html(told)
    assert after[0] != before[0]
    assert after[1] != before[1]


def test_the_explorers_arithmetic_is_numpys(seen):
    page, _, _ = seen
    rng = np.random.default_rng(0)
    scores = rng.uniform(-6, 6, (4, 24))  # rows i, f, g, o, as the weights are stacked
    script = "a => unrolled.lstmRun({i: a[0], f: a[1], g: a[2], o: a[3]})"
    ours = page.evaluate(script, scores.tolist())
    params = {"weight_ih": np.eye(4), "weight_hh": np.zeros((4, 1)),
              "bias_ih": np.zeros(4), "bias_hh": np.zeros(4)}  # fmt: skip
    state = numpy_nn.get_cell("lstm").State(np.zeros((1, 1)), np.zeros((1, 1)))
    for found, x in zip(ours, scores.T, strict=True):
        state, _ = numpy_nn.step("lstm", params, x[None], state)
        np.testing.assert_allclose(
            [found["c"], found["h"]], [state.c.item(), state.h.item()], rtol=0, atol=1e-9
        )


def test_no_complaint_and_no_request_beyond_the_disk(seen):
    _, wrong, asked = seen
    assert wrong == []
    assert asked
    assert [url for url in asked if not url.startswith("file:")] == []
