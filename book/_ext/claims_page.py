"""The page of all claims.

    ```{verdicts}
    ```                 counts by verdict
    ```{paper-and-here}
    ```                 a picture: our number on the scale of the paper's
    ```{claims-table}
    ```                 every claim by chapter, with its note, rules and margin

The rows carry classes (``verdict-…``, ``sourced``, ``near``), by which claims.js filters.
"""

import html
from collections import Counter
from itertools import groupby
from math import log
from pathlib import Path

from docutils import nodes

from course_utils import ledger
from course_utils.ledger.claims import NO_NUMBER, OURS, SOURCED
from folds import fold
from ledger_ext import OfClaims

HEAD = ("claim", "here, and in the paper", "verdict")
WIDTHS = (48, 36, 16)
VERDICTS = (*SOURCED, *OURS)
HOLDS = ("reproduced", "partly", "held", "measured")


def kebab(words):
    return words.replace(" ", "-").replace("/", "-")


class OfTables(OfClaims):
    """A table from rows of nodes."""

    def table(self, head, widths, rows, look):
        group = nodes.tgroup(cols=len(head))
        group += [nodes.colspec(colwidth=width) for width in widths]
        group += nodes.thead("", nodes.row("", *(self.cell(name) for name in head)))
        group += nodes.tbody("", *rows)
        return nodes.table("", group, classes=[look])

    def cell(self, text):
        return nodes.entry("", self.paragraph(text))

    def note(self, text):
        return self.paragraph(text, "ledger-note")


class Verdicts(OfTables):
    """How many claims have which verdict, and how many of those hang by less than two."""

    def run(self):
        known = ledger.claims()
        counts = Counter(claim.verdict for claim in known)
        near = Counter(claim.verdict for claim in known if claim.margin.near)
        lines = [(verdict, counts[verdict], near[verdict]) for verdict in VERDICTS]
        lines.append(("together", len(known), near.total()))
        head = ("verdict", "claims", "of these, near the threshold")
        rows = [nodes.row("", *map(self.cell, line)) for line in lines]
        return [self.table(head, (40, 20, 40), rows, "claims-counts")]


class ClaimsTable(OfTables):
    """Every claim, a section a chapter; see the module."""

    def run(self):
        chapters = groupby(sorted(ledger.claims(), key=self.place), key=lambda c: c.chapter)
        return [self.section(chapter, list(claims)) for chapter, claims in chapters]

    def place(self, claim):
        """Chapters in the order of the table of contents, then unknown ones."""
        known = [name for names in self.env.toctree_includes.values() for name in names]
        name = f"book/{claim.chapter}"
        return known.index(name) if name in known else len(known), claim.chapter

    def section(self, chapter, claims):
        name = f"book/{chapter}"
        title = chapter
        if name in self.env.found_docs:
            title = f"{{doc}}`{self.title_of(name)} </{name}>`"
        counts = Counter(claim.verdict for claim in claims)
        said = ", ".join(f"{counts[v]} {v}" for v in VERDICTS if counts[v])
        rows = [self.row(claim) for claim in claims]
        body = self.table(HEAD, WIDTHS, rows, "claims-table")
        count = f"{len(claims)} claim{'s' if len(claims) > 1 else ''}: {said}"
        section = nodes.section(ids=[f"claims-{kebab(chapter)}"], classes=["claims-chapter"])
        section += nodes.title("", "", *self.inline(title))
        section += fold(count, body, classes=["claims-fold"], open=True)
        return section

    def title_of(self, name):
        """The heading of a page, as text: the contents beside this page show no link's target."""
        lines = Path(self.env.doc2path(name)).read_text("utf-8").splitlines()
        return next(line[2:].strip() for line in lines if line.startswith("# "))

    def row(self, claim):
        self.depend(claim)
        self.remember(claim)
        classes = [f"verdict-{kebab(claim.verdict)}"]
        classes += ["sourced"] * bool(claim.source) + ["near"] * claim.margin.near
        row = nodes.row(ids=[f"claim-{claim.id}"], classes=classes)
        numbers = self.cell(claim.ours_with_interval)
        if source := self.source(claim):
            there = "" if claim.paper_text == NO_NUMBER else f"{claim.paper_text}, "
            numbers += self.note(f"paper: {there}{source}")
        verdict = self.cell(claim.verdict)
        if claim.margin.near:
            verdict += self.note(f"near: {claim.margin.text}")
        for kind, there in claim.elsewhere.items():
            if there != claim.verdict:
                verdict += self.note(f"{there} on {kind}")
        row += [self.statement(claim), numbers, verdict]
        return row

    def statement(self, claim):
        entry = self.cell(claim.statement)
        body = [self.note(claim.note)] if claim.note else []
        rules = ", ".join(f"`{rule.text}`" for rule in claim.rules)
        body += [
            self.note(f"Rules: {rules}, for `{claim.value}` of `{claim.result}`"),
            self.note(f"Margin: {claim.margin.text}"),
        ]
        entry += fold(f"{claim.id}", *body, classes=["claim-more"])
        return entry

    def remember(self, claim):
        """Let {ref} find the row, from any page."""
        domain = self.env.get_domain("std")
        name = f"claim-{claim.id}"
        domain.anonlabels[name] = self.env.docname, name
        domain.labels[name] = self.env.docname, name, claim.id


