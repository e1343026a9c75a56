"""Every cell has a page, and the atlas has every cell; the drawing lets no line cross a name."""

import json
import re

import browsing
import numpy as np
import pytest
from bs4 import BeautifulSoup

import atlas_facts
import atlas_letters
import cell_pages
import family_drawing
from course_utils import files
from course_utils.family.descent import walk
from course_utils.family.traits import traits
from course_utils.specs import SPECS

pytest.importorskip("scipy", reason="matching lines needs SciPy")
ROOT = str(browsing.ROOT)
SIZES = {"D": 3, "H": 8, "T": 4, "B": 2}


@pytest.mark.parametrize("key", SPECS)
def test_a_page_has_all_that_a_reader_looks_for(key):
    text = cell_pages.page(ROOT, key)
    title = re.match(r"# (.+)\n", text)[1]
    assert re.match(re.escape(SPECS[key].title) + r"( \(\w+\))?: ", title) and len(title) < 80
    for directive in ("cell-facts", "equations", "cell-diagram", "cell-lines", "cell-source"):
        assert f"```{{{directive}}} {key}\n" in text
    assert f"numpy_nn.cells.{key}.step " in text and f".{key}.step_backward" in text
    assert f"{{cite:t}}`{SPECS[key].source.cite}`" in text
    idea = cell_pages.idea(ROOT, key)
    assert len(re.findall(r"[.:;](?:\s|$)", idea)) >= 2 and idea.endswith(".")


@pytest.mark.parametrize("key", SPECS)
def test_the_code_that_a_page_prints_under_use_runs(key):
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    made = SIZES | {"x": rng.standard_normal((4, 2, 3)), "dy": rng.standard_normal((4, 2, 8))}
    made |= {name: rng.standard_normal((4, 2, 8)) for name in SPECS[key].inputs}
    numpy_code, torch_code = re.findall(r"```python\n(.*?)```", cell_pages.page(ROOT, key), re.S)
    exec(numpy_code, made)
    assert made["y"].shape == (4, 2, 8) and made["dx"].shape == (4, 2, 3)
    import torch

    made["x"] = torch.zeros(4, 2, 3)
    exec(torch_code, made)
    assert made["y"].shape == (4, 2, 8)


def test_every_cell_is_found_by_its_name_and_what_is_sought_of_it():
    found = {where: forms for forms, where in cell_pages.searches(ROOT)}
    assert set(found) == {f"reference/cells/{key}" for key in SPECS}
    every = [form.lower() for forms in found.values() for form in forms]
    assert {"janet", "janet equations", "star cell"} <= set(every) and "star" not in every
    assert len(every) == len(set(every)), "two cells answer to one name"


def test_words_of_no_cell_and_unknown_fields_are_refused(tmp_path):
    path = tmp_path / cell_pages.WORDS
    path.parent.mkdir(parents=True)
    for text, says in (("nobody: {is: a cell}", "no cell nobody"),
                       ("lstm: {idea: it forgets}", "lstm has .*idea")):  # fmt: skip
        cell_pages.words.cache_clear()
        files.write(path, text)
        with pytest.raises(ValueError, match=says):
            cell_pages.words(str(tmp_path))
    cell_pages.words.cache_clear()


TASK = {
    "experiment": "atlas_adding", "title": "adding: of 30", "measure": "wrong answers",
    "percent": True, "solved": "at most 5 % wrong", "seeds": 8, "cells": 52, "tied": 17,
    "best": "gru", "guess": 0.93,
}  # fmt: skip
ROW = {
    "hidden": 16, "rate": 0.01, "edge": True, "solved": 6, "of": 8, "share_low": 0.41,
    "share_high": 0.999, "lost": 2, "median": None, "low": 0.012, "high": None, "rank": 5.0,
    "rank_low": 2.0, "rank_high": 14.0, "tied": True,
}  # fmt: skip


