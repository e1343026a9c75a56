"""The map of the course on its first page: a drawing of the parts, and what each chapter offers.

    ```{course-map}
    Recurrence:
      about: What the part is about, in a sentence or two.
      chapters:
        recurrence/unrolled:
          asks: How does a network read a sequence of any length?
          able: write the loop by hand and count its weights
          play: turn one weight and watch the state
          needs: []
    ```

A chapter that the table of contents lacks is marked as being written.  Reading time is an estimate
by rule, from the words outside of code; the exercise's is its card's.
"""

import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from course_map_drawing import Stop, drawing
from exercise_card import ROOT, facts, hours

WORDS = 200  # a minute
CELL = re.compile(r"^(`{3,})\{code-cell\}.*?^\1[ ]*$", re.DOTALL | re.MULTILINE)
CARD = re.compile(r"^`{3,}\{exercise-card\} (\S+)", re.MULTILINE)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
LEGEND = "An arrow leads to a chapter that uses what the one before it shows."
ENTRY = {"asks", "able", "play", "needs"}


def reading(text):
    """Minutes for the prose of a chapter, to the next five."""
    return max(5, 5 * round(len(CELL.sub("", text).split()) / WORDS / 5))


def parse(text):
    """{part: {"about": …, "chapters": {chapter: entry}}}; ValueError says what is missing."""
    parts = yaml.safe_load(text)
    known = set()
    for part, said in parts.items():
        if not isinstance(said, dict) or set(said) != {"about", "chapters"}:
            raise ValueError(f"course-map: {part} needs `about` and `chapters`, nothing else")
        for chapter, entry in said["chapters"].items():
            if not {"asks", "able"} <= set(entry) <= ENTRY:
                raise ValueError(f"course-map: {chapter} needs asks and able, may have play, needs")
            entry["needs"] = entry.get("needs") or []
            if unknown := set(entry["needs"]) - known:
                raise ValueError(f"course-map: {chapter} needs {unknown}, which no line before has")
            known.add(chapter)
    return parts


class CourseMap(SphinxDirective):
    """See the module."""

    has_content = True

    def run(self):
        try:
            parts = parse("\n".join(self.content))
        except ValueError as error:
            raise self.error(str(error)) from None
        every = [c for said in parts.values() for c in said["chapters"]]
        written = [c for c in every if f"book/{c}" in self.env.found_docs]
        self.numbers = {chapter: k + 1 for k, chapter in enumerate(written)}
        texts = {c: Path(self.env.doc2path(f"book/{c}")).read_text("utf-8") for c in written}
        for chapter in written:
            self.env.note_dependency(str(self.env.doc2path(f"book/{chapter}")))
        self.titles = {c: TITLE.search(text)[1] for c, text in texts.items()}
        self.minutes = {c: reading(text) for c, text in texts.items()}
        self.cards = {c: CARD.findall(text) for c, text in texts.items()}
        made = nodes.container(classes=["course-map"])
        made += self.paragraph(LEGEND, "map-legend")
        made += nodes.raw("", self.drawn(parts), format="html")
        for part, said in parts.items():
            made += nodes.rubric("", part)
            made += self.paragraph(said["about"], "map-about")
            made += nodes.bullet_list("", *(self.line(*item) for item in said["chapters"].items()))
        return [made]

    def drawn(self, parts):
        """The drawing, whose stops lead to the chapters that are written."""
        columns = {}
        for part, said in parts.items():
            columns[part] = [
                Stop(
                    key=chapter,
                    number=self.numbers[chapter],
                    title=self.titles[chapter],
                    minutes=self.minutes[chapter],
                    link=self.env.app.builder.get_relative_uri(self.env.docname, f"book/{chapter}"),
                    needs=tuple(n for n in entry["needs"] if n in self.numbers),
                )
                for chapter, entry in said["chapters"].items()
                if chapter in self.numbers
            ]
        return drawing({part: stops for part, stops in columns.items() if stops})

    def line(self, chapter, entry):
        """Link, question, minutes; then what it is good for, what to play with, what it needs."""
        if chapter not in self.numbers:
            return nodes.list_item(
                "", self.paragraph(f"{entry['asks']} *Being written.*", "coming")
            )
        times = [f"{self.minutes[chapter]}\N{NO-BREAK SPACE}min"]
        times += [f"exercise {hours(facts(card, ROOT).minutes)}".replace(" ", "\N{NO-BREAK SPACE}")
                  for card in self.cards[chapter]]  # fmt: skip
        head = f"{{doc}}`/book/{chapter}`: {entry['asks']} *{', '.join(times)}*"
        told = [f"Then you can {entry['able']}."]
        if entry.get("play"):
            told.append(f"To play with: {entry['play']}.")
        needs = [f"{{doc}}`{self.numbers[n]} </book/{n}>`" for n in entry["needs"]
                 if n in self.numbers]  # fmt: skip
        if needs:
            told.append(f"Needs {' and '.join(needs)}.")
        return nodes.list_item("", self.paragraph(head), self.paragraph(" ".join(told), "map-told"))

    def paragraph(self, text, *classes):
        inline, messages = self.state.inline_text(text, self.lineno)
        return nodes.paragraph("", "", *inline, *messages, classes=list(classes))


def setup(app):
    app.add_directive("course-map", CourseMap)
    app.add_css_file("course_map.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
