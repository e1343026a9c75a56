"""The explorer of a random search: its medians are NumPy's, and the script's are its own."""

import numpy as np
import pytest

from course_utils import figures
from course_utils.figures import FigureError, searches

from .alone import assert_drawn, opened
from .html import Open, data

CELLS = {"v": ("V", "lstm_peephole"), "nog": ("NOG", "lstm_nog"), "np": ("NP", "lstm")}


def made(seed, chance, D=18, nets=2):
    """A search of 18 draws with two nets each, some of them at chance."""
    rng = np.random.default_rng(seed)
    losses = {key: np.exp(rng.normal(-2, 1, D * nets)).clip(max=chance).tolist() for key in CELLS}
    return {
        "rate": np.exp(rng.uniform(np.log(3e-4), np.log(0.1), D)), "bias": rng.uniform(0, 5, D),
        "size": np.repeat([4, 8, 16], D // 3), "nets": losses, "chance": chance,
        "limits": {"rate": (3e-4, 0.1), "bias": (0, 5)},
    }  # fmt: skip


TASKS = {"adding": made(0, 0.3), "text": made(1, 0.9)}


def explorer():
    return figures.search_explorer(TASKS, CELLS, cell=1)


@pytest.mark.parametrize("axis", searches.AXES)
def test_medians_and_the_lowest_are_numpys(axis):
    task = data(explorer().html())["tasks"][0]
    view = searches.search_view(task, "nog", axis)
    losses, up = np.array(task["nets"]["nog"]), searches._up(task)
    assert view["median"] == np.median(losses) and view["least"] == losses.min()
    assert view["at"] == task["rate"][losses.argmin() // 2]
    assert view["idle"] == (losses >= 0.3).sum() > 0
    values = np.repeat(task[axis], 2)
    low, high = task["limits"].get(axis, (None, None))
    if axis == "size":
        labels = np.searchsorted([4, 8, 16], values)
    elif axis == "rate":
        labels = np.floor(6 * np.log(values / low) / np.log(high / low))
    else:
        labels = np.floor(6 * (values - low) / (high - low))
    expected = [up(np.median(losses[labels == k])) for k in np.unique(labels)]
    np.testing.assert_allclose([y for _, y in view["line"]], expected)
    x = np.array(view["points"])[:, 0]
    assert (x >= searches.LEFT).all() and (x <= searches.WIDTH - searches.RIGHT).all()


def test_the_page_is_complete_without_script():
    html = explorer().html()
    Open(html)
    assert html.count('<th scope="row">') == len(CELLS)
    assert "adding, NOG: median loss" in html and html.count("<circle") >= 2 * 36


@pytest.mark.parametrize(
    "change, message",
    [
        ({"bias": [1.0]}, "adding: bias has 1 numbers for 18 draws"),
        ({"nets": {k: [0.1] * 19 for k in CELLS}}, "adding: v has 19 numbers for 18 draws"),
        ({"nets": {k: [0.0] * 18 for k in CELLS}}, "adding: losses .* positive"),
    ],
)
def test_it_says_what_does_not_fit(change, message):
    with pytest.raises(FigureError, match=message):
        figures.search_explorer({"adding": TASKS["adding"] | change}, CELLS)


@pytest.mark.parametrize("wrong", [{"axis": "loss"}, {"task": 2}, {"cell": -1}])
def test_it_names_what_is_not_there(wrong):
    with pytest.raises(FigureError, match=next(iter(wrong))):
        figures.search_explorer(TASKS, CELLS, **wrong)


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """The explorer alone in a browser, and what the page complained about."""
    with opened(browser, tmp_path_factory.mktemp("searches"), explorer().html()) as seen:
        yield seen


@pytest.mark.browser
@pytest.mark.parametrize("axis", searches.AXES)
def test_the_scripts_arithmetic_is_pythons(page, axis):
    page, wrong = page
    for task in data(explorer().html())["tasks"]:
        for cell in CELLS:
            found = page.evaluate("a => unrolled.searched(...a)", [task, cell, axis])
            for key, value in searches.search_view(task, cell, axis).items():
                np.testing.assert_allclose(found[key], value, rtol=1e-12)
    assert not wrong


@pytest.mark.browser
def test_the_script_draws_what_python_draws(page):
    page, _ = page
    everything = data(explorer().html())
    for k, (key, (label, _)) in enumerate(CELLS.items()):
        axis = list(searches.AXES)[k]
        for words in ("text", label, searches.AXES[axis]):
            page.get_by_label(words, exact=True).check()
        task = everything["tasks"][1]
        assert page.locator(".u-say").inner_text() == searches.search_says("text", task, label, key)
        svg = f"<svg>{searches.search_chart(task, ('v', key), axis)}</svg>"
        assert_drawn(page, ".u-searches > svg", svg, 80)
