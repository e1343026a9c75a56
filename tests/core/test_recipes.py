"""The recipes: complete, short, runnable as they stand, and better than the baseline they print."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import recipes
from course_utils.tasks.python_lines import KINDS, python_lines

TINY = {
    "align": {"UPDATES": 1, "TEST": 4},
    "bidirectional": {"EPOCHS": 1, "CHARACTERS": 2000},
    "classify": {"EPOCHS": 1, "HIDDEN": 8},
    "deploy": {"UPDATES": 2, "LENGTH": 100},
    "forecast": {"EPOCHS": 1},
    "generate": {"EPOCHS": 1, "HIDDEN": 8},
    "interval": {"EPOCHS": 1, "SEQUENCES": 100},
    "lengths": {"EPOCHS": 1, "HIDDEN": 8},
    "many": {"EPOCHS": 1, "HIDDEN": 2, "AHEAD": 15},
    "resume": {"UPDATES": 10, "EVERY": 5},
    "save": {"EPOCHS": 1, "HIDDEN": 8},
    "stream": {"EPOCHS": 1, "CHARACTERS": 5000, "HIDDEN": 8},
    "tag": {"EPOCHS": 1, "LINES": 100},
    "translate": {"UPDATES": 2, "TEXTS": 100, "HIDDEN": 8},
    "validate": {"EPOCHS": 3, "PATIENCE": 1, "HIDDEN": 2},
}
KERAS = {
    "keras_classify": {"EPOCHS": 1, "HIDDEN": 8},
    "keras_forecast": {"EPOCHS": 1},
    "keras_tag": {"EPOCHS": 1, "LINES": 100},
}
LOWER_IS_BETTER = {
    "bidirectional", "deploy", "forecast", "generate", "interval", "keras_forecast", "many",
    "resume", "stream", "validate",
}  # fmt: skip


# of Keras 3.15 on PyTorch, with NumPy 2: its variables do not know __array__'s argument copy
keras_warns = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Programs write where they are started, and may leave torch's generator anywhere."""
    monkeypatch.chdir(tmp_path)
    state = torch.get_rng_state()
    yield
    torch.set_rng_state(state)


def test_all_recipes_are_tested():
    assert tuple(sorted(TINY | KERAS)) == recipes.NAMES


@pytest.mark.parametrize("name", recipes.NAMES)
def test_a_recipe_is_short_and_marks_what_to_replace(name):
    lines = [line for line in recipes.text(name).splitlines() if line.strip()]
    assert len(lines) <= 40 and max(map(len, lines)) <= 100
    assert ast.get_docstring(ast.parse(recipes.text(name)))
    marked = [line for line in lines if re.search(r"# YOUR [A-Z]+", line)]
    assert len(marked) == (1 if name in ("generate", "stream") else 2), marked
    assert "YOUR DATA" in marked[0] and "YOUR DATA" not in "".join(marked[1:])
    assert re.search(r"# .*\([A-Z]", recipes.text(name)), "no shape"
    assert not re.search(r"lambda|TODO", recipes.text(name))


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_recipe_runs_and_prints_what_it_reached_and_its_baseline(name, capsys):
    found = recipes.run(name, **TINY[name])
    said = capsys.readouterr().out
    assert re.search(r"\d", said.splitlines()[0])
    for value in (found["reached"], found["baseline"]):
        assert isinstance(value, float) and np.isfinite(value)


def test_a_program_that_was_stopped_ends_where_an_unbroken_one_does(tmp_path, monkeypatch):
    whole = recipes.run("resume", UPDATES=20, EVERY=5)
    (tmp_path / "checkpoint.pt").unlink()
    recipes.run("resume", UPDATES=12, EVERY=5)  # the last two updates are lost
    again = recipes.run("resume", UPDATES=20, EVERY=5)
    assert again["before"] == 10 and again["reached"] == whole["reached"]
    for name, value in whole["model"].state_dict().items():
        assert torch.equal(value, again["model"].state_dict()[name]), name


def test_what_is_deployed_says_what_was_trained():
    found = recipes.run("deploy", **TINY["deploy"])
    assert found["differ"] < 1e-5
    assert np.abs(found["whole"]).max() > 1e-3