class PaperAndHere(OfTables):
    """Every claim whose paper's number counts what ours counts, on the scale of the paper's."""

    def run(self):
        known = [c for c in ledger.claims() if c.against]
        scaled = sorted((c for c in known if min(c.against) > 0), key=lambda c: ratio(c))
        rest = [c for c in known if min(c.against) <= 0]
        return [nodes.raw("", picture(scaled, rest), format="html")]


def ratio(claim):
    there, here = claim.against
    return here / there


ROW, TOP, WIDEST = 46, 36, 16  # px; px; the scale runs to this factor at most


def picture(scaled, rest):
    """An SVG as wide as its place, in px and per cent, so that letters keep their size."""
    far = max(2, *(max(ratio(c), 1 / ratio(c)) for c in scaled)) if scaled else 2
    far = min(WIDEST, 2 ** -(-log(far, 2) // 1))
    height = TOP + ROW * (len(scaled) + len(rest)) + 8

    def x(factor):
        """Per cent of the width; the paper's number stands in the middle."""
        clipped = min(max(factor, 1 / far), far)
        return 50 + 44 * log(clipped) / log(far)

    def rule(factor, text, kind):
        return (
            f'<line x1="{x(factor):.2f}%" x2="{x(factor):.2f}%" y1="{TOP - 8}" '
            f'y2="{height - 8}" class="{kind}"/>'
            f'<text x="{x(factor):.2f}%" y="{TOP - 14}" text-anchor="middle">{text}</text>'
        )

    def row(k, claim, at, shape):
        there, here = claim.against
        unit = str(claim.paper.get("unit") or "").split(",")[0]
        unit = "%" if unit.startswith("%") else unit
        y = TOP + ROW * k
        numbers = html.escape(f"{number(there)} → {number(here)} {unit}")
        kind = "holds" if claim.verdict in HOLDS else "fails"
        return (
            f'<g class="{kind}"><a href="#claim-{claim.id}">'
            f'<text x="0" y="{y + 14}">{claim.id}</text></a>'
            f'<text x="100%" y="{y + 14}" text-anchor="end">{numbers}</text>'
            f'<line x1="{x(1):.2f}%" x2="{at:.2f}%" y1="{y + 28}" y2="{y + 28}" class="stem"/>'
            + shape.format(x=at, y=y + 28)
            + "</g>"
        )

    dot = '<circle cx="{x:.2f}%" cy="{y}" r="5.5"/>'
    arrow = '<svg x="{x:.2f}%" y="{y}" overflow="visible"><path d="M-4 -6 L7 0 L-4 6 Z"/></svg>'
    rows = [row(k, c, x(ratio(c)), dot) for k, c in enumerate(scaled)]
    rows += [row(k + len(scaled), c, 97, arrow) for k, c in enumerate(rest)]
    ticks = [(1 / far, f"1/{far:g}"), (1, "as in the paper"), (far, f"{far:g} times")]
    lines = [rule(f, text, "paper" if f == 1 else "tick") for f, text in ticks]
    spoken = "; ".join(
        f"{c.id}: {number(c.against[0])} there, {number(c.against[1])} here" for c in scaled + rest
    )
    return (
        f'<svg class="paper-and-here" width="100%" height="{height}" role="group" '
        f'aria-label="{html.escape(spoken)}">{"".join(lines)}{"".join(rows)}</svg>'
    )


def number(x):
    return f"{x:,.0f}" if abs(x) >= 100 or x == int(x) else f"{x:.3g}"


def setup(app):
    app.setup_extension("folds")
    app.add_directive("verdicts", Verdicts)
    app.add_directive("claims-table", ClaimsTable)
    app.add_directive("paper-and-here", PaperAndHere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
