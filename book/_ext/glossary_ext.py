"""The glossary, from ``book/reference/glossary.yml``: its page, links at first use, their notes.

    ```{terms}
    ```        every entry, as a Sphinx glossary, so that {term}`gate` works as ever

In the prose of each chapter the first use of a word that has an entry becomes a link to it; a
writer marks nothing.  ``glossary.js`` shows the definition when such a link is pointed at or has
the focus.  An entry out of order, a form that two entries claim, mathematics that the note cannot
show, or a chapter that does not exist stops the build.
"""

import json
import re
from functools import cache
from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.domains.std import Glossary
from sphinx.errors import ExtensionError

from course_ext import notebook_of
from course_utils.files import write

PAGE = "book/reference/glossary"
QUIET = ("ledger-note", "ledger-claims", "cells-table", "conventions-table", "audit-table",
         "variants-table")  # fmt: skip
FIELDS = {"term", "also", "forms", "means", "shape", "names", "where", "link"}
# Where a word is not prose: titles, links, code, formulas, tables of symbols, answers to exercises.
APART = (
    nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block,
    nodes.raw, nodes.term, nodes.caption, nodes.rubric, nodes.comment, nodes.thead, nodes.citation,
    nodes.footnote, nodes.label, nodes.image,
)  # fmt: skip


def read(srcdir):
    """(entries, planned chapters), checked; ([], []) where a book has no such file."""
    path = Path(srcdir, f"{PAGE}.yml")
    return _read(str(path), path.stat().st_mtime_ns) if path.is_file() else ([], [])


@cache
def _read(path, _changed):
    facts = yaml.safe_load(Path(path).read_text("utf-8"))
    entries, seen = facts["entries"], {}
    for entry in entries:
        name = entry.get("term", "?")
        if unknown := set(entry) - FIELDS:
            raise ExtensionError(f"glossary: {name!r} has unknown fields {sorted(unknown)}")
        if not str(entry.get("means", "")).strip().endswith("."):
            raise ExtensionError(f"glossary: {name!r} needs `means`, in whole sentences")
        noted(entry["means"])
        for form in forms(entry):
            other = seen.setdefault(_loose(form), name)
            if other != name:
                raise ExtensionError(f"glossary: {form!r} belongs to {other!r} and to {name!r}")
    order = [entry["term"] for entry in entries]
    wanted = sorted(order, key=str.casefold)
    if order != wanted:
        first = next(a for a, b in zip(order, wanted, strict=True) if a != b)
        raise ExtensionError(f"glossary: {first!r} stands out of the alphabet's order")
    return entries, facts.get("planned", [])


def searches(srcdir):
    """[(what learners type, the page that answers it)]."""
    path = Path(srcdir, f"{PAGE}.yml")
    facts = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}
    return [(entry["words"], entry["where"]) for entry in facts.get("searches", [])]


def forms(entry):
    """All spellings under which an entry is found."""
    return [entry["term"], *entry.get("also", []), *entry.get("forms", [])]


def _loose(form):
    """What two spellings have in common: no case, no hyphens, no spaces."""
    return re.sub(r"[\s–-]", "", form).casefold()


# -- the page --------------------------------------------------------------------------------------


class Terms(Glossary):
    """The glossary directive of Sphinx, filled from the file."""

    has_content = False

    def run(self):
        entries, planned = read(self.env.srcdir)
        self.env.note_dependency(f"{PAGE}.yml")
        lines = []
        for entry in entries:
            lines += [entry["term"], *entry.get("also", [])]
            lines += [f"  {line}" for line in self.told(entry, planned)] + [""]
        self.content = StringList(lines, source=f"{PAGE}.yml")
        self.content.items = [(f"{PAGE}.yml", k) for k in range(len(lines))]
        return super().run()

    def told(self, entry, planned):
        """The lines of a definition."""
        yield " ".join(entry["means"].split())
        facts = []
        if "shape" in entry:
            facts.append(f"Shape: {entry['shape']}.")
        if "names" in entry:
            named = "; ".join(f"{who}: {named_as(who, w)}" for who, w in entry["names"].items())
            facts.append(f"Elsewhere: {named}.")
        if where := entry.get("where"):
            if f"book/{where}" in self.env.found_docs:
                facts.append(f"Explained in {{doc}}`/book/{where}`.")
            elif where not in planned and not Path(self.env.srcdir, f"book/{where}.md").is_file():
                raise self.error(f"terms: {entry['term']!r} is explained in {where}, no chapter")
        if facts:
            yield ""
            yield " ".join(facts)


def named_as(who, names):
    """What a library or a paper calls a thing; a library's identifiers as code."""
    if who not in ("PyTorch", "Keras"):
        return names
    identifier = r"(?<![\w(])[A-Za-z_][\w.]*(?:=\w*|\(\))?"
    parts = names.split(", ")
    return ", ".join(f"`{p}`" if re.fullmatch(identifier, p) else p for p in parts)


