"""Two networks that train in the page: the controls, the recorded runs, and what stands without
script.

``assets/train_*.js`` compute and draw; ``training_page`` writes them.
"""

from html import escape

import numpy as np

from course_utils.figures.charts import path, tag
from course_utils.figures.controls import slider
from course_utils.figures.errors import FigureError
from course_utils.figures.models import MODELS
from course_utils.figures.page import Html, embedded
from course_utils.figures.training_page import cell_facts
from course_utils.specs import SPECS

TASKS = {
    "cue": "a cue, a gap, a question", "adding": "adding two marked numbers",
    "parity": "parity, bit by bit", "copy": "copy three symbols", "counting": "counting: aⁿbⁿ",
    "reber": "the embedded Reber grammar", "text": "a few lines of text",
}  # fmt: skip
SETTINGS = (
    "task", "length", "units", "rate", "clip", "optimiser", "seed",
    "cell_a", "keep_a", "input_a", "cell_b", "keep_b", "input_b",
)  # fmt: skip
TEXT = """the cat sat on the mat and the rat sat on the hat
the man had a hat and the cat ran at the man"""
LEFT, RIGHT, TOP, BOTTOM, WIDE, HIGH = 60, 20, 30, 220, 640, 262


def trainer(record):
    """Two networks side by side that train in the page, from the same seed on the same batches.

    record: of an experiment, with "config": presets (rows that begin with a name, in the order of
    the page), updates, every, batch, solved; and "values": {name: {"settings": by the names of the
    controls, and a "finding"; "rates": two lists of runs, each the share of right answers at every
    check; "solved": two counts; "of": seeds, 0 before anything is recorded}}.  The page begins with
    the first preset, and its recorded runs are the picture without script.
    """
    config, presets = record["config"], {}
    for name, *_ in config["presets"]:  # a record's values are sorted by name
        found = record["values"][name]
        settings = found["settings"]
        missing = set(SETTINGS) - set(settings)
        if missing:
            raise FigureError(f"presets[{name!r}]: missing {', '.join(sorted(missing))}")
        presets[name] = {
            "settings": {key: settings[key] for key in SETTINGS},
            "finding": told(settings, found, config),
            "rates": found["rates"], "solved": found["solved"], "of": found["of"],
            "every": config["every"], "updates": config["updates"],
        }  # fmt: skip
    cells = {key: cell_facts(spec) for key, spec in SPECS.items()}
    data = {"presets": presets, "cells": cells, "batch": config["batch"],
            "every": config["every"], "updates": config["updates"]}  # fmt: skip
    first = next(iter(presets))
    words = f"{first}: {presets[first]['finding']}"
    buttons = "".join(
        f'<button type="button" data-preset="{escape(n)}" aria-pressed="false">{escape(n)}</button>'
        for n in presets
    )
    body = f"""<section class="u-widget u-train" aria-label="Two networks that train in this page">
{_style()}<div class="u-train-recorded">{recorded_chart(presets[first], first, config)}</div>
{_table(presets)}
<div class="u-story" hidden>
<div class="u-presets" role="group" aria-label="Findings to try">{buttons}</div>
<p class="u-train-finding"></p>
{_controls()}
<div class="u-train-buttons"><button type="button" name="run">Train</button>
<button type="button" name="once">One update</button>
<button type="button" name="again">Start again</button>
<button type="button" name="link">Link to this setting</button></div>
<p class="u-say" aria-live="polite"></p>
<p class="u-train-status"><span data-status="a"></span><span data-status="b"></span></p>
<div class="u-train-charts">{_charts()}</div>
{_reading()}
{_typing()}
</div>
{embedded(data)}
</section>"""
    return Html(body, (), f"figure: {words}")


def told(settings, found, config):
    """What the recorded seeds did, in a sentence of counts."""
    if not found["of"]:
        return settings["finding"]
    names = [SPECS[settings[f"cell_{side}"]].title for side in "ab"]
    for k, side in enumerate("ab"):
        if settings[f"keep_{side}"] is not None:
            names[k] += f" that starts by keeping {settings[f'keep_{side}']:g}"
        if settings[f"input_{side}"] is not None:
            names[k] += f" with input gates started at {settings[f'input_{side}']:g}"
    counts = [f"{n} of {found['of']}" for n in found["solved"]]
    return (
        f"{settings['finding']} Recorded: after {config['updates']} updates {names[0]} is right in "
        f"{config['solved']:.0%} of the answers or more in {counts[0]} seeds, {names[1]} in "
        f"{counts[1]}."
    ).replace("-", "−")


