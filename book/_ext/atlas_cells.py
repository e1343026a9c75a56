"""The directives of the page of one cell, see ``atlas_ext``, and what they share with the atlas."""

import html
import re
from functools import cache
from pathlib import Path

import numpy as np
from docutils import nodes

import atlas_facts
import atlas_letters
import cell_pages
import course_utils.specs
import family_drawing
from claims_page import OfTables
from course_utils import counting, equations, ledger, numpy_nn
from course_utils.family.kinship import relatives, weight
from course_utils.family.lines import CHANGED, GONE, KEPT, NEW, TURNED, between
from course_utils.family.traits import traits
from course_utils.figures import cell_diagram, compare
from course_utils.specs import SPECS
from sources_seen import by_whom

SIZE, STEPS = 64, 8  # inputs and units, and steps, for which operations are counted
SIGNS = {KEPT: "=", TURNED: "=", CHANGED: "~", NEW: "+", GONE: "−"}
KEEPS = {
    "1": "with weight 1", "a constant": "with a fixed weight", "a weight": "with a trained weight",
    "a clock": "as it is, where a clock holds the unit", "a gate": "times a gate",
    "nothing": "through the recurrent matrix alone",
}  # fmt: skip
INSIDE = {  # the functions of which an old state is an argument, unit by unit
    "tanh": "inside a tanh, which holds it between −1 and 1",
    "relu": "inside a ReLU, which cuts what is negative and limits nothing else",
}


class OfCells(OfTables):
    """What the directives share."""

    required_arguments = 1

    @property
    def place(self):
        return str(self.env.srcdir)

    def run(self):
        key = self.arguments[0]
        if key not in SPECS:
            raise self.error(f"{self.name}: there is no cell {key!r}; choose from {list(SPECS)}")
        folder = Path(course_utils.specs.__file__).parent
        for path in (folder / f"{key}.py", Path(self.place, cell_pages.WORDS)):
            self.env.note_dependency(str(path))
        return self.of(SPECS[key])

    def short(self, key):
        return cell_pages.short(self.place, key)

    def link(self, key):
        """Markdown that leads to a cell's page."""
        return f"{{doc}}`{self.short(key)} </{cell_pages.FOLDER}/{key}>`"

    def listed(self, lines):
        return nodes.bullet_list("", *(nodes.list_item("", self.paragraph(x)) for x in lines))

    def facts(self, rows):
        """A table of two columns without a head."""
        group = nodes.tgroup("", cols=2)
        group += [nodes.colspec(colwidth=w) for w in (30, 70)]
        group += nodes.tbody("", *(nodes.row("", *map(self.cell, row)) for row in rows))
        return nodes.table("", group, classes=["cell-facts"])


def depend(env):
    """Read the page anew when any cell changes."""
    for path in Path(course_utils.specs.__file__).parent.glob("*.py"):
        env.note_dependency(str(path))
    env.note_dependency(cell_pages.WORDS)
    for path in ledger.results.FOLDER.rglob("atlas_*.json"):
        env.note_dependency(str(path))


# -- counts ----------------------------------------------------------------------------------------


@cache
def counted(key):
    """(multiply-adds counted as two, other operations, products) of one step of one sequence."""
    spec, rng = SPECS[key], np.random.default_rng(0)
    params = numpy_nn.init_params(key, SIZE, SIZE, rng)
    x = rng.standard_normal((STEPS, 1, SIZE))
    more = {name: rng.standard_normal((STEPS, 1, SIZE)) for name in spec.inputs}
    _, log = counting.counted(lambda p, x, m: numpy_nn.unroll(key, p, x, **m)[0], params, x, more)
    other = sum(call.flops for call in log.rest)
    return log.flops / STEPS, other / STEPS, len(log.products) / STEPS


def over(a, b):
    return f"{a / b:.2f}"


def thousands(number):
    return f"{round(number):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


# -- of one cell -----------------------------------------------------------------------------------


