"""The map of the course on its first page: parts, chapters, questions, minutes.

    ```{course-map}
    Recurrence:
      recurrence/unrolled: How does a network read a sequence of any length?
      recurrence/later: A chapter that the table of contents lacks is marked as being written.
    ```

Reading time is an estimate by rule, from the words outside of code; the exercise's is its card's.
"""

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from exercise_card import ROOT, facts, hours

WORDS = 200  # a minute
CELL = re.compile(r"^(`{3,})\{code-cell\}.*?^\1[ ]*$", re.DOTALL | re.MULTILINE)
CARD = re.compile(r"^`{3,}\{exercise-card\} (\S+)", re.MULTILINE)


def reading(text):
    """Minutes for the prose of a chapter, to the next five."""
    return max(5, 5 * round(len(CELL.sub("", text).split()) / WORDS / 5))


class CourseMap(SphinxDirective):
    """See the module."""

    has_content = True

    def run(self):
        parts = yaml.safe_load("\n".join(self.content))
        if not isinstance(parts, dict) or not all(isinstance(p, dict) for p in parts.values()):
            raise self.error("course-map: expected parts, each with its chapters and questions")
        made = nodes.container(classes=["course-map"])
        for part, chapters in parts.items():
            made += nodes.rubric("", part)
            made += nodes.bullet_list("", *(self.line(*item) for item in chapters.items()))
        return [made]

    def line(self, chapter, question):
        """The chapter's link, its question, its minutes."""
        name = f"book/{chapter}"
        if name not in self.env.found_docs:
            return self.item(f"{question} *Being written.*", "coming")
        self.env.note_dependency(path := str(self.env.doc2path(name)))
        text = Path(path).read_text("utf-8")
        times = [f"{reading(text)} min"]
        times += [f"exercise {hours(facts(card, ROOT).minutes)}" for card in CARD.findall(text)]
        return self.item(f"{{doc}}`/{name}`: {question} *{', '.join(times)}*")

    def item(self, text, *classes):
        inline, messages = self.state.inline_text(text, self.lineno)
        paragraph = nodes.paragraph("", "", *inline, *messages)
        return nodes.list_item("", paragraph, classes=list(classes))


def setup(app):
    app.add_directive("course-map", CourseMap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
