"""The directive ``variants``: what every variant changes, what it costs, and where it matters.

    ```{variants}
    ```

Equations and sizes come from the specs, effects and times from the ledger; nothing is typed.  The
radio buttons above the table sort it by CSS alone (``order``): no script is needed.
"""

from pathlib import Path

import numpy as np
import torch
from docutils import nodes

import course_utils
from claims_page import OfTables
from course_utils import counting, equations, ledger, numpy_nn
from course_utils.lab import variant_effects
from course_utils.lab.deep_stacks import DeepStack
from course_utils.lab.variant_effects import VARIANTS, changed, effects
from course_utils.specs import SPECS

HEAD = ("variant, and what it changes", "what it costs", "seen to matter", "not seen to matter")
WIDTHS = (31, 15, 30, 24)
GROUPS = {
    name: f"in {{doc}}`{name} </book/variants/{name}>`"
    for name in ("relatives", "ablations", "structure")
}
ORDERS = {  # as the page says it: the name of the CSS variable
    "as in the chapters": "",
    "parameters": "parameters",
    "operations": "operations",
    "time": "time",
    "how often it mattered": "mattered",
}
SIZE, STEPS = 64, 64  # units and inputs for which operations are counted
WIDE = 2  # the size of ``speed_cells`` that the time is taken from: 256 units


class SortedRow(nodes.row):
    """A row of a table with a place in every order."""


def visit_row(self, node):
    style = ";".join(f"--{name}:{place}" for name, place in node["places"].items())
    self.body.append(self.starttag(node, "tr", "", STYLE=style))
    node.column = 0


def depart_row(self, node):
    self.depart_row(node)


class Variants(OfTables):
    """See the module."""

    def run(self):
        results = Path(course_utils.__file__).parent / "ledger" / "results"
        for path in sorted(results.glob("variants/*/*.json")):
            self.env.note_dependency(str(path))
        self.env.note_dependency(variant_effects.__file__)
        found = [(v, cost(v), effects(v)) for v in VARIANTS]
        keys = {
            "parameters": [c["parameters"] for _, c, _ in found],
            "operations": [c.get("operations", np.inf) for _, c, _ in found],
            "time": [c.get("time", np.inf) for _, c, _ in found],
            "mattered": [-sum(e.seen for e in several) for _, _, several in found],
        }
        places = {name: np.argsort(np.argsort(v, kind="stable")) for name, v in keys.items()}
        rows = []
        for k, (variant, price, several) in enumerate(found):
            row = SortedRow(places={name: int(place[k]) for name, place in places.items()})
            row += self.cells(variant, price, several)
            rows.append(row)
        box = nodes.container(classes=["variants"])
        if self.env.app.builder.name != "notebooks":  # they have the table alone
            box += nodes.raw("", radios(), format="html")
        box += self.table(HEAD, WIDTHS, rows, "variants-table")
        return [box]

    def cells(self, variant, price, several):
        """The four entries of a row."""
        beside = {e.against for e in several}
        one = beside.pop() if len(beside) == 1 else None
        first = self.cell(f"**{variant.title}**")
        first += self.note(GROUPS[variant.group] + (f"; beside: {one}" if one else ""))
        first += self.change(variant)
        yield first
        yield self.lines(price["lines"])
        yield self.lines([said(e, one) for e in several if e.seen] or ["nowhere that we looked"])
        yield self.lines([named(e, one) for e in several if not e.seen] or ["–"])

    def change(self, variant):
        """Paragraphs: the spec's sentence, and the lines that are new or gone."""
        if variant.base is None or variant.change:
            return [self.paragraph(variant.change)]
        spec = SPECS[variant.key]
        new, gone = changed(variant, SPECS)
        words = spec.summary if variant.title != "NP" else "No peepholes: `nn.LSTM`."
        found = [self.paragraph(words)]
        if len(new) == 1:
            found.append(self.paragraph(f"${equations.latex(new, spec.symbols)}$", "variants-line"))
        else:
            names = (equations.latex_name(n.partition(" = ")[0], spec.symbols) for n in new)
            found.append(self.note(f"new lines: ${', '.join(names)}$"))
        if gone:
            names = ", ".join(equations.latex_name(n) for n in gone)
            found.append(self.note(f"gone: ${names}$"))
        return found

    def lines(self, lines):
        entry = nodes.entry("")
        entry += [self.paragraph(line) for line in lines]
        return entry