class CellFacts(OfCells):
    """Year, states, gates, way along time, cost."""

    def of(self, spec):
        found = traits(spec)
        year = cell_pages.years(self.place)[spec.key]
        products, other, _ = counted(spec.key)
        lstm = counted("lstm")
        size = spec.parameter_count(SIZE, SIZE)
        ratio = over(size, SPECS["lstm"].parameter_count(SIZE, SIZE))
        rows = [
            ("Name in the code, year", f"`{spec.key}`, {year}"),
            ("States", self.states(spec, found)),
            ("Gates", ", ".join(f"${equations.latex_name(n, spec.symbols)}$" for n in found.gates)
             or "none"),
            ("The old state arrives", keeps(found)),
            ("Along time", along(spec, found)),
            ("Parameters", f"${spec.parameter_formula()}$; {thousands(size)} for "
                           f"$D = H = {SIZE}$, {ratio} of an LSTM's"),
            ("Operations a step", f"{thousands(products)} in matrix products and "
             f"{thousands(other)} besides, {over(products + other, lstm[0] + lstm[1])} "
             f"of an LSTM's, as our NumPy code runs it"),
        ]  # fmt: skip
        return [self.facts(rows)]

    @staticmethod
    def states(spec, found):
        names = [f"${equations.latex_name(name, spec.symbols)}$" for name in found.carried]
        shown = equations.latex_name(spec.output, spec.symbols)
        return f"carried to the next step: {', '.join(names)}; shown: ${shown}$"


def keeps(found):
    """In words, how the old state comes into the new one."""
    return "; ".join(INSIDE[name] for name in found.through) or KEEPS[found.keeps]


def along(spec, found):
    """In words, how a step depends on the step before."""
    if found.scanned:
        has = hasattr(numpy_nn.get_cell(spec.key), "coefficients")
        how = "`numpy_nn.unroll_scan`" if has else "here it runs step by step"
        return f"linear, unit by unit: a scan can compute all steps at once ({how})"
    if found.linear:
        return "linear, through a matrix"
    return "not linear: step by step"


class CellNames(OfCells):
    """What the paper and the code call what stands in the equations; which weights are vectors."""

    def of(self, spec):
        said = [*atlas_letters.functions(spec), *atlas_letters.names(spec),
                *atlas_letters.vectors(spec)]  # fmt: skip
        return [self.paragraph(" ".join(said))] if said else []


class CellDiagram(OfCells):
    """The circuit."""

    def of(self, spec):
        drawn = cell_diagram(spec.key).html()
        return [nodes.raw("", f'<div class="cell-diagram">{drawn}</div>', format="html")]


class CellLines(OfCells):
    """The equations beside those of the relative: kept, changed, new and gone, in words."""

    def of(self, spec):
        branch = cell_pages.branches(self.place)[spec.key]
        if branch.parent is None:
            return [self.paragraph("It is the eldest of these cells: the others are compared with "
                                   "what came before them."), *self.near(spec, ())]  # fmt: skip
        other, kin = SPECS[branch.parent], branch.kin
        lines = between(spec, other, kin)
        year = f" ({cell_pages.years(self.place)[other.key]})"
        year = "" if self.short(other.key).endswith(year) else year
        said = [self.paragraph(f"Of the cells that are no younger, {self.link(other.key)}{year} "
                               f"is nearest: {summed(lines)}. "
                               + measure(spec, kin)), *self.letters(spec, other, kin)]  # fmt: skip
        table = f"""<div class="cell-lines"><table>
<caption>{html.escape(spec.title)}, beside {html.escape(other.title)} in the same letters</caption>
<thead><tr><th scope="col">line</th><th scope="col">here</th>
<th scope="col">{html.escape(self.short(other.key))}</th></tr></thead>
<tbody>{"".join(line_html(line, spec, other) for line in lines)}</tbody></table></div>"""
        return [*said, nodes.raw("", table, format="html"), *self.near(spec, (other.key,))]

    def letters(self, spec, other, kin):
        """A sentence where letters were exchanged."""
        said = []
        for its, mine in sorted(kin.names.items()):
            theirs, ours = atlas_letters.letter(other, its), atlas_letters.letter(spec, mine)
            if its in kin.turned:
                said.append(f"its ${theirs}$ is $1 - {ours}$ here")
            elif its != mine:
                said.append(f"its ${theirs}$ is ${ours}$ here")
        turned = (" A line that is turned computes the same for a gate that stands for 1 minus the "
                  "other's, and counts 1." if kin.turned else "")  # fmt: skip
        return [self.note(f"In letters: {'; '.join(said)}.{turned}")] if said else []

    def near(self, spec, known):
        """The nearest of all cells, elder or younger."""
        others = [s for key, s in SPECS.items() if key not in (spec.key, *known)]
        found = relatives(spec, others, 3)
        names = ", ".join(f"{self.link(other.key)} ({kin.cost:g})" for other, kin in found)
        return [self.paragraph(f"Near it are also, of any age: {names}.")] if found else []


