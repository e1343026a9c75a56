"""The page that trains, without a browser: what stands without script, and what it may not hold."""

import re

import pytest

from course_utils import figures
from course_utils.compiled import print_javascript
from course_utils.figures import FigureError, training_page
from course_utils.specs import SPECS

from .html import Open, data


def preset(a=("rnn", None, None), b=("lstm", 0.95, None), **other):
    """Settings of two networks on the cue task."""
    sides = {f"{name}_{side}": value for side, values in (("a", a), ("b", b))
             for name, value in zip(("cell", "keep", "input"), values, strict=True)}  # fmt: skip
    return {"finding": "Six words lie between.", "task": "cue", "length": 6, "units": 8,
            "rate": 0.01, "clip": 1.0, "optimiser": "adam", "seed": 1,
            **sides, **other}  # fmt: skip


def record(**presets):
    """A made-up record: one network of two learns it."""
    presets = presets or {"Two": preset(), "Shut": preset(b=("lstm", 0.5, -4.0))}
    rates = [[[0.2, 0.3, 0.25], [0.3, 0.3, 0.28]], [[0.2, 0.8, 1.0], [0.25, 0.9, 0.95]]]
    return {
        "config": {"batch": 4, "updates": 50, "every": 25, "solved": 0.9,
                   "presets": [[name] for name in presets]},
        "values": {name: {"settings": s, "rates": rates, "solved": [0, 2], "of": 2}
                   for name, s in presets.items()},
    }  # fmt: skip


def test_the_page_is_complete_without_script():
    html = figures.trainer(record()).html()
    Open(html)
    assert "after 50 updates Plain recurrent cell is right in 90% of the answers or more" in html
    assert "LSTM that starts by keeping 0.95 in 2 of 2" in html
    assert html.count('<path class="u-train-faint') == 4, "a line for every recorded seed"
    assert "<td>LSTM: 2 of 2</td>" in html
    assert set(data(html)["cells"]) == set(SPECS)


def test_before_anything_is_recorded_the_page_says_so():
    none = record()
    for found in none["values"].values():
        found.update(rates=[[], []], solved=[0, 0], of=0)
    html = figures.trainer(none).html()
    assert "No runs are recorded." in html and "u-train-faint" not in html


def test_presets_stand_in_the_order_of_the_experiment():
    html = figures.trainer(record(Zero=preset(), Alpha=preset(units=4))).html()
    assert list(data(html)["presets"]) == ["Zero", "Alpha"]


def test_a_second_network_of_the_same_cell_is_dashed_in_the_recorded_picture():
    same = record(Same=preset(a=("lstm", 0.5, None)))
    assert figures.trainer(same).html().count("u-train-lstm is-second") == 2


def test_a_preset_without_a_setting_is_refused_by_name():
    broken = preset()
    del broken["keep_b"]
    with pytest.raises(FigureError, match=r"presets\['Broken'\]: missing keep_b"):
        figures.trainer(record(Broken=broken))


def test_the_script_holds_every_cell_as_it_is_printed(tmp_path):
    names = figures.write_training(tmp_path)
    assert set(names["css"] + names["js"]) == {p.name for p in tmp_path.iterdir()}
    text = (tmp_path / "train_cells.js").read_text("utf-8")
    for key in SPECS:
        assert print_javascript.source(key, runtime=False) in text


def test_no_script_runs_text_as_code():
    for name, text in training_page.training_scripts().items():
        assert not re.search(r"\beval\b|\bFunction\(|import\(|setTimeout\(\s*[\"'`]", text), name
        assert "fetch(" not in text and "XMLHttpRequest" not in text, name
