"""The explorer of a head's addressing: its numbers are those of ``numpy_nn.memory``, twice."""

import numpy as np
import pytest
from tests.figures.alone import opened
from tests.figures.gallery import addressing
from tests.figures.html import Open

from course_utils import figures
from course_utils.figures.addressing import RANGES, ROWS, addressed
from course_utils.figures.errors import FigureError
from course_utils.numpy_nn import memory


def draw(rng, N):
    """Cosines, weights before, and what the sliders may say."""
    told = {name: rng.uniform(low, high) for name, (low, high, _) in RANGES.items()}
    return rng.uniform(-1, 1, N), rng.dirichlet(np.ones(N)), told


def by_numpy(u, w_prev, *, beta, g, move, gamma):
    """The rows of the table, from the course's five steps."""
    s = np.array([max(0, -move), 1 - abs(move), max(0, move)])[None, None]
    beta, g, gamma = (np.array([[v]]) for v in (beta, g, gamma))
    u, w_prev = u[None, None], w_prev[None, None]
    w_c, _ = memory.content(u, beta)
    w_g, _ = memory.interpolate(w_c, w_prev, g)
    w_s, _ = memory.shift(w_g, s)
    w, _ = memory.sharpen(w_s, gamma)
    rows = {"u": u, "w_c": w_c, "w_prev": w_prev, "w_g": w_g, "w_s": w_s, "w": w}
    return {name: row[0, 0] for name, row in rows.items()}


@pytest.mark.parametrize("N", [2, 3, 7])
def test_the_table_holds_the_numbers_of_numpy(N):
    u, w_prev, told = draw(np.random.default_rng(N), N)
    rows = addressed(u, w_prev, **told)
    assert list(rows) == ["u", "w_c", "w_prev", "w_g", "w_s", "w"]
    for name, row in by_numpy(u, w_prev, **told).items():
        np.testing.assert_allclose(rows[name], row, rtol=0, atol=1e-14, err_msg=name)


def test_it_is_complete_without_script():
    html = addressing().html()
    Open(html)
    assert all(f'data-row="{name}"' in html for name in ROWS) and html.count("<td") == 7 * len(ROWS)
    assert 'class="u-story" hidden' in html


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"beta": -1}, "beta: expected 0 to 20, got -1"),
        ({"gamma": 0.5}, "gamma: expected 1 to 10"),
        ({"move": 2}, "move: expected -1 to 1"),
    ],
)
def test_numbers_out_of_range_are_named(changed, message):
    with pytest.raises(FigureError, match=message):
        addressing(**changed)


@pytest.mark.parametrize(
    "u, w_prev, message",
    [
        ([0.1, 0.2], [1, 0, 0], "one length"),
        ([2, 0], [1, 0], "u: expected cosines"),
        ([1, 0], [1, 1], "w_prev: expected weights with sum 1"),
    ],
)
def test_vectors_that_do_not_fit_are_named(u, w_prev, message):
    with pytest.raises(FigureError, match=message):
        figures.addressing_explorer(u, w_prev, beta=1, g=1, move=0, gamma=1)


@pytest.mark.browser
def test_the_script_computes_what_numpy_does_and_the_table_shows_it(browser, tmp_path):
    rng = np.random.default_rng(3)
    with opened(browser, tmp_path, addressing().html()) as (page, wrong):
        for N in (2, 5, 7):
            u, w_prev, told = draw(rng, N)
            found = page.evaluate(
                "([u, before, told]) => unrolled.address(u, before, told)",
                [u.tolist(), w_prev.tolist(), told],
            )
            for name, row in by_numpy(u, w_prev, **told).items():
                np.testing.assert_allclose(found[name], row, rtol=0, atol=1e-12, err_msg=name)

        page.locator("input[name=gamma]").fill("1")
        for _ in range(2):
            page.locator("[data-do=step]").click()
        told = {"beta": 6, "g": 0.5, "move": 0.9, "gamma": 1}
        u, w = np.array([0.1, -0.2, 0.3, 0, 0.6, 1, 0.4]), np.eye(7)[2]
        for _ in range(3):
            w = by_numpy(u, w, **told)["w"]
        shown = page.locator("tr[data-row=w] td b").all_inner_texts()
        assert shown == [f"{v:.2f}" for v in w]
        assert page.locator(".u-say").inner_text().startswith("After step 3 the head has")
        page.locator("[data-do=reset]").click()
        first = by_numpy(u, np.eye(7)[2], **told)["w"]
        shown = page.locator("tr[data-row=w] td b").all_inner_texts()
        assert shown == [f"{v:.2f}" for v in first]
        assert not wrong
