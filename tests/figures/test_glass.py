"""The reading glass: what the page computes from packed weights is what NumPy computes."""

import numpy as np
import pytest
from tests.support.browsing import Page

from course_utils import figures, numpy_nn
from course_utils.figures import FigureError
from course_utils.files import write
from course_utils.lab.packing import pack, unpack
from course_utils.lab.reading import following, reading

from .gallery import reading_net
from .html import Open, data

NET = reading_net()
SAID = "document.querySelector('.u-glass .u-say').textContent"


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Model:
    """The same network by ``numpy_nn``."""

    def __init__(self, net):
        self.w = unpack(net["weights"])
        self.lstm = {k: self.w[k] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}

    def read(self, ids):
        x = self.w["embedding"][ids][:, None]
        return numpy_nn.unroll("lstm", self.lstm, x)

    def prices(self, ids):
        """Bits of each character after the first."""
        y, _, _ = self.read(ids)
        p = softmax(y[:-1, 0] @ self.w["readout"].T + self.w["readout_bias"])
        return -np.log2(p[np.arange(len(ids) - 1), ids[1:]])

    def derivative(self, ids):
        """Length of d(bits of the last)/d(embedding of each before it)."""
        y, _, tape = self.read(ids[:-1])
        p = softmax(y[-1, 0] @ self.w["readout"].T + self.w["readout_bias"])
        dy = np.zeros_like(y)
        dy[-1, 0] = (p - np.eye(len(p))[ids[-1]]) @ self.w["readout"] / np.log(2)
        dx, _, _ = numpy_nn.unroll_backward(tape, dy)
        return np.linalg.norm(dx[:, 0], axis=1)

    def replacement(self, ids, k, j, others):
        """Mean change of the price of k where another stands at j."""
        price, moved = self.prices(ids[: k + 1])[-1], []
        for other in others:
            if other != ids[j]:
                changed = ids[: k + 1].copy()
                changed[j] = other
                moved.append(abs(self.prices(changed)[-1] - price))
        return np.mean(moved)


def ids_of(net):
    return np.array([net["vocabulary"].index(c) for c in net["before"] + net["text"]])


def test_packing_keeps_vectors_and_half_a_step_of_matrices():
    rng = np.random.default_rng(0)
    weights = {"m": rng.standard_normal((5, 7)) * rng.uniform(0.01, 9, (5, 1)), "v": rng.random(4)}
    weights["m"][2] = 0
    again = unpack(pack(weights))
    step = np.abs(weights["m"]).max(axis=1, keepdims=True) / 127
    assert (np.abs(again["m"] - weights["m"]) <= 0.5001 * step).all()
    np.testing.assert_allclose(again["v"], weights["v"], rtol=1e-7)
    np.testing.assert_array_equal(unpack(pack(again))["m"], again["m"])


def test_packing_takes_one_or_two_axes():
    with pytest.raises(ValueError, match=r"^w: expected one or two axes, got 3"):
        pack({"w": np.zeros((1, 2, 3))})


def test_the_prices_that_the_still_picture_shows_are_those_of_the_rounded_weights():
    costs = Model(NET).prices(ids_of(NET))[-len(NET["text"]) :]
    np.testing.assert_allclose(NET["surprises"], costs, rtol=0, atol=0.0051)
    assert NET["bits"]["rounded"] == pytest.approx(costs.mean())
    assert 0 < abs(NET["bits"]["given"] - NET["bits"]["rounded"]) < 0.05


def test_a_model_without_a_part_is_refused_by_its_name():
    with pytest.raises(ValueError, match=r"^weights: nothing ends in 'readout.bias'"):
        reading({"embedding.weight": [[0.0]], "readout.weight": [[0.0]]}, "a", "a", "a")


def test_the_cell_that_follows_a_label_is_found_with_its_sign():
    model, ids = Model(NET), ids_of(NET)
    weights = model.w | {f"{end}.weight": model.w[end] for end in ("embedding", "readout")}
    weights["readout.bias"] = model.w["readout_bias"]
    characters = NET["before"] + NET["text"]
    state, c = None, []
    for k in range(len(ids)):  # one step at a time, carried by hand
        x = model.w["embedding"][ids[k : k + 1], None]
        _, state, _ = numpy_nn.unroll("lstm", model.lstm, x, state)
        c.append(state.c[0])
    labels = {"third": -3 * np.array(c)[:, 3] + 1, "late": np.arange(len(ids)) > 60}
    labels["part"] = np.where(labels["late"], labels["third"], np.nan)
    found = following(weights, NET["vocabulary"], characters, labels)
    assert found["part"]["cell"] == 3 and found["part"]["correlation"] == pytest.approx(1)
    assert (found["third"]["cell"], found["third"]["sign"]) == (3, -1.0)
    assert found["third"]["correlation"] == pytest.approx(1)
    fits = [abs(np.corrcoef(row, labels["late"])[0, 1]) for row in np.array(c).T]
    assert found["late"]["cell"] == np.argmax(fits)
    assert found["late"]["correlation"] == pytest.approx(max(fits))

    with pytest.raises(ValueError, match=r"^labels\['odd'\]: expected \(180,\), got \(3,\)"):
        following(weights, NET["vocabulary"], characters, {"odd": [1, 2, 3]})


