"""Numbers and claims from the ledger, so that prose never types one.

    {ours}`claim-id`   {paper}`claim-id`   {value}`result:path`   {value}`result:path|.3f`

    ```{claims} id1 id2
    ```                      a quiet line for each, below the sentence that they support

Below the first of a page a fold says how to read such a line.  ``:short:`` leaves the sentences
out, where the text above says them already.  The table of all is
on its own page (claims_page.py), which each line links.  Everything becomes docutils nodes, so that
each builder can print it.  An unknown id is an error that names page and line.
"""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective, SphinxRole

from course_utils import ledger
from course_utils.ledger import results
from course_utils.ledger.claims import FOLDER
from folds import fold
from sources_seen import by_whom

HOW = (
    "*measured*: the sentence describes what came out; its bound was set afterwards, or nobody can "
    "show that it was before. "
    "*held*, *failed*: a bet written down before the run, won or lost.",
    "*reproduced*, *partly*, *not reproduced*: a statement of the source named behind it. *partly* "
    "means that a weaker form holds, or that our setting differs in a way that may matter. *not "
    "tested there* means that ours is another experiment: the sentence says what holds here, and "
    "nothing about the source's.",
    "In brackets behind a number: where 19 of 20 bootstrap samples of the seeds lie. The verdict "
    "links to its rule, its note and its distance from turning.",
)
SHOWN = 3  # lines in sight; what is beyond is folded
PAGE = "book/reference/claims"


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
    return ledger.printed(ledger.value(result.strip(), path.strip()), form.strip())


class OfClaims(SphinxDirective):
    """What the line and the page of claims share."""

    def inline(self, text):
        """Nodes of one line of Markdown; $math$ and roles work."""
        inline, messages = self.state.inline_text(str(text), self.lineno)
        return [*inline, *messages]

    def depend(self, claim):
        """Read the page anew when the claim, its record or this file changes."""
        records = results.FOLDER.rglob(f"{claim.result}.json")
        for path in (FOLDER / f"{claim.chapter}.yml", *records, __file__):
            self.env.note_dependency(str(path))

    def paragraph(self, text, *classes):
        return nodes.paragraph("", "", *self.inline(text), classes=list(classes))

    @staticmethod
    def source(claim):
        """Markdown: who said so, where, and how we know; "" without a source."""
        cite, locator = claim.source.get("cite"), claim.source.get("locator")
        if not cite:
            return ""
        text = f"{{cite:t}}`{cite}`" + (f", {locator}" if locator else "")
        seen = str(claim.source.get("seen") or "")
        return f"{text}, {by_whom(seen)}" if seen.startswith("quoted:") else text


class Claims(OfClaims):
    """Quiet lines; see the module."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"short": directives.flag}

    def run(self):
        try:
            lines = [self.line(ledger.claim(name)) for name in self.arguments[0].split()]
        except (KeyError, ValueError) as error:
            raise self.error(f"claims: {error.args[0]}") from None
        if len(lines) <= SHOWN + 1:  # a fold for one line would take as much room as the line
            return [self.listed(lines), *self.how()]
        shown, rest = self.listed(lines[:SHOWN]), self.listed(lines[SHOWN:])
        more = fold(f"{len(lines) - SHOWN} more", rest, classes=["claims-more"])
        return [shown, more, *self.how()]

    def how(self):
        """The fold that explains such lines, once a page."""
        if self.env.temp_data.get("claims explained"):
            return []
        self.env.temp_data["claims explained"] = True
        body = [self.paragraph(text) for text in HOW]
        return [fold("How to read such a line", *body, classes=["claims-how"])]

    def listed(self, lines):
        return nodes.bullet_list("", *lines, classes=["claims"])

    def line(self, claim):
        """``[sentence] verdict: number here; the source's, where it stands``."""
        self.depend(claim)
        verdict = f"**{claim.verdict}**"
        if PAGE in self.env.found_docs:
            verdict = f"{{ref}}`{claim.verdict} <claim-{claim.id}>`"
        said = [] if "short" in self.options else [*self.inline(claim.statement), nodes.Text(" ")]
        facts = f"{verdict}: {claim.ours_with_interval}"
        if source := self.source(claim):
            there = f"{claim.paper_text} in " if claim.paper else "see "
            facts += f"; {there}{source}"
        facts = nodes.inline("", "", *self.inline(facts), classes=["claim-facts"])
        return nodes.list_item("", nodes.paragraph("", "", *said, facts))


def setup(app):
    app.setup_extension("folds")
    app.setup_extension("claims_page")
    app.add_directive("claims", Claims)
    for name, find in {"ours": ours, "paper": paper, "value": value}.items():
        app.add_role(name, Number(find))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