def summed(lines):
    """How many lines are kept, turned, changed, new and gone, in words."""
    counts = {state: sum(line.state == state for line in lines) for state in SIGNS}
    said = [f"{n} line{'s' * (n > 1)} {state}" for state, n in counts.items() if n]
    return ", ".join(said)


def measure(spec, kin):
    """The distance in words."""
    share = kin.cost / weight(spec)
    far = " More than half of the cell is new." if share > family_drawing.FAR else ""
    return (f"The distance, counted as {{doc}}`/{cell_pages.ATLAS}` says, is {kin.cost:g}, where "
            f"writing the cell from nothing costs {weight(spec):g}.{far}")  # fmt: skip


def line_html(line, spec, other):
    """A row: sign and word, the line here, the line of the relative; differing pieces marked."""
    here, there = (
        atlas_letters.pieces(text, spec, other) if text else [] for text in (line.here, line.there)
    )
    if line.state in (KEPT, TURNED):
        same = [True] * len(here), [True] * len(there)
    else:
        same = compare.kept(here, there)
    cells = "".join(
        f'<td data-head="{head}">{marked(pieces, kept, tag) or "–"}</td>'
        for head, pieces, kept, tag in (("here", here, same[0], "ins"),
                                        ("there", there, same[1], "del"))
    )  # fmt: skip
    return (f'<tr class="is-{line.state}"><th scope="row"><span aria-hidden="true">'
            f"{SIGNS[line.state]}</span> {line.state}</th>{cells}</tr>")  # fmt: skip


def marked(pieces, kept, tag):
    """Pieces of an equation, runs of those that differ in one element."""
    text = "".join(p if same else f"<{tag}>{p}</{tag}>"
                   for p, same in zip(pieces, kept, strict=True))  # fmt: skip
    return text.replace(f"</{tag}><{tag}>", "")


class CellSource(OfCells):
    """Where the equations are from, and what was seen of the paper."""

    def of(self, spec):
        source = spec.source
        seen = {"paper": "read in the paper", "none": "recalled, not seen"}.get(
            source.seen, by_whom(source.seen)
        )
        return [self.paragraph(f"{{cite:t}}`{source.cite}`, {source.locator}; {seen}.")]


class CellMeasured(OfCells):
    """What is recorded of the cell, a line for each task."""

    def of(self, spec):
        depend(self.env)
        tasks, facts, arrivals = cell_pages.recorded()
        lines = [atlas_facts.arrived(arrivals[spec.key])] if spec.key in arrivals else []
        lines += [atlas_facts.sentence(tasks[name], row, self.link)
                  for name, row in facts[spec.key].items()]  # fmt: skip
        protocol = ("Behind a share of nets, a median and a rank stands, in brackets, its 95 % "
                    "interval over seeds. The protocol, and what does not follow, are in "
                    "{doc}`/book/reference/atlas`.")  # fmt: skip
        return [self.listed(lines), self.paragraph(protocol)]


class CellPlaces(OfCells):
    """The pages that speak most of the cell, and those on which all cells can be tried."""

    def of(self, spec):
        found = mentions(self.place, tuple(sorted(self.env.found_docs)))[spec.key]
        lines = [f"{{doc}}`/{name}`" for name in found]
        lines += ["{doc}`/book/playground`: train it beside another cell",
                  "{doc}`/book/reference/atlas`: all cells in one table"]  # fmt: skip
        return [self.listed([line for line in lines if self.there(line)])]

    def there(self, line):
        return re.search(r"`/([^`]+)`", line)[1] in self.env.found_docs


@cache
def mentions(srcdir, docs):
    """{key: the pages of the parts that speak of the cell, those that do so most first}."""
    texts = {name: Path(srcdir, f"{name}.md").read_text("utf-8") for name in docs
             if name.count("/") == 2 and "/reference/" not in name
             and Path(srcdir, f"{name}.md").is_file()}  # fmt: skip
    found = {}
    for key, spec in SPECS.items():
        also = cell_pages.words(srcdir).get(key, {}).get("also", [])
        names = "|".join(re.escape(n) for n in {spec.title, cell_pages.short(srcdir, key), *also})
        told = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])|[\"'`]{key}[\"'`]|\}} {key}$", re.M)
        counts = {name: len(told.findall(text)) for name, text in texts.items()}
        ranked = sorted((name for name in counts if counts[name]), key=lambda n: -counts[n])
        found[key] = ranked[: cell_pages.MOST]
    return found


DIRECTIVES = (
    CellFacts, CellNames, CellDiagram, CellLines, CellSource, CellMeasured, CellPlaces,
)  # fmt: skip