def test_a_model_of_another_kind_and_a_text_it_cannot_read_are_refused():
    weights = unpack(NET["weights"])
    weights |= {f"{end}.weight": weights[end] for end in ("embedding", "readout")}
    weights["readout.bias"] = weights["readout_bias"]
    known = NET["vocabulary"], NET["before"]
    assert reading(weights, *known, NET["text"])["text"] == NET["text"]
    with pytest.raises(ValueError, match=r"^weights: expected one LSTM layer .* 'weight_hh_l1'"):
        reading(weights | {"weight_hh_l1": weights["weight_hh"]}, *known, NET["text"])
    with pytest.raises(ValueError, match=r"^before, text: \['é'\] are not"):
        reading(weights, *known, "café")
    with pytest.raises(ValueError, match=r"^before: expected at least one character"):
        reading(weights, NET["vocabulary"], "", NET["text"])


def test_it_is_complete_without_script():
    html = figures.reading_glass(NET).html()
    Open(html)
    dearest = int(np.argmax(NET["surprises"]))
    assert data(html)["at"] == dearest and "outline:2px" in html
    assert "dearest" in html and "on average" in html


@pytest.mark.parametrize(
    ("change", "message"),
    [({"weights": None}, "net: no weights; it needs"),
     ({"surprises": [1.0]}, "surprises: expected"),
     ({"at": 0}, "at: expected from 1 to"), ({"view": "bits"}, "view: expected one of surprise")],
)  # fmt: skip
def test_what_it_cannot_show_is_refused_by_name(change, message):
    options = {k: change.pop(k) for k in ("at", "view") if k in change}
    net = {k: v for k, v in (NET | change).items() if v is not None}
    with pytest.raises(FigureError, match=f"^{message}"):
        figures.reading_glass(net, **options)


@pytest.fixture
def seen(browser, tmp_path):
    figure = figures.reading_glass(NET, at=40)
    write(tmp_path / "page.html", f'<meta charset="utf-8"><body>{figure._repr_html_()}')
    window = Page(browser, width=390)
    window.context.add_init_script("history.scrollRestoration = 'manual'")
    page = window.open(tmp_path / "page.html")
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_selector(".u-glass .u-next li")
    yield window, page
    assert not window.errors and not window.requests and window.overflow() <= 0
    window.context.close()


@pytest.mark.browser
def test_prices_derivatives_and_replacements_are_numpys(seen):
    _, page = seen
    model, ids = Model(NET), ids_of(NET)
    others = [0, 3, int(ids[52]), int(ids[30])]  # two of them stand where they are tried
    ours = page.evaluate(
        """([net, ids, others]) => {
          const glass = unrolled.glass, reader = new glass.Reader(glass.network(net.weights), ids);
          return { prices: ids.slice(1).map((_, k) => reader.price(k + 1)),
                   derivative: reader.derivative(60, 100), short: reader.derivative(60, 7),
                   replaced: [59, 52, 30].map(j => reader.replacement(60, j, others)),
                   hot: glass.softmax(reader.scores(9), 2.5) }; }""",
        [NET, ids.tolist(), others],
    )
    close = {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(ours["prices"], model.prices(ids), **close)
    derivative = model.derivative(ids[:61])
    np.testing.assert_allclose(ours["derivative"], derivative, **close)
    np.testing.assert_allclose(ours["short"], derivative[-7:], **close)
    replaced = [model.replacement(ids, 60, j, others) for j in (59, 52, 30)]
    np.testing.assert_allclose(ours["replaced"], replaced, **close)
    y, _, _ = model.read(ids[:9])
    scores = y[-1, 0] @ model.w["readout"].T + model.w["readout_bias"]
    np.testing.assert_allclose(ours["hot"], softmax(scores / 2.5), **close)


@pytest.mark.browser
def test_arrow_keys_step_and_every_view_speaks(seen):
    _, page = seen
    surface, say = page.locator(".u-glass .u-shaded"), page.locator(".u-glass .u-say")
    assert surface.get_attribute("aria-valuenow") == "41"
    surface.focus()
    for key, place in (("ArrowRight", "42"), ("ArrowDown", "52"), ("Home", "2"), ("End", "160")):
        page.keyboard.press(key)
        assert surface.get_attribute("aria-valuenow") == place
    for view in ("derivative", "replacement", "one cell", "surprise"):
        page.get_by_label(view, exact=True).check()
        page.wait_for_function(
            "!document.querySelector('.u-glass .u-say').textContent.startsWith('Rep')"
        )
        assert "cost" in say.inner_text() and "The net expected" in say.inner_text()
        assert ("depends most" in say.inner_text()) == (view in ("derivative", "replacement"))
        assert ("Cell 2 stands" in say.inner_text()) == (view == "one cell")


@pytest.mark.browser
def test_it_writes_reads_what_the_reader_writes_and_goes_back(seen):
    _, page = seen
    surface = page.locator(".u-glass .u-shaded")
    before = surface.inner_text()
    page.get_by_role("button", name="Write on from the frame").click()
    assert page.locator(".u-glass .u-written").count() == 120
    assert surface.inner_text()[:40] == before[:40]
    page.get_by_role("button", name="Back to the text").click()
    assert surface.inner_text() == before
    page.get_by_label("your own words").fill("the fox")
    page.get_by_role("button", name="Let it read them").click()
    assert surface.inner_text() == before[:40] + "the fox"
    model, ids = Model(NET), ids_of(NET)[:60].tolist()
    ids += [NET["vocabulary"].index(c) for c in "the fox"]
    cost = model.prices(np.array(ids))[-1]
    assert f"“x” cost {cost:.1f} bits" in page.locator(".u-glass .u-say").inner_text()
