"""One form of citation, in the text and in the list: ``Gers et al. (2000)``.

``course`` is the style of the list (by author and year, labelled as the text cites) and the style
of references in the text, which differs from Sphinx's own in its round brackets.
"""

from dataclasses import dataclass, field

import pybtex.plugin
import sphinxcontrib.bibtex.plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting.author_year_title import SortingStyle
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

NAMED = 2  # authors; of more, the first and "et al."


def names(entry):
    """``Gers et al.``, ``Hochreiter and Schmidhuber``."""
    people = entry.persons["author"]
    last = [" ".join(map(str, (*p.rich_prelast_names, *p.rich_last_names))) for p in people]
    return f"{last[0]} et al." if len(last) > NAMED else " and ".join(last)


class Labels(BaseLabelStyle):
    """``Gers et al. (2000)``."""

    def format_labels(self, sorted_entries):
        for entry in sorted_entries:
            yield f"{names(entry)} ({entry.fields['year']})"


class Listed(Unsorted):
    """pybtex's plain entries, labelled and sorted as they are cited."""

    default_label_style = Labels
    default_sorting_style = SortingStyle


def round_brackets():
    return BracketStyle(left="(", right=")")


@dataclass
class Cited(AuthorYearReferenceStyle):
    """Author and year in round brackets."""

    bracket_textual: BracketStyle = field(default_factory=round_brackets)
    bracket_parenthetical: BracketStyle = field(default_factory=round_brackets)
    bracket_author: BracketStyle = field(default_factory=round_brackets)
    bracket_label: BracketStyle = field(default_factory=round_brackets)
    bracket_year: BracketStyle = field(default_factory=round_brackets)


def setup(app):
    pybtex.plugin.register_plugin("pybtex.style.formatting", "course", Listed)
    sphinxcontrib.bibtex.plugin.register_plugin(
        "sphinxcontrib.bibtex.style.referencing", "course", Cited
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