def test_padding_and_packing_change_no_answer():
    """A sequence alone and in a batch with longer ones gets the same answer."""
    found = recipes.run("lengths", **TINY["lengths"])
    model, ids = found["model"], sorted(found["ids"], key=len)
    together = model([ids[0], ids[-1], ids[len(ids) // 2]])
    torch.testing.assert_close(together[:1], model([ids[0]]))


def test_no_window_of_the_past_reaches_into_the_future():
    found = recipes.run("forecast", EPOCHS=1, AHEAD=5)
    ends = found["rows"] + found["AHEAD"]
    assert (ends[found["past"]] <= found["cut"]).all()
    assert (found["rows"][found["future"]] >= found["cut"]).all()
    series, season = found["series"], found["season"]
    first = found["rows"][found["future"]][0]
    np.testing.assert_array_equal(found["naive"][0], series[first - season : first - season + 5])


def test_the_end_of_no_series_is_learned_and_none_sets_the_scale_of_another():
    found = recipes.run("many", EPOCHS=0, AHEAD=5)
    for n, k in found["learn"]:
        assert k + 5 <= len(found["series"][n]) - 5
    assert found["test"] == [(n, len(s) - 5) for n, s in enumerate(found["series"])]
    before, after = found["window"](7, 20)
    found["size"][:7] *= 100  # those of others
    found["series"][7] = 3 * found["series"][7] + 40  # another level, another unit …
    found["size"][7] *= 3
    np.testing.assert_allclose(found["window"](7, 20)[0], before, atol=1e-9)  # … is no difference
    np.testing.assert_allclose(found["window"](7, 20)[1], after, atol=1e-9)
    np.testing.assert_array_equal(found["naive"], 0)  # without a season: no change


def test_the_three_parts_of_a_series_share_no_target_and_the_best_weights_are_kept():
    found = recipes.run("validate", EPOCHS=4, PATIENCE=9, HIDDEN=2, AHEAD=3)
    targets = [part[1] for part in ((found["x"], found["y"]), found["validation"], found["test"])]
    cuts, z = found["cuts"], torch.tensor(found["z"], dtype=torch.float32)
    begins = [max(begin, found["WINDOW"]) for begin in cuts[:-1]]
    for target, begin, end in zip(targets, begins, cuts[1:], strict=True):
        torch.testing.assert_close(target[0], z[begin : begin + 3] - z[begin - 1])
        torch.testing.assert_close(target[-1], z[end - 3 : end] - z[end - 4])
    assert found["error"](*found["validation"]).item() == pytest.approx(found["best"])
    assert found["std"] == found["series"][: cuts[1]].std()


def with_data(monkeypatch, name, data):
    """The program, with this behind `series =` in the line that is marked."""
    changed = re.sub(r"(?m)^series = .*# YOUR DATA.*$", f"series = {data}", recipes.text(name))
    monkeypatch.setattr(recipes, "text", lambda name: changed)


def test_series_too_short_for_a_window_are_left_out_and_a_gap_is_told(monkeypatch):
    with monkeypatch.context() as patch:
        with_data(patch, "many", "[np.arange(n) % 7.0 for n in (40, 60, 12, 14, 16)]")
        assert recipes.run("many", EPOCHS=1)["forecast"].shape == (3, 5)
    with_data(monkeypatch, "validate", "np.where(np.arange(90) == 50, np.nan, 1.0)")
    with pytest.raises(AssertionError, match="has a gap; fill it with the last value"):
        recipes.run("validate")


def test_a_level_that_rises_for_ever_is_no_difference(monkeypatch):
    """Windows are measured from their last value, so that no test value lies above all others."""
    with_data(monkeypatch, "validate", "np.arange(200) + np.sin(np.arange(200))")
    found = recipes.run("validate", EPOCHS=1, HIDDEN=2)
    largest = [part[0].abs().max().item() for part in (found["validation"], found["test"])]
    assert max(largest) < 1.1 * found["x"].abs().max().item()


def test_what_is_loaded_answers_as_what_was_saved(tmp_path):
    found = recipes.run("save", **TINY["save"])
    assert (tmp_path / "classifier.pt").is_file() and torch.equal(found["after"], found["before"])
    assert found["loaded"] is not found["model"] and not found["loaded"].training
    kept = torch.load(tmp_path / "classifier.pt", weights_only=True)
    assert kept["known"] == found["known"] and kept["kinds"] == ["de", "en", "es", "fr", "pl"]


@keras_warns
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TINY) + sorted(KERAS))
def test_at_full_size_a_recipe_beats_the_baseline_it_names(name, monkeypatch):
    if name in KERAS:
        monkeypatch.setenv("KERAS_BACKEND", "torch")
        if find_spec("keras") is None:
            pytest.skip("Keras is not installed")
    found = recipes.run(name)
    gain = found["reached"] - found["baseline"]
    assert (-gain if name in LOWER_IS_BETTER else gain) > 0
    if name == "many":  # as the page says
        assert found["fear"] < found["reached"] < found["alone"]
    if name == "validate":
        assert found["reached"] < found["fear"]
    if name == "interval":
        assert 0.86 < found["covered"] < 0.94  # 0.9 ± 3 standard deviations of 600 cases


@keras_warns
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KERAS))
def test_a_recipe_for_keras_runs(name, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras")
    found = recipes.run(name, **KERAS[name])
    assert np.isfinite([found["reached"], found["baseline"]]).all()


def test_an_unknown_recipe_or_setting_is_told():
    with pytest.raises(ValueError, match=r"name: expected one of align, .*, got 'clasify'"):
        recipes.text("clasify")
    with pytest.raises(ValueError, match="settings: classify has EPOCHS, HIDDEN, SEED, got EPOCH"):
        recipes.run("classify", EPOCH=1)


def test_every_character_of_a_line_has_the_kind_of_its_token():
    texts, tags = python_lines("keyword")
    assert all(len(a) == len(b) > 0 for a, b in zip(texts, tags, strict=True))
    line = texts.index("    'False',")
    assert tags[line] == [0] * 4 + [KINDS.index("string")] * 7 + [0]
    line = next(k for k, text in enumerate(texts) if text.startswith("iskeyword = "))
    assert tags[line][:12] == [KINDS.index("name")] * 9 + [0] * 3
    assert {k for tag in tags for k in tag} <= set(range(len(KINDS)))


def test_a_module_without_a_file_of_python_is_told():
    with pytest.raises(ValueError, match="module: expected one with a file of Python, got 'math'"):
        python_lines("math")


def page(name):
    """What the page says to add to a recipe: its blocks of Python, in order."""
    book = Path(__file__).parents[2] / "book/reference/recipes.md"
    section = book.read_text("utf-8").split(f"\n(recipe-{name})=\n")[1].split("\n(recipe-")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_the_page_says_what_a_new_text_gets(capsys):
    found = recipes.run("lengths", **TINY["lengths"]) | {"kinds": list("abcdef")}
    capsys.readouterr()
    (block,) = page("lengths")
    exec(block, found)
    answers = ast.literal_eval(capsys.readouterr().out)
    assert len(answers) == len(found["new"]) and set(answers) <= set("abcdef")


def test_the_page_says_what_comes_next_and_how_to_follow_a_trend(monkeypatch):
    ahead, level = page("forecast")
    plain = recipes.run("forecast", EPOCHS=1, AHEAD=3)
    exec(ahead, plain)
    assert plain["coming"].shape == (3,) and np.isfinite(plain["coming"]).all()
    head, line, tail = recipes.text("forecast").partition("past, future = rows")
    rest, tail = tail.split("\n", 1)
    changed = f"{head}{line}{rest}\n{level}{tail}"
    monkeypatch.setattr(recipes, "text", lambda name: changed)
    found = recipes.run("forecast", EPOCHS=1, AHEAD=3)
    assert found["baseline"] == pytest.approx(plain["baseline"])  # errors keep their meaning
    assert (found["before"][:, -1] == 0).all()


def test_the_page_says_what_comes_next_in_many_series_and_what_a_saved_net_answers(capsys):
    (block,) = page("many")
    found = recipes.run("many", **TINY["many"])
    exec(block, found)
    assert found["coming"].shape == (192, 15) and np.isfinite(found["coming"]).all()
    (block,) = page("save")
    found = recipes.run("save", **TINY["save"])
    capsys.readouterr()
    exec(block, found)
    assert ast.literal_eval(capsys.readouterr().out)[0] in found["kinds"]


def test_one_file_without_code_holds_numbers_for_a_scaler_too(tmp_path):
    torch.save({"mean": torch.tensor(np.ones(3))}, tmp_path / "kept.pt")
    assert torch.load(tmp_path / "kept.pt", weights_only=True)["mean"].sum() == 3
    torch.save({"mean": np.ones(3)}, tmp_path / "kept.pt")
    with pytest.raises(Exception, match="weights_only"):  # a pickle.UnpicklingError
        torch.load(tmp_path / "kept.pt", weights_only=True)


@pytest.mark.parametrize("ahead", [2, 11, 12, 30])
def test_a_season_ago_is_repeated_as_far_as_the_forecast_goes(ahead):
    found = recipes.run("forecast", EPOCHS=1, HIDDEN=2, AHEAD=ahead)
    season = found["before"][found["future"]][:, -found["season"] :]  # (n, 11)
    np.testing.assert_array_equal(found["naive"], np.tile(season, 3)[:, :ahead])


def test_words_are_tagged_as_characters_are(monkeypatch):
    words = "[['a', 'bc', 'd'], ['d']] * 20"
    changed = recipes.text("tag").replace("python_lines()[0][:LINES]", words)
    changed = changed.replace("python_lines()[1][:LINES]", "[[0, 1, 2], [2]] * 20")
    monkeypatch.setattr(recipes, "text", lambda name: changed)
    assert recipes.run("tag", EPOCHS=1, HIDDEN=4)["baseline"] == 1.0
