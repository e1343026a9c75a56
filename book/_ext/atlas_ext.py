"""The directives of the atlas; those of the pages of the cells are in ``atlas_cells``.

    ```{atlas-map}            the family as a tree, from the equations
    ```{atlas-table}          a row for each cell, which atlas.js sorts and filters
    ```{atlas-count} gated    how many cells; a role of the same name stands in a sentence
    ```{cell-facts} KEY       year, states, what is gated, parameters and operations
    ```{cell-names} KEY       the names of the paper and of the code (atlas_letters)
    ```{cell-diagram} KEY     the cell as a circuit
    ```{cell-lines} KEY       its equations beside those of its nearest relative
    ```{cell-source} KEY      where the equations are from
    ```{atlas-measured}       a row of measured facts for each cell
    ```{cell-measured} KEY    its own row, in words
    ```{cell-places} KEY      which pages of the book speak of it

Everything is read off the specs, counted or recorded; what is typed are the names and the second
sentences of ``atlas.yml``.
"""

import re

from docutils import nodes
from docutils.statemachine import StringList

import atlas_cells
import atlas_facts
import cell_pages
import family_drawing
from atlas_cells import SIZE, OfCells, counted, depend, over, summed, thousands
from course_utils import equations, ledger
from course_utils.family.descent import walk
from course_utils.family.kinship import weight
from course_utils.family.lines import between
from course_utils.family.traits import traits
from course_utils.specs import SPECS

CHAPTER = cell_pages.ATLAS.removeprefix("book/")  # of the claims


class AtlasRow(nodes.row):
    """A row with what it is sorted and filtered by."""


def visit_row(self, node):
    by = {f"data-{name}": value for name, value in node["by"].items()}
    self.body.append(self.starttag(node, "tr", "", **by))
    node.column = 0


def depart_row(self, node):
    self.depart_row(node)


COLUMNS = ("cell", "what it is, and beside its nearest elder", "gates and states", "cost")
WIDTHS = (18, 36, 17, 29)


class AtlasTable(OfCells):
    """All cells."""

    required_arguments = 0

    def run(self):
        depend(self.env)
        rows = [self.row(key) for key in SPECS]
        box = nodes.container(classes=["atlas"])
        box += self.table(COLUMNS, WIDTHS, rows, "atlas-table")
        return [box]

    def row(self, key):
        spec, found = SPECS[key], traits(SPECS[key])
        year = cell_pages.years(self.place)[key]
        branch = cell_pages.branches(self.place)[key]
        size, (products, other, _) = spec.parameter_count(SIZE, SIZE), counted(key)
        row = AtlasRow(by={
            "name": spec.title, "year": year, "parameters": size,
            "operations": round(products + other), "distance": branch.kin.cost if branch.kin else 0,
            "gated": yes(found.gates), "linear": yes(found.linear),
            "states": len(found.carried),
        })  # fmt: skip
        first = self.cell(f"{self.link(key)}")
        first += self.note(f"{spec.title}, {year}; `{key}`" if self.short(key) != spec.title
                           else f"{year}; `{key}`")  # fmt: skip
        row += first
        second = self.cell(cell_pages.summary(key))
        if branch.parent:
            lines = between(spec, SPECS[branch.parent], branch.kin)
            second += self.note(f"beside {self.link(branch.parent)}: {summed(lines)}")
        row += second
        gates = ", ".join(f"${equations.latex_name(n, spec.symbols)}$" for n in found.gates)
        third = self.cell(f"gates: {gates or 'none'}")
        states = ", ".join(f"${equations.latex_name(n, spec.symbols)}$" for n in found.carried)
        third += self.paragraph(f"carried: {states}")
        if found.linear:
            third += self.note("linear along time" + ", can be scanned" * found.scanned)
        row += third
        lstm = counted("lstm")
        fourth = self.cell(f"${spec.parameter_formula()}$ parameters")
        fourth += self.note(f"{over(size, SPECS['lstm'].parameter_count(SIZE, SIZE))} of an "
                            "LSTM's parameters")  # fmt: skip
        fourth += self.note(f"{over(products + other, lstm[0] + lstm[1])} of its operations "
                            f"({thousands(products + other)})")  # fmt: skip
        row += fourth
        return row


