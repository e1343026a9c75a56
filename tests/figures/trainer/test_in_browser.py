"""The page that trains as a reader uses it: it trains, is edited, shows tasks, and can be read."""

import json

import letters
import pytest
from tests.support.browsing import Page, drawn

from course_utils.figures.training_page import cell_facts
from course_utils.specs import SPECS

from .page import CELL, close

pytestmark = pytest.mark.browser


# both nets have read the sequence that stands in the page; the worker sends that by itself
READ = """["a", "b"].every(side => document.querySelector(`[data-chart=look_${side}]`).ariaLabel
  .includes(`reads ${document.querySelector("[name=sequence]").value};`))"""


def say(page):
    return page.locator(".u-say").inner_text()


def done(page, updates):
    """Wait until both networks have made so many updates, and the charts show it, a frame later."""
    shown = "document.querySelector('[data-chart=rate]').ariaLabel"
    told = "document.querySelector('.u-say').textContent"
    for words in (told, shown):
        page.wait_for_function(f"Number(({words}.match(/After (\\d+)/) || [])[1]) >= {updates}")


def status(page):
    return page.locator(".u-train-status").inner_text()


def test_it_trains_from_a_file_and_a_link_gives_the_same_run(browser, path):
    window = Page(browser, width=390)
    page = window.open(path)
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    assert window.overflow() <= 0
    page.locator("[name=units]").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_label("learning rate").select_option("0.02")
    page.get_by_role("button", name="One update").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('After 1 ')")
    assert page.locator(".u-say").inner_text().startswith("After 1 update: ")
    first = status(page)
    page.locator("[name=run]").click()
    done(page, 51)
    trained = status(page)
    assert trained != first and "right" in trained
    assert page.locator('[data-chart="loss"] .u-train-line').count() == 2
    assert page.locator('[data-chart="look_b"] .u-fill').count() == 6 * 8
    described = {"loss": "Loss after", "lag": "at lag 7", "norm": "and after clipping"}
    for chart, words in described.items():
        assert words in page.locator(f'[data-chart="{chart}"]').get_attribute("aria-label")
    page.get_by_role("button", name="Link to this setting").click()
    address = page.url
    assert "units=4" in address and "rate=0.02" in address
    other = Page(browser)
    other.page.goto(address)
    page = other.page
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    page.get_by_role("button", name="One update").click()
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    assert status(page) == first, "one setting, one run"
    for used in (window, other):
        assert not used.errors and not used.requests
        used.context.close()


def test_a_typed_cell_trains_beside_another_and_a_mistake_stops_it(window):
    page = window.page
    page.get_by_label("begin with the equations of").select_option("gru")
    page.locator("[name=cell_a]").select_option("typed")
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    page.get_by_role("button", name="One update").click()
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    assert "your cell: loss" in status(page)
    page.locator("[name=equations]").fill("h = tanh(W @ x + Q @ h_prev +)")
    assert "line 1, column 30: expected a name" in page.locator(".u-train-mistake").inner_text()
    assert "mistake" in say(page) and page.get_by_role("button", name="One update").is_disabled()
    page.locator("[name=equations]").fill(CELL)
    page.wait_for_function("document.querySelector('.u-say').textContent.startsWith('Ready')")
    told = page.locator(".u-train-checks tbody").text_content()
    assert told.count("equal") == 4, "three parameters and the input"
    page.locator(".u-train-texts summary").click()
    for language, words in (
        ("spec", "SPEC = CellSpec("), ("numpy", "def step_backward("), ("torch", "class Cell("),
        ("a", "it never becomes any"), ("b", "const h = o * tanh_c;"),
    ):  # fmt: skip
        page.locator("[name=language]").select_option(language)
        assert words in page.locator(".u-train-code").inner_text(), language
    assert not window.errors


CONTROL = """new Promise(done => {
  const image = new Image();
  image.onerror = () => setTimeout(done, 50);
  image.src = "data:,no picture";
})"""


def test_nothing_that_is_typed_becomes_code_or_markup(window):
    page = window.page
    for attempt in ("h = (0, eval)('window.hit = 1')", "h = <img src=x onerror='window.hit = 1'>",
                    "h = constructor(h_prev)", "__proto__ = h_prev"):  # fmt: skip
        page.locator("[name=equations]").fill(attempt)
        page.locator("[name=sequence]").fill(attempt)
    page.evaluate(CONTROL)  # by then what stood in the page before it would have failed, and hit
    assert page.evaluate("window.hit") is None and not window.errors
    page.locator("[name=equations]").fill(CELL)


