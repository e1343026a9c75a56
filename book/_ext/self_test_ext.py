"""Questions to oneself at a chapter's end, each with its answer folded away.

```{self-test}
? Why does the network need a non-linearity?
Without one, all steps together are a single matrix. …

? The next question, on one line; it may hold $formulas$.
Its answer, any Markdown.
```
"""

import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from folds import fold

QUESTION = re.compile(r"^\? +(\S.*)$")


def pairs(lines):
    """[(line number, question, lines of its answer)]; ValueError says what is missing."""
    found = []
    for number, line in enumerate(lines):
        if said := QUESTION.match(line):
            found.append((number, said[1], []))
        elif found:
            found[-1][2].append(line)
        elif line.strip():
            raise ValueError(f"expected `? a question`, found {line!r}")
    if empty := [question for _, question, answer in found if not "".join(answer).strip()]:
        raise ValueError(f"no answer to {empty[0]!r}")
    if not found:
        raise ValueError("no question; write `? a question` and its answer below")
    return found


class SelfTest(SphinxDirective):
    """See the module."""

    has_content = True

    def run(self):
        try:
            found = pairs(list(self.content))
        except ValueError as error:
            raise self.error(f"self-test: {error}") from None
        made = nodes.container(classes=["self-test"])
        for number, question, answer in found:
            body = nodes.container(classes=["self-test-answer"])
            words, messages = self.state.inline_text(question, self.lineno + number)
            offset = self.content_offset + number + 1
            self.state.nested_parse(StringList(answer, source=""), offset, body)
            made += [fold(words, body, *messages, classes=["self-test-fold"])]
        return [made]


def setup(app):
    app.add_directive("self-test", SelfTest)
    app.add_css_file("self_test.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