def _style():
    """The ink of every model, and dashes for a second network of the same."""
    rules = "".join(f".u-train-{key} {{ --ink: var(--u-model-{key}); }}" for key in MODELS)
    return f"<style>{rules}.u-train-typed {{ --ink: var(--u-text); }}</style>"


# -- without script --------------------------------------------------------------------------------


def recorded_chart(preset, name, config):
    """The recorded runs of a preset as an SVG."""
    settings, out = preset["settings"], []
    if not preset["of"]:
        return f"<p>{escape(preset['finding'])} No runs are recorded.</p>"

    def x(update):
        return LEFT + (WIDE - LEFT - RIGHT) * update / config["updates"]

    def y(share):
        return BOTTOM - (BOTTOM - TOP) * share

    for share in (0, 0.5, 1):
        out.append(tag("path", {"class": "u-rule", "d": f"M{LEFT} {y(share):g}H{WIDE - RIGHT}"}))
        out.append(tag("text", {"class": "u-tick", "x": LEFT - 8, "y": y(share) + 5,
                                "text-anchor": "end"}, f"{share:.0%}"))  # fmt: skip
    for share in (0, 0.5, 1):
        update = share * config["updates"]
        out.append(tag("text", {"class": "u-tick", "x": x(update), "y": BOTTOM + 20,
                                "text-anchor": "middle"}, f"{update:g}"))  # fmt: skip
    out.append(tag("text", {"class": "u-tick", "x": WIDE - RIGHT, "y": HIGH - 4,
                            "text-anchor": "end"}, "updates"))  # fmt: skip
    out.append(tag("text", {"class": "u-key", "x": 4, "y": 18},
                   "right answers of every recorded seed"))  # fmt: skip
    same = settings["cell_a"] == settings["cell_b"]
    for k, runs in enumerate(preset["rates"]):
        second = " is-second" if k and same else ""
        css = f"u-train-faint u-train-{settings['cell_' + 'ab'[k]]}{second}"
        for run in runs:
            points = [(x(n * config["every"]), y(share)) for n, share in enumerate(run)]
            out.append(tag("path", {"class": css, "d": path(points)}))
    alt = escape(f"{name}: {preset['finding']}", quote=True)
    return (
        f'<svg class="u-figure u-drawing u-chart" viewBox="0 0 {WIDE} {HIGH}" role="img" '
        f'aria-label="{alt}">{"".join(out)}</svg><p>{escape(preset["finding"])}</p>'
    )


def _table(presets):
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(
            f"<td>{escape(SPECS[p['settings'][f'cell_{side}']].title)}: {solved} of {p['of']}</td>"
            for side, solved in zip("ab", p["solved"], strict=True)
        )
        + "</tr>"
        for name, p in presets.items()
    )
    return f"""<details class="u-table" open><summary>The recorded seeds as a table</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Seeds that learned it"><table>
<thead><tr><th scope="col">setting</th><th scope="col">first network</th>
<th scope="col">second network</th></tr></thead><tbody>{rows}</tbody></table></div></details>"""


# -- controls --------------------------------------------------------------------------------------


def _select(label, name, options, chosen):
    inside = "".join(
        f'<option value="{escape(str(v))}"{" selected" if v == chosen else ""}>{escape(t)}</option>'
        for v, t in options
    )
    return f'<label><span>{label}</span><select name="{name}">{inside}</select></label>'


def _controls():
    same = [(v, v) for v in ("0.0005", "0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1",
                             "0.3", "1")]  # fmt: skip
    clips = [("", "none"), *((v, v) for v in ("0.1", "0.3", "1", "3", "10"))]
    cells = [*((key, spec.title) for key, spec in SPECS.items()), ("typed", "your own, below")]
    keeps = [("", "as drawn"), *((v, v) for v in ("0.5", "0.8", "0.9", "0.95", "0.99"))]
    inputs = [("", "as drawn"), *((v, v.replace("-", "−")) for v in ("0", "-1", "-2", "-4", "-6"))]
    sides = ""
    for side, words, key, css in (
        ("a", "First network", "rnn", ""), ("b", "Second network", "lstm", " is-second")
    ):  # fmt: skip
        sides += (
            f'<fieldset><legend>{words}<i data-ink="{side}" class="{css.strip()}"></i></legend>'
            '<div class="u-train-settings">'
            + _select("cell", f"cell_{side}", cells, key)
            + _select("share kept a step at the start", f"keep_{side}", keeps, "")
            + _select("bias of the input gate", f"input_{side}", inputs, "")
            + "</div></fieldset>"
        )
    return f"""<p class="u-train-about"></p><div class="u-train-settings">
{_select("task", "task", list(TASKS.items()), "cue")}
{slider("gap", "u-wide", 1, 60, 1, 20, "length")}
{slider("units", "u-wide", 4, 32, 4, 16, "units")}
{_select("learning rate", "rate", same, "0.005")}
{_select("clip the norm at", "clip", clips, "1")}
{_select("optimiser", "optimiser", [("adam", "Adam"), ("sgd", "SGD")], "adam")}
<label><span>seed</span><input type="number" name="seed" value="1" min="0" max="999999"></label>
</div>
<label hidden><span>text</span><textarea name="text" rows="3" spellcheck="false"
>{escape(TEXT)}</textarea></label>
{sides}"""


