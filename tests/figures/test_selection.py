"""The selection explorer: its arithmetic is the executor's, and the script's is its own."""

import numpy as np
import pytest

from course_utils import figures
from course_utils.figures import FigureError, selection
from course_utils.figures.charts import WIDTH
from course_utils.numpy_nn import programmer

from .alone import assert_drawn, opened
from .html import Open, data

TABLE, NAMES = [[2, 1], [4, 0], [6, 4]], ["apples", "bread"]
DATA = {"sums": [12.0, 5.0], "count": 3, "names": NAMES}


def by_executor(logits, asked):
    """soft, hard, and the gradients of (soft - asked)² / 2, from ``numpy_nn.programmer``."""
    z = np.array([logits[0], logits[1], *[logits[2]] * 7])
    soft = lambda v: np.exp(v - v.max()) / np.exp(v - v.max()).sum()  # noqa: E731
    op, col = soft(z)[None, None], soft(np.array(logits[3:]))[None, None]
    given = np.array([TABLE], float), np.zeros((1, 1))
    answer, caches = programmer.execute(*given, op, col, np.ones((1, 2, 1)))
    do, dc, _ = programmer.execute_backward(caches, answer.scalar - asked, np.zeros((1, 3, 2)))
    dz, dy = (w * (d - (w * d).sum()) for w, d in ((op, do), (col, dc)))
    sharp = [programmer.harden(w) for w in (op, col)]
    hard, _ = programmer.execute(*given, *sharp, np.ones((1, 2, 1)))
    gradients = [*dz[0, 0, :3], *dy[0, 0]]
    return answer.scalar[0], hard.scalar[0], gradients


def draws(count=20):
    rng = np.random.default_rng(0)
    return [(rng.uniform(-8, 8, 5).tolist(), float(rng.choice([3, 12, 5]))) for _ in range(count)]


@pytest.mark.parametrize("logits, asked", draws())
def test_answers_and_gradients_are_the_executors(logits, asked):
    found = selection.selection(DATA, logits, asked)
    soft, hard, gradients = by_executor(logits, asked)
    np.testing.assert_allclose(found["soft"], soft, rtol=1e-12)
    assert found["hard"] == hard
    np.testing.assert_allclose(found["gradients"], gradients, rtol=1e-9, atol=1e-12)
    # by its root: a difference close to 0 keeps the rounding of what it was taken from
    away = np.sqrt(2 * found["loss"])
    np.testing.assert_allclose(away, abs(soft - asked), rtol=1e-12, atol=1e-13)


def test_the_gradients_of_a_softmax_sum_to_nothing():
    found = selection.selection(DATA, [0.3, -1, 0.2, 1, 2], 3)["gradients"]
    assert abs(np.dot(found[:3], selection.TIMES)) < 1e-12 and abs(sum(found[3:])) < 1e-12


def test_the_page_is_complete_without_script():
    html = figures.selection_explorer(TABLE, NAMES, logits=[0, 0, 0, 4, 0]).html()
    Open(html)
    assert "Descent raises sum most." in html and html.count("<tr>") == 1 + 3
    assert data(html)["sums"] == [12, 5] and data(html)["asked"] == [3, 12, 5]


def test_the_step_is_drawn_as_boxes_and_arrows():
    _, ax = figures.subplots(height="low")
    assert selection.soft_step(ax) is ax
    words = [t.get_text() for t in ax.texts]
    assert {*selection.BOXES, "next step"} <= set(words)
    assert words.count("") == len(selection.ARROWS), "an arrow is an annotation without words"
    ends = {end for _, end, _ in selection.ARROWS}
    assert ends == set(range(1, len(selection.BOXES))), "every box but the question is reached"


@pytest.mark.parametrize(
    "table, names, logits, message",
    [
        ([[1, 2, 3]], ["a", "b", "c"], None, r"table: expected \(R, 2\) and two names"),
        (TABLE, ["a"], None, r"table: expected \(R, 2\) and two names"),
        (TABLE, NAMES, [0, 0], "logits: expected five numbers within ±8"),
        (TABLE, NAMES, [0, 0, 0, 0, 9], "logits: expected five numbers within ±8"),
    ],
)
def test_it_says_what_is_wrong(table, names, logits, message):
    with pytest.raises(FigureError, match=message):
        figures.selection_explorer(table, names, logits=logits)


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """The explorer alone in a browser, and what the page complained about."""
    body = figures.selection_explorer(TABLE, NAMES, logits=[0, 0, 0, 4, 0], rate=0.05).html()
    with opened(browser, tmp_path_factory.mktemp("selection"), body) as seen:
        yield seen


@pytest.mark.browser
def test_the_scripts_arithmetic_is_pythons(page):
    page, wrong = page
    for logits, asked in draws():
        found = page.evaluate("a => unrolled.selection(a[0], a[1], a[2])", [DATA, logits, asked])
        for key, value in selection.selection(DATA, logits, asked).items():
            np.testing.assert_allclose(found[key], value, rtol=1e-9, atol=1e-12)
    assert not wrong


@pytest.mark.browser
def test_the_script_draws_what_python_draws_and_descends(page):
    page, _ = page
    logits = [0.0, 0, 0, 4, 0]
    page.get_by_text("start again", exact=True).click()
    page.get_by_text("twenty steps", exact=True).click()
    for _ in range(20):
        step = selection.selection(DATA, logits, 3)
        logits = [z - 0.05 * g for z, g in zip(logits, step["gradients"], strict=True)]
    step = selection.selection(DATA, logits, 3)
    assert page.locator(".u-say").inner_text() == selection.selection_says(DATA, step, 3)
    svg = f'<svg viewBox="0 0 {WIDTH} 330">{selection.selection_chart(DATA, step, 3)}</svg>'
    assert_drawn(page, ".u-selection > svg", svg, 40)


@pytest.mark.browser
def test_sliders_follow_the_keys_and_the_question_can_be_changed(page):
    page, _ = page
    page.get_by_text("start again", exact=True).click()
    before = page.locator(".u-say").inner_text()
    page.locator("[name=logit1]").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".u-say").inner_text() != before
    page.get_by_label("sum of bread").check()
    assert "asked 5" in page.locator(".u-say").inner_text()
