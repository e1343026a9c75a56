"""The Sphinx builder ``notebooks``: each chapter as a plain notebook without outputs, for Colab.

Run with execution off, so that the files depend on the sources alone and are the same every time.
``lower.py`` runs it and copies the result to ``notebooks/``.
"""

import hashlib
from pathlib import Path

import nbformat
from sphinx.builders import Builder
from sphinx.errors import ExtensionError

from course_ext import notebook_of
from lowering import Lower, NotLowered

BOOTSTRAP = """\
#@title Install what Colab lacks (does nothing elsewhere, nor a second time)
import sys
from importlib.util import find_spec
if "google.colab" in sys.modules and find_spec("course_utils") is None:
    %pip install --quiet --no-deps "git+{url}@{branch}"{data}"""
MINUTES = 3  # what all cells of a notebook take at most on Colab's processor


class NotebookBuilder(Builder):
    """Writes OUT/<part>/<name>.ipynb for every chapter."""

    name = "notebooks"
    format = "html"  # so that what exists in HTML only is resolved as in the book
    epilog = "The notebooks are in %(outdir)s."
    supported_image_types = ("image/svg+xml", "image/png", "image/jpeg")
    allow_parallel = False
    math_renderer_name = "mathjax"  # sphinx.builders.html asks for it when the format is html

    def init(self):
        self.place = self.config.course_address

    def get_outdated_docs(self):
        return self.env.found_docs

    def get_target_uri(self, docname, typ=None):
        return f"{docname}.html"

    def get_relative_uri(self, from_, to, typ=None):
        return self.place.pages + self.get_target_uri(to, typ)

    def prepare_writing(self, docnames):
        Path(self.outdir, "_static").mkdir(exist_ok=True)  # some extensions write there unasked
        kinds = self.env.get_domain("std").enumerable_nodes
        self.enumerable = {kind.__name__ for kind in kinds} | {"exercise_node", "unenumerable_node"}

    def write_doc(self, docname, doctree):
        target = notebook_of(docname)
        if target is None or "kernelspec" not in self.env.metadata[docname]:
            return
        visitor = Lower(doctree, self, docname)
        try:
            doctree.walkabout(visitor)
        except NotLowered as error:
            raise ExtensionError(str(error)) from None
        visitor.flush()
        path = Path(self.outdir, target)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = self.env.metadata[docname].get("data", "")
        notebook = assemble(visitor.cells, self.place, self.get_relative_uri("", docname), data)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")

    def finish(self):
        pass

    # -- what the visitor asks ---------------------------------------------------------------------

    def address(self, docname, uri):
        """A link that works from anywhere."""
        return self.get_relative_uri("", docname) + uri if uri.startswith("#") else uri

    def picture(self, docname, uri):
        """The published address of a picture of the repository, which must exist."""
        if not Path(self.srcdir, uri).is_file():
            raise NotLowered(f"{docname}: the picture {uri} does not exist")
        return self.place.raw(uri)

    def equation_number(self, docname, node):
        """``1.2``, as in the book, or None."""
        if not node.get("number"):
            return None
        numbers = self.env.toc_fignumbers.get(docname, {}).get("displaymath", {})
        number = numbers.get((node.get("ids") or [""])[0])
        return ".".join(map(str, number)) if number else str(node["number"])

    def number(self, docname, node):
        """``Figure 1.2`` or ``Theorem 1.1``; empty where the book prints no number."""
        for kind, numbers in self.env.toc_fignumbers.get(docname, {}).items():
            for name in node.get("ids", []):
                if name in numbers:
                    label = self.config.numfig_format.get(kind, f"{kind.capitalize()} %s")
                    return label % ".".join(map(str, numbers[name]))
        return ""


def assemble(cells, place, page, data=""):
    """A notebook of these cells, with the pointer to the book and the installation on top.

    data: what a page's front matter names under that word, packages that Colab lacks and whose
    files are read as data; their own dependencies are not wanted.
    """
    head = cells[0]
    head.source += (
        f"\n\n*Made from [this page of the book]({page}), which is easier to read. All cells "
        f"together take less than {MINUTES} minutes.*"
    )
    install = nbformat.v4.new_code_cell(
        BOOTSTRAP.format(url=place.url, branch=place.branch, data=f" {data}" if data else ""),
        metadata={"cellView": "form"},
    )
    cells = [head, install, *cells[1:]]
    seen = {}
    for cell in cells:  # an id follows from the cell alone: edits elsewhere do not touch it
        key = hashlib.sha1((cell.cell_type + cell.source).encode()).hexdigest()[:8]
        seen[key] = seen.get(key, 0) + 1
        cell["id"] = key if seen[key] == 1 else f"{key}-{seen[key]}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {
        "kernelspec": kernel,
        "language_info": {"name": "python"},
        "colab": {"provenance": [], "toc_visible": True},
    }
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return notebook


def offer_formats(app, config):
    """myst-nb asks every builder which outputs it prefers, even one that shows none."""
    priorities = [("notebooks", mime, k) for k, mime in enumerate(("text/html", "text/plain"))]
    config.nb_mime_priority_overrides = [*config.nb_mime_priority_overrides, *priorities]


def setup(app):
    app.add_builder(NotebookBuilder)
    app.connect("config-inited", offer_formats)
    return {"parallel_read_safe": True}
