"""Numbers and claims from the ledger, so that prose never types one.

    {ours}`claim-id`   {paper}`claim-id`   {value}`result:path`   {value}`result:path|.3f`

    ```{claims} id1 id2
    ```

    ```{verdicts}
    ```

``claims`` prints the table "claim | paper | here | verdict"; without ids, every claim by chapter.
There every claim has its margin, elsewhere those whose verdict hangs by less than two seeds or
standard errors.  ``verdicts`` counts the claims by verdict.
Everything becomes ordinary docutils nodes, so each builder can print it.  An unknown id is an error
that names page and line.
"""

from collections import Counter
from itertools import groupby

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from course_utils import ledger
from course_utils.ledger.claims import OURS, SOURCED

HEAD = ("claim", "paper", "here", "verdict")
WIDTHS = (50, 18, 18, 14)
VERDICTS = (*SOURCED, *OURS)


class Number(SphinxRole):
    """A role whose text is looked up by ``find``, which raises KeyError for what is unknown."""

    def __init__(self, find):
        self.find = find

    def run(self):
        try:
            text = self.find(self.text)
        except (KeyError, ValueError) as error:
            why = error.args[0] if error.args else error
            message = self.inliner.reporter.error(
                f"{self.name} {self.text!r}: {why}", line=self.lineno
            )
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        return [nodes.inline(self.rawtext, text, classes=["ledger"])], []


def ours(name):
    return ledger.claim(name).ours_text


def paper(name):
    claim = ledger.claim(name)
    if claim.paper is None:
        raise ValueError("the ledger has no number of the paper for this claim")
    return claim.paper_text


def value(text):
    """``result:path|format`` -> the recorded value as text."""
    where, _, form = text.partition("|")
    result, colon, path = where.partition(":")
    if not colon:
        raise ValueError("expected result:path, optionally with |format")
    return format(ledger.value(result.strip(), path.strip()), form.strip())


class Table(SphinxDirective):
    """What the two tables share."""

    def table(self, head, widths, rows):
        group = nodes.tgroup(cols=len(head))
        group += [nodes.colspec(colwidth=width) for width in widths]
        group += nodes.thead("", nodes.row("", *(self.cell(name) for name in head)))
        group += nodes.tbody("", *(nodes.row("", *cells) for cells in rows))
        return nodes.table("", group, classes=["ledger-claims"])

    def cell(self, text):
        return nodes.entry("", nodes.paragraph("", "", *self.inline(text)))

    def inline(self, text):
        """Nodes of one line of Markdown; $math$ and roles work."""
        inline, messages = self.state.inline_text(str(text), self.lineno)
        return [*inline, *messages]


class Verdicts(Table):
    """How many claims have which verdict, and how many of those hang by less than two."""

    def run(self):
        known = ledger.claims()
        counts = Counter(claim.verdict for claim in known)
        near = Counter(claim.verdict for claim in known if claim.margin.near)
        rows = [(verdict, counts[verdict], near[verdict]) for verdict in VERDICTS]
        rows.append(("together", len(known), near.total()))
        head = ("verdict", "claims", "of these, near the threshold")
        return [self.table(head, (40, 20, 40), [map(self.cell, row) for row in rows])]


class Claims(Table):
    """A table of claims; see the module."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        names = self.arguments[0].split() if self.arguments else None
        if names is None:
            return list(self.by_chapter())
        try:
            return [self.of([ledger.claim(name) for name in names])]
        except (KeyError, ValueError) as error:
            raise self.error(f"claims: {error.args[0]}") from None

    def by_chapter(self):
        """A paragraph that links the chapter, and its table, for every chapter that claims."""
        claims = sorted(ledger.claims(), key=lambda claim: claim.chapter)
        for chapter, group in groupby(claims, key=lambda claim: claim.chapter):
            known = f"book/{chapter}" in self.env.found_docs
            heading = f"{{doc}}`/book/{chapter}`" if known else f"`{chapter}`"
            yield nodes.rubric("", "", *self.inline(heading))
            yield self.of(list(group), margins=True)

    def of(self, claims, margins=False):
        """The table of these; margins: of all of them, not only of those near the threshold."""
        return self.table(HEAD, WIDTHS, [self.cells(claim, margins) for claim in claims])

    def cells(self, claim, margins):
        statement = self.cell(claim.statement)
        if claim.note:
            statement += self.note(claim.note)
        quoted = self.cell(claim.paper_text)
        if source := self.source(claim):
            quoted += nodes.paragraph("", "", *source, classes=["ledger-note"])
        verdict = self.cell(claim.verdict)
        margin = claim.margin
        if margin.near:
            verdict += self.note(f"near: {margin.text}")
        elif margins:
            verdict += self.note(margin.text)
        for kind, there in claim.elsewhere.items():
            if there != claim.verdict:
                verdict += self.note(f"{there} on {kind}")
        return statement, quoted, self.cell(claim.ours_text), verdict

    def note(self, text):
        return nodes.paragraph("", "", *self.inline(text), classes=["ledger-note"])

    def source(self, claim):
        """A citation and the place in the source, as nodes."""
        cite, locator = claim.source.get("cite"), claim.source.get("locator")
        if not cite:
            return []
        text = f"{{cite:t}}`{cite}`" + (f", {locator}" if locator else "")
        seen = str(claim.source.get("seen") or "")
        if seen.startswith("quoted:"):
            text += f", as quoted by {seen.removeprefix('quoted:').strip()}"
        return self.inline(text)


def setup(app):
    app.add_directive("claims", Claims)
    app.add_directive("verdicts", Verdicts)
    for name, find in {"ours": ours, "paper": paper, "value": value}.items():
        app.add_role(name, Number(find))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