def test_a_reader_edits_the_sequence(window):
    page = window.page
    page.locator("[name=cell_a]").select_option("lstm")
    page.locator("[name=sequence]").fill("Babca?")
    page.wait_for_function(
        "document.querySelector('[data-chart=look_b]').getAttribute('aria-label').includes('Babca?')"
    )
    page.locator("[name=sequence]").fill("Bazca?")
    page.wait_for_function("document.querySelector('.u-train-unread').textContent !== ''")
    assert "letter 3: “z” is none of A B C D" in page.locator(".u-train-unread").inner_text()


@pytest.mark.parametrize("task", ["cue", "adding", "parity", "copy", "counting", "reber", "text"])
def test_every_task_shows_a_sequence_that_it_can_read(window, task):
    found = window.page.evaluate(
        """name => { const { all, shown, right } = unrolled.use("tasks"), random = unrolled.use("random");
        const settings = { task: name, length: all[name].length ? all[name].length[3] : 1, text: "the cat sat on the mat, the rat" };
        const batch = all[name].sample(random(3, "x"), 5, settings), text = shown(name, batch, 0, settings);
        const read = all[name].read(text, settings);
        const perfect = Float64Array.from({ length: batch.asked.length * batch.N }, (_, k) => batch.allowed ? batch.allowed[k] : batch.target[k]);
        const steps = Array.from({ length: read.T }, (_, t) => Array.from(batch.x.subarray(t * 5 * batch.D, t * 5 * batch.D + batch.D)));
        return { text, x: Array.from(read.x), steps, right: right(batch, perfect, 0.04), wrong: right(batch, perfect.map((v) => 1.5 - v), 0.04) };
        }""",  # noqa: E501
        task,
    )
    close(found["x"], found["steps"], 0.051 if task == "adding" else 0, found["text"])
    assert found["right"] == 1 and found["wrong"] == 0, json.dumps(found)[:300]


EVERY = """cells => {
  const { all } = unrolled.use("tasks"), heard = [], wrong = [], scope = { postMessage: (m) => heard.push(m) };
  unrolled.use("serve")(scope);
  const finite = (list) => list.length && list.every(isFinite);
  for (const facts of Object.values(cells)) for (const [task, { length }] of Object.entries(all)) {
    heard.length = 0;
    const send = (data) => scope.onmessage({ data }), { key, ...typed } = facts;
    send({ kind: "begin", serial: 1, specs: [facts, typed], settings: { task, length: length && length[1], units: 4, rate: 0.01,
      clip: null, optimiser: "sgd", seed: 3, text: "the cat sat on the mat", batch: 4, every: 1,
      starts: [{ retention: 0.9, input: -1 }, { retention: null, input: null }] } });
    send({ kind: "look", text: (heard.find((m) => m.kind === "begun") || {}).sequence });
    send({ kind: "step" });
    const said = heard[heard.length - 1];
    if (said.kind !== "report" || !said.rows[0].every(finite) || !said.lags.every(finite) ||
        !said.looks.every(({ values }) => values.length && values.every(({ data }) => finite(data)))) wrong.push([key, task, said]);
  }
  return wrong;
}"""  # noqa: E501


def test_every_cell_trains_on_every_task_at_its_shortest(window):
    facts = {key: cell_facts(spec) for key, spec in SPECS.items()}
    assert window.page.evaluate(EVERY, facts) == []


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("task", ["cue", "adding", "text"])
def test_letters_are_readable_and_nothing_is_wider_than_the_page(browser, path, width, task):
    window = Page(browser, width=width)
    page = window.open(path)
    page.locator("[name=task]").select_option(task)
    page.locator("[name=once]").click()
    page.wait_for_function("document.querySelector('.u-train-status').textContent.includes('loss')")
    page.wait_for_function(READ)
    drawn(page)
    shown = letters.texts(page)
    assert len(shown) > 60 and not letters.small(shown) and not letters.touching(shown)
    assert window.overflow() <= 0 and window.axe() == []
    window.context.close()