def test_a_measured_fact_says_what_it_hangs_on():
    said = atlas_facts.sentence(TASK, ROW, str)
    for part in ("at most 5 % wrong in 6 of 8 nets (41 % to 100 %)", "no median", "2 diverged",
                 "end of the", "rank 5 (2 to 14) of 52, not to be told from the best"):  # fmt: skip
        assert part in said, said
    assert "of 52, told from all others;" in atlas_facts.sentence(TASK | {"tied": 1}, ROW, str)
    assert "median wrong answers 10 % (1.2 % to diverged)" in atlas_facts.sentence(
        TASK, ROW | {"median": 0.1}, str
    )
    (column,) = atlas_facts.columns({"adding": TASK}, {})
    assert column.title == "adding"
    assert column.shown({"adding": ROW}, None)[1] == ["**6 of 8**", "diverged", "rank 5 (2 to 14)"]
    assert column.shown({}, None) == ("", ["–"])
    (line,) = atlas_facts.about({"adding": TASK}, {}, str)
    assert "17 of 52 cells cannot be told from the best (bold)" in line
    assert "`course run atlas_adding`" in line
    assert "told from all others" in atlas_facts.told(TASK | {"tied": 1}, str)


def test_a_cell_of_which_nothing_is_recorded_has_no_section(monkeypatch):
    monkeypatch.setattr(cell_pages, "recorded", lambda: ({}, {}, {}))
    assert "## Measured" not in cell_pages.page(ROOT, "lstm")
    facts = {"lstm": {"adding": ROW}}
    monkeypatch.setattr(cell_pages, "recorded", lambda: ({"adding": TASK}, facts, {}))
    assert "```{cell-measured} lstm" in cell_pages.page(ROOT, "lstm")


# -- the drawing -----------------------------------------------------------------------------------


def stops():
    """The tree of the page, with links that lead nowhere."""
    branches, years = cell_pages.branches(ROOT), cell_pages.years(ROOT)
    return [
        family_drawing.Stop(key, cell_pages.short(ROOT, key), years[key], depth,
                            branches[key].parent, False, 1, 1, False, False, "")
        for key, depth in walk(branches)
    ]  # fmt: skip


@pytest.mark.parametrize("form", family_drawing.FORMS)
def test_no_line_of_the_tree_crosses_a_name(form):
    drawn, (across, _, marks, letters) = stops(), family_drawing.FORMS[form]
    years = sorted({stop.year for stop in drawn})
    place = family_drawing.places(drawn, years, across)
    width = float(re.search(r'viewBox="0 0 (\S+)', family_drawing.drawing(drawn, form))[1])
    for stop in drawn:
        x, y = place[stop.key]
        assert x + 10 + 0.62 * letters * len(stop.name) < width - sum(marks), stop.name
        if stop.parent is None:
            continue
        x0, y0 = place[stop.parent]
        assert x0 < x and y0 < y
        for other in drawn:  # the way down from the parent passes the rows between
            there, row = place[other.key]
            assert not (y0 < row < y and there <= x0), (stop.name, other.name)


def test_every_name_of_the_tree_is_a_link_that_says_what_the_marks_show():
    stop = family_drawing.Stop("a", "A & B", 1997, 0, None, False, 2, 1, True, True, "a.html")
    text = family_drawing.drawings([stop])
    assert text.count('href="a.html"') == 2
    assert "A &amp; B, 1997: 2 gates, 1 state, linear along time, can be scanned" in text


# what lies where, when the middle of a table is at the top of the window
STAYS = """table => {
  table.rows[Math.floor(table.rows.length / 2)].scrollIntoView({behavior: "instant"});
  const bar = document.querySelector(".bd-header-article").getBoundingClientRect();
  const head = table.tHead.rows[0].cells[1], box = head.getBoundingClientRect();
  const at = y => document.elementFromPoint(box.left + box.width / 2, y);
  const name = node => node?.closest("th") ? "th" : node?.closest("header, .bd-header-article")
    ? "header" : node?.tagName;
  return {head: head.offsetHeight, top: box.top, bar: bar.bottom,
    "in front": head.offsetHeight ? [name(at(box.bottom - 5)), name(at(bar.bottom - 3))] : [],
    solid: !/, 0\\)|transparent/.test(getComputedStyle(head).backgroundColor)};
}"""