def _charts():
    words = {
        "loss": "Loss by update", "rate": "Share of right answers by update",
        "lag": "Norm of the gradient by lag", "norm": "Norm of the gradient by update",
    }  # fmt: skip
    return "".join(
        f'<svg class="u-figure u-drawing" data-chart="{name}" viewBox="0 0 360 214" role="img" '
        f'aria-label="{label}, of both networks"></svg>'
        for name, label in words.items()
    )


def _reading():
    charts = "".join(
        f'<p data-name="look_{side}"></p>'
        + _scrolling(f"One unit of the {words} network", f"look_{side}")
        for side, words in (("a", "first"), ("b", "second"))
    )
    return f"""<h2>What one unit holds while it reads</h2>
<label><span>a sequence of yours</span><input type="text" name="sequence" spellcheck="false"
autocomplete="off" autocapitalize="off"></label>
<p class="u-train-unread" role="status"></p>
<div class="u-grid">{slider("unit", "u-wide", 1, 16, 1, 1, "unit")}</div>
{charts}"""


def _typing():
    """The reader's own cell, and the text of any cell that is trained."""
    fill = [("", "choose a cell"), *((key, SPECS[key].title) for key in typable())]
    lines = "\n".join(SPECS["lstm"].equations)
    texts = [("a", "first network, as it runs here"), ("b", "second network, as it runs here"),
             ("numpy", "your cell in NumPy"), ("torch", "your cell in PyTorch"),
             ("spec", "your cell as a spec of this book")]  # fmt: skip
    return f"""<h2>Type your own cell</h2>
<p>One equation a line. <code>@</code> is a weight times a vector, <code>*</code> goes number by
number, <code>h_prev</code> is <code>h</code> of the step before. Names that begin with a capital
letter, <code>b_</code> or <code>p_</code>, and Greek ones are parameters. Choose <em>your own,
below</em> for one of the networks to train it.</p>
{_select("begin with the equations of", "fill", fill, "")}
<label><span>equations</span><textarea name="equations" rows="8" spellcheck="false"
autocomplete="off" autocapitalize="off">{escape(lines)}</textarea></label>
<ul class="u-train-mistake" aria-live="polite"></ul>
<div class="u-train-own">
<div class="u-equation u-train-set"></div>
{_scrolling("Which quantity reads which", "graph")}
<details class="u-table u-train-checks">
<summary>Its gradients, by reverse mode and by complex step</summary>
<div class="u-scroll" tabindex="0" role="group" aria-label="Gradients checked"><table><thead><tr>
<th scope="col">along a random direction of</th><th scope="col">complex step</th>
<th scope="col">reverse mode</th><th scope="col">they are</th></tr></thead>
<tbody></tbody></table></div></details>
</div>
<details class="u-table u-train-texts"><summary>Code to read and to take away</summary>
{_select("which", "language", texts, "a")}
<p><button type="button" name="copy">Copy</button>
<span class="u-train-copied" role="status"></span></p>
<pre class="u-train-code" tabindex="0" aria-label="Code"></pre>
</details>"""


def typable():
    """Keys of the cells whose equations can be typed: without clocks and without further inputs."""
    return [
        key for key, spec in SPECS.items()
        if not spec.inputs and not any(np.ndim(value) for value in spec.config.values())
    ]  # fmt: skip


def _scrolling(label, chart):
    return (
        f'<div class="u-train-scroll" tabindex="0" role="group" aria-label="{label}">'
        f'<svg class="u-figure u-drawing" data-chart="{chart}" viewBox="0 0 620 200" role="img" '
        'aria-label=""></svg></div>'
    )
