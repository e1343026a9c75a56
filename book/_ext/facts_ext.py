"""Directives that print facts kept as data.

```{cells}
```              every cell: equations, parameters, source, departures, measured errors
```{conventions}
```              who writes the LSTM and the GRU how
```{audit}
```              what `course audit` found in libraries, as it was recorded
"""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import course_utils.conventions
from course_utils import ledger
from course_utils.conventions import CONVENTIONS
from course_utils.specs import SPECS
from sources_seen import by_whom

RESULT, AUDIT = "cell_table", "library_audit"
ERRORS = {"forward": "equations", "autograd": "autograd", "complex": "complex step"}


class Table(SphinxDirective):
    """A table from ``head``, ``widths`` and the rows that ``rows()`` yields as lists of nodes."""

    head, widths, look = (), (), ""

    def run(self):
        group = nodes.tgroup(cols=len(self.head))
        group += [nodes.colspec(colwidth=width) for width in self.widths]
        title = nodes.row("", *(nodes.entry("", *self.text(word)) for word in self.head))
        group += nodes.thead("", title)
        group += nodes.tbody("", *(nodes.row("", *self.entries(row)) for row in self.rows()))
        return [nodes.table("", group, classes=[self.look])]

    def entries(self, row):
        return [nodes.entry("", *cell) for cell in row]

    def text(self, *lines, classes=()):
        """A paragraph for each line of Markdown."""
        paragraphs = []
        for line in lines:
            inline, messages = self.state.inline_text(str(line), self.lineno)
            paragraphs += [nodes.paragraph("", "", *inline, *messages, classes=list(classes))]
        return paragraphs


class Cells(Table):
    """All cells, from the specs and the recorded errors."""

    head, widths, look = ("cell", "one step"), (40, 60), "cells-table"

    def rows(self):
        measured = ledger.result(RESULT)["values"]
        for key, spec in SPECS.items():
            self.env.note_dependency(
                str(Path(course_utils.__file__).parent / "specs" / f"{key}.py")
            )
            errors = self.errors(measured.get(key))
            yield (
                self.text(f"**{spec.title}**", f"`{key}`", spec.summary)
                + self.text(
                    f"{{cite:t}}`{spec.source.cite}`, {self.seen(spec.source)}",
                    *(f"Departure: {words}" for words in spec.departures),
                    f"${spec.parameter_formula()}$ parameters; "
                    f"{spec.parameter_count(3, 5)} for $D = 3, H = 5$",
                    f"off from: {errors}",
                    classes=["ledger-note"],
                ),
                self.text(f"${spec.latex()}$"),
            )

    @staticmethod
    def errors(values):
        """What was recorded of a cell, or how to record it."""
        if values is None:
            return f"not recorded yet (`course run {RESULT}`)"
        return "; ".join(
            f"{label} {values[name]:.0e}" if values[name] is not None else f"{label} –"
            for name, label in ERRORS.items()
        )

    @staticmethod
    def seen(source):
        if source.seen == "paper":
            return source.locator
        if source.seen == "none":
            return f"{source.locator}; recalled, not seen"
        return f"{source.locator}; {by_whom(source.seen)}"


class Conventions(Table):
    """The convention map."""

    head = ("who", "LSTM", "GRU", "layout and biases")
    widths, look = (20, 18, 34, 28), "conventions-table"

    def rows(self):
        self.env.note_dependency(course_utils.conventions.__file__)
        for c in CONVENTIONS:
            layout = self.text(f"{c.layout}; {c.biases}")
            layout += self.text(c.remark, classes=["ledger-note"]) if c.remark else []
            gru = self.text(c.gru, f"reset {c.reset}; z {c.z}")
            yield self.text(f"**{c.who}**"), self.text(c.lstm), gru, layout


class Audit(Table):
    """What ``course audit`` found, from the ledger: a row for each layer."""

    head = ("layer", "is our", "digits", "what explains it")
    widths, look = (26, 20, 20, 34), "audit-table"

    def rows(self):
        self.env.note_dependency(str(ledger.folder("reference/notation") / f"{AUDIT}.json"))
        for library, found in ledger.result(AUDIT)["values"].items():
            for row in found["layers"]:
                digits = f"{row['values']:.0f}, {row['gradients']:.0f}"
                unread = f"as stored {row['unread']:.0f}"
                yield (
                    self.text(f"`{row['layer']}`")
                    + self.text(f"{library} {found['version']}", classes=["ledger-note"]),
                    self.text(f"`{row['key']}`"),
                    self.text(digits) + self.text(unread, classes=["ledger-note"]),
                    self.text(row["why"]),
                )


def setup(app):
    app.add_directive("cells", Cells)
    app.add_directive("audit", Audit)
    app.add_directive("conventions", Conventions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