# -- links at first use ----------------------------------------------------------------------------


def pattern(entries):
    """One regular expression that finds every form, the longest first, and {form: entry}."""
    found = {}
    for entry in entries:
        if entry.get("link", True):
            found |= dict.fromkeys(forms(entry), entry)
    parts = []
    for form in sorted(found, key=len, reverse=True):
        text = re.sub(r"(\\-|-|–|\\ | )+", r"[\\s–-]?", re.escape(form).replace(r"\ ", " "))
        acronym = form.isupper() or form[1:].lower() != form[1:]
        text = text if acronym else f"(?i:{text})"
        parts.append(f"{text}(?:s|es)?" if form[-1].isalpha() else text)
    loose = {_loose(form): entry for form, entry in found.items()}
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-])"), loose


def entry_of(text, loose):
    """The entry that a found piece of text belongs to."""
    key = _loose(text)
    return next(
        loose[k] for k in (key, key.removesuffix("s"), key.removesuffix("es")) if k in loose
    )


def link_first_uses(app, doctree, docname):
    """In a chapter's page: the first use of each word in prose, as a link to the glossary."""
    entries, _ = read(app.srcdir)
    if app.builder.name != "html" or not entries or notebook_of(docname) is None:
        return
    expression, loose = pattern(entries)
    address = app.builder.get_relative_uri(docname, PAGE)
    ids = anchors(app.env)
    used = {ref["refuri"].partition("#")[2] for ref in doctree.findall(nodes.reference)
            if "#term-" in ref.get("refuri", "")}  # fmt: skip
    for text in list(doctree.findall(nodes.Text)):
        if apart(text):
            continue
        pieces, last = [], 0
        for found in expression.finditer(text):
            anchor = ids.get(entry_of(found[0], loose)["term"].lower())
            if anchor is None or anchor in used:
                continue
            used.add(anchor)
            pieces += [nodes.Text(text[last : found.start()]), nodes.reference(
                "", found[0], internal=True, refuri=f"{address}#{anchor}", classes=["u-term"],
            )]  # fmt: skip
            last = found.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[last:])])


def apart(text):
    """Whether a text is no prose."""
    node = text.parent
    while node is not None:
        if isinstance(node, APART) or type(node).__name__ in (
            "symbols_node",
            "dropdown_title",
            "folded_title",
        ):
            return True
        if node.get("nb_element") or set(QUIET) & set(node.get("classes", [])):
            return True
        node = node.parent
    return False


def anchors(env):
    """{term in lower case: its id on the glossary's page}."""
    objects = env.get_domain("std").objects
    return {name.lower(): anchor for (kind, name), (page, anchor) in objects.items()
            if kind == "term" and page == PAGE}  # fmt: skip


# -- notes -----------------------------------------------------------------------------------------

SIGNS = {r"\sigma": "σ", r"\log": "log", r"\odot": "⊙", "-": "−"}


def noted(text):
    """A definition as HTML for the note: simple formulas in italics, nothing else."""
    parts = escape(" ".join(text.split()), quote=False).split("$")
    if len(parts) % 2 == 0:
        raise ExtensionError(f"glossary: a $ without its partner in {text!r}")
    return "".join(_formula(p) if k % 2 else p for k, p in enumerate(parts))


def _formula(latex):
    for sign, plain in SIGNS.items():
        latex = latex.replace(sign, plain)
    html = re.sub(r"_(\{([^{}]*)\}|\w)", lambda m: f"<sub>{m[2] or m[1]}</sub>", latex)
    html = re.sub(r"\^(\{([^{}]*)\}|\w)", lambda m: f"<sup>{m[2] or m[1]}</sup>", html)
    if re.search(r"[\\{}^]", html):
        raise ExtensionError(f"glossary: the note cannot show the formula {latex!r}")
    return f"<i>{html}</i>"


def write_notes(app):
    """The definitions as a script, beside the other scripts of the site."""
    entries, _ = read(app.srcdir)
    if app.builder.name != "html":
        return
    folder = Path(app.outdir).parent / "glossary_assets"
    folder.mkdir(parents=True, exist_ok=True)
    notes = {}
    for entry in entries:
        for name in (entry["term"], *entry.get("also", [])):
            notes[nodes.make_id(f"term-{name}")] = [entry["term"], noted(entry["means"])]
    text = json.dumps(notes, ensure_ascii=False, separators=(",", ":"))
    write(folder / "glossary_notes.js", f"window.unrolledGlossary = {text};\n")
    app.config.html_static_path.append(str(folder))
    app.add_js_file("glossary_notes.js", loading_method="defer")
    app.add_js_file("glossary.js", loading_method="defer")
    app.add_css_file("glossary.css")


def setup(app):
    app.add_directive("terms", Terms)
    app.connect("builder-inited", write_notes)
    app.connect("doctree-resolved", link_first_uses, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