class AtlasMeasured(OfCells):
    """The tasks, and a row of measured facts for each cell; nothing where none is recorded."""

    required_arguments = 0

    def run(self):
        depend(self.env)
        tasks, facts, arrivals = cell_pages.recorded()
        if not tasks and not arrivals:
            return []
        columns = atlas_facts.columns(tasks, arrivals)
        rows = [self.row(key, columns, facts, arrivals) for key in SPECS]
        widths = (16, *[round(84 / len(columns))] * len(columns))
        section = nodes.section(ids=["measured"])
        section += nodes.title("", "Measured")
        section += [self.paragraph(text) for text in atlas_facts.PROTOCOL]
        section += self.listed(atlas_facts.about(tasks, arrivals, self.link))
        known = ledger.recorded()
        claims = [claim for claim in ledger.claims() if claim.chapter == CHAPTER]
        if said := [claim.id for claim in claims if claim.result in known]:
            text = StringList([f"```{{claims}} {' '.join(said)}", "```"], source=self.env.docname)
            self.state.nested_parse(text, self.content_offset, section)
        head = ("cell", *(column.title for column in columns))
        section += self.table(head, widths, rows, "atlas-table atlas-facts")
        self.state.document.note_implicit_target(section)
        return [section]

    def row(self, key, columns, facts, arrivals):
        found = [column.shown(facts.get(key, {}), arrivals.get(key)) for column in columns]
        traits_ = traits(SPECS[key])
        by = {"name": SPECS[key].title, "year": cell_pages.years(self.place)[key],
              "gated": yes(traits_.gates), "linear": yes(traits_.linear),
              "states": len(traits_.carried)}  # fmt: skip
        by |= {f"fact{k}": f"{k + 1}:{value}" for k, (value, _) in enumerate(found)}
        row = AtlasRow(by=by)
        row += self.cell(self.link(key))
        for column, (_, lines) in zip(columns, found, strict=True):
            entry = nodes.entry("")
            entry += nodes.paragraph("", column.title, classes=["facts-label"])
            entry += [self.paragraph(lines[0]), *map(self.note, lines[1:])]
            row += entry
        return row


def yes(fact):
    return "yes" if fact else "no"


class AtlasMap(OfCells):
    """The tree."""

    required_arguments = 0

    def run(self):
        depend(self.env)
        drawn = family_drawing.drawings(self.stops())
        return [nodes.raw("", drawn, format="html")]

    def stops(self):
        branches, years = cell_pages.branches(self.place), cell_pages.years(self.place)
        uri = self.env.app.builder.get_relative_uri
        return [
            family_drawing.Stop(
                key=key, name=self.short(key), year=years[key], depth=depth,
                parent=branches[key].parent, far=is_far(key, branches[key]),
                gates=len(traits(SPECS[key]).gates), states=len(traits(SPECS[key]).carried),
                linear=traits(SPECS[key]).linear, scanned=traits(SPECS[key]).scanned,
                link=uri(self.env.docname, f"{cell_pages.FOLDER}/{key}"),
            )
            for key, depth in walk(branches)
        ]  # fmt: skip


def is_far(key, branch):
    return branch.kin is not None and branch.kin.cost / weight(SPECS[key]) > family_drawing.FAR


COUNTS = {
    "cells": lambda found: True,
    "gated": lambda found: bool(found.gates),
    "linear": lambda found: found.linear,
    "scanned": lambda found: found.scanned,
    "one state": lambda found: len(found.carried) == 1,
}


def count(name, rawtext, text, lineno, inliner, options=None, content=None):
    """{atlas-count}`gated`: how many cells there are of which that can be said."""
    if text not in COUNTS:
        message = inliner.reporter.error(f"atlas-count: one of {', '.join(COUNTS)}", line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    return [nodes.Text(str(sum(COUNTS[text](traits(spec)) for spec in SPECS.values())))], []


def setup(app):
    app.add_node(AtlasRow, html=(visit_row, depart_row))
    for kind in (*atlas_cells.DIRECTIVES, AtlasTable, AtlasMap, AtlasMeasured):
        app.add_directive(re.sub(r"(?<!^)([A-Z])", r"-\1", kind.__name__).lower(), kind)
    app.add_role("atlas-count", count)
    app.add_css_file("atlas.css")
    app.add_js_file("atlas.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