# -- the built book --------------------------------------------------------------------------------


@pytest.mark.site
@pytest.mark.parametrize("key", SPECS)
def test_the_built_page_shows_equations_diagram_code_and_relative(key):
    path = browsing.site() / cell_pages.FOLDER / f"{key}.html"
    page = BeautifulSoup(path.read_text("utf-8"), "lxml").find("article")
    spec = SPECS[key]
    assert page.find("h1").text.startswith(spec.title)
    assert page.select("div.math mjx-container") and page.select("svg.u-circuit")
    assert "def step_backward" in page.find(class_="course-source").text
    lines = page.select(".cell-lines tbody tr")
    here = [row.find_all("td")[0].text for row in lines]
    wanted = [BeautifulSoup("".join(atlas_letters.pieces(line, spec)), "lxml").text
              for line in spec.equations]  # fmt: skip
    if cell_pages.branches(ROOT)[key].parent:
        assert [text for text in here if text != "–"] == wanted


@pytest.mark.site
def test_the_built_atlas_leads_to_every_page_and_the_search_knows_them():
    text = (browsing.site() / f"{cell_pages.ATLAS}.html").read_text("utf-8")
    page = BeautifulSoup(text, "lxml").find("article")
    for place in (".family-drawing a", "table.atlas-table td:first-child a"):
        found = {link["href"].rpartition("/")[2] for link in page.select(place)}
        assert found == {f"{key}.html" for key in SPECS}, place
    data = (browsing.site() / "_static/search_data.js").read_text("utf-8")
    data = json.loads(data.partition("= ")[2].rstrip().rstrip(";"))
    known = {term[2] for term in data["terms"]}
    assert {f"{cell_pages.FOLDER}/{key}" for key in SPECS} <= known & set(data["pages"])


@pytest.mark.site
@pytest.mark.browser
def test_the_table_is_sorted_and_filtered_by_keyboard_and_says_so():
    with browsing.chromium() as browser:
        window = browsing.Page(browser)
        page = window.open(browsing.site() / f"{cell_pages.ATLAS}.html")
        form = page.locator("form.atlas-filter").first
        rows = page.locator("table.atlas-table").first.locator("tbody tr:visible")
        assert rows.count() == len(SPECS)
        form.get_by_label("linear along time").focus()
        page.keyboard.press("Space")
        assert rows.count() == sum(traits(s).linear for s in SPECS.values())
        assert form.locator("output").text_content() == f"{rows.count()} of {len(SPECS)} cells"
        page.keyboard.press("Space")
        form.get_by_label("words").fill("janet")
        assert rows.count() == 1
        form.get_by_label("words").fill("")
        form.get_by_label("sort by").select_option("year")
        assert "1990" in rows.first.text_content()
        window.context.close()


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 905, 390])
def test_the_head_of_a_long_table_stays_in_sight_below_the_bar(width, scheme):
    """On a phone each row is a card, and what a number is stands beside it."""
    with browsing.chromium() as browser:
        window = browsing.Page(browser, width=width, scheme=scheme)
        page = window.open(browsing.site() / f"{cell_pages.ATLAS}.html")
        for table in page.locator("table.atlas-table").all():
            found = table.evaluate(STAYS)
            if width < 900:
                assert found["head"] == 0
            else:
                # collapsed borders leave a slit above it; its cells begin with 5 empty pixels
                assert 2 <= found["bar"] - found["top"] <= 6
                assert found["in front"] == ["th", "header"] and found["solid"]
        assert window.overflow() <= 0
        labels = page.locator("table.atlas-facts tbody tr").first.locator("p.facts-label")
        assert all(one.is_visible() == (width < 900) for one in labels.all())
        window.context.close()
