"""Numbers and claims from the ledger, so that prose never types one.

    {ours}`claim-id`   {paper}`claim-id`   {value}`result:path`   {value}`result:path|.3f`

    ```{claims} id1 id2
    ```

``claims`` prints the table "claim | paper | here | verdict"; without ids, every claim by chapter.
Everything becomes ordinary docutils nodes, so each builder can print it.  An unknown id is an error
that names page and line.
"""

from itertools import groupby

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from course_utils import ledger

HEAD = ("claim", "paper", "here", "verdict")
WIDTHS = (50, 18, 18, 14)


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


class Claims(SphinxDirective):
    """A table of claims; see the module."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        names = self.arguments[0].split() if self.arguments else None
        if names is None:
            return list(self.by_chapter())
        try:
            return [self.table([ledger.claim(name) for name in names])]
        except (KeyError, ValueError) as error:
            raise self.error(f"claims: {error.args[0]}") from None

    def by_chapter(self):
        """A paragraph that links the chapter, and its table, for every chapter that claims."""
        found = sorted(ledger.claims(), key=lambda claim: claim.chapter)
        for chapter, group in groupby(found, key=lambda claim: claim.chapter):
            known = f"book/{chapter}" in self.env.found_docs
            heading = f"{{doc}}`/book/{chapter}`" if known else f"`{chapter}`"
            yield nodes.rubric("", "", *self.inline(heading))
            yield self.table(list(group))

    def table(self, claims):
        group = nodes.tgroup(cols=len(HEAD))
        group += [nodes.colspec(colwidth=width) for width in WIDTHS]
        head = nodes.thead("", self.row(self.cell(name) for name in HEAD))
        body = nodes.tbody("", *(self.row(self.cells(claim)) for claim in claims))
        group += [head, body]
        return nodes.table("", group, classes=["ledger-claims"])

    def row(self, cells):
        return nodes.row("", *cells)

    def cells(self, claim):
        statement = self.cell(claim.statement)
        if claim.note:
            statement += nodes.paragraph("", "", *self.inline(claim.note), classes=["ledger-note"])
        quoted = self.cell(claim.paper_text)
        if source := self.source(claim):
            quoted += nodes.paragraph("", "", *source, classes=["ledger-note"])
        return statement, quoted, self.cell(claim.ours_text), self.cell(claim.verdict)

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

    def cell(self, text):
        return nodes.entry("", nodes.paragraph("", "", *self.inline(text)))

    def inline(self, text):
        """Nodes of one line of Markdown; $math$ and roles work."""
        found, messages = self.state.inline_text(str(text), self.lineno)
        return [*found, *messages]


def setup(app):
    app.add_directive("claims", Claims)
    for name, find in {"ours": ours, "paper": paper, "value": value}.items():
        app.add_role(name, Number(find))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