def named(effect, beside):
    """Task, what it was compared with unless the row says it, and the numbers."""
    against = "" if effect.against == beside else f" ({effect.against})"
    return f"{effect.task}{against}: {effect.numbers}"


def said(effect, beside):
    """A line for what was seen."""
    return f"**{'better' if effect.helps else 'worse'}** on {named(effect, beside)}"


def cost(variant):
    """{"parameters", "operations", "time", "lines"}: multiples of the LSTM's, where known."""
    price = cell_cost(variant.key) if variant.key in SPECS else stack_cost(variant.key)
    if variant.speed and (time := measured(variant.speed)):
        price["time"] = time
    if variant.key == "clockwork":
        price["time"] = ledger.value("clock_cost", "time.3")
    lines = [f"× {price['parameters']:.2f} parameters"]
    if "operations" in price:
        lines.append(f"× {price['operations']:.2f} operations")
    if "products" in price:
        lines.append(f"{price['products']} products a step")
    of = " of a plain RNN" * (variant.key == "clockwork")
    lines.append(f"× {price['time']:.2f} time{of}" if "time" in price else "time not measured")
    return price | {"lines": lines}


def cell_cost(key):
    """A cell beside the LSTM with as many units and inputs; counted on one sequence."""
    here, there = (counts(name) for name in (key, "lstm"))
    sizes = [SPECS[name].parameter_count(SIZE, SIZE) for name in (key, "lstm")]
    price = {"parameters": sizes[0] / sizes[1]}
    if key == "clockwork":  # its readable code computes what a mask then drops
        shares = ledger.value("clock_cost", "counted.3")
        return price | {"operations": shares * counts("rnn").flops / there.flops}
    if here is not None:
        price |= {"operations": here.flops / there.flops,
                  "products": round(len(here.products) / STEPS)}  # fmt: skip
    return price


def counts(key):
    """The log of one sequence of ``STEPS`` steps; None where a cell asks for more than x."""
    spec = SPECS[key]
    if spec.inputs:
        return None
    rng = np.random.default_rng(0)
    params = numpy_nn.init_params(key, SIZE, SIZE, rng)
    x = rng.standard_normal((STEPS, 1, SIZE))
    return counting.counted(lambda p, x: numpy_nn.unroll(key, p, x)[0], params, x)[1]


def stack_cost(key):
    """A structure beside the plain one that it was compared with, weights counted."""
    if key in ("two", "four"):
        sweep = ledger.result("depth_sweep")["values"]
        depth = {"two": "2", "four": "4"}[key]
        return {"parameters": sweep[depth]["parameters"] / sweep["1"]["parameters"]}
    if key == "bidirectional":
        one, two = (torch.nn.LSTM(SIZE, SIZE, bidirectional=b) for b in (False, True))
    else:
        config = ledger.result("deep_training")["config"]
        H, depth = config["hidden"], max(config["depths"])
        one, two = (DeepStack(kind, H, H, 10, depth, 0) for kind in ("plain", key))
    weights, products = zip(*((sum(p.numel() for p in m.parameters()),
                               sum(p.numel() for p in m.parameters() if p.ndim > 1))
                              for m in (one, two)), strict=True)  # fmt: skip
    return {"parameters": weights[1] / weights[0], "operations": products[1] / products[0]}


def measured(name):
    """The recorded time of an update over the LSTM's, 256 units, our compiled code; or None."""
    values = ledger.result("speed_cells")["values"]
    if name == "lstm":
        return 1.0
    if name in values["cells"]:
        one, lstm = (values["cells"][key][WIDE]["seconds"]["fast"] for key in (name, "lstm"))
        return one / lstm
    return values["variants"][WIDE]["over_lstm"].get(name)


def radios():
    """A group of radio buttons; the style sheet sorts by whichever is on."""
    choices = "".join(
        f'<label><input type="radio" name="variants-order" value="{name}"{" checked" * (not name)}>'
        f" {words}</label>"
        for words, name in ORDERS.items()
    )
    return f'<fieldset class="variants-order"><legend>Sort by</legend>{choices}</fieldset>'


def setup(app):
    app.add_node(SortedRow, html=(visit_row, depart_row))
    app.add_directive("variants", Variants)
    app.add_css_file("variants.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
