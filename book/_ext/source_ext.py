"""The directive ``source``: code of the package, as it is, with a link to its file.

    ```{source} course_utils.numpy_nn.cells.lstm.step course_utils.numpy_nn.cells.lstm.step_backward
    ```

    ```{source} lstm
    :target: numba
    :functions: forward
    ```

The first form reads functions, classes or whole modules off their file, which is not executed.  The
second shows the code that a cell's equations become, as ``course show-code`` prints it, or some of
its functions.  An unknown name is an error that names page and line.
"""

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

import course_utils.specs
from course_utils.compiled.targets import TARGETS, language, source
from course_utils.specs import SPECS

PACKAGE = Path(course_utils.__file__).parent


def read(name):
    """A dotted name -> (its lines, its file, first and last line); KeyError says what is missing.

    The longest prefix that is a module decides the file; the rest is looked up in its syntax tree.
    """
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = file_of(parts[:length])
        if path is None:
            continue
        text = path.read_text("utf-8")
        first, last = span(ast.parse(text), parts[length:], text)
        lines = text.splitlines()[first - 1 : last]
        return "\n".join(lines), path, first, last
    raise KeyError(f"there is no module {parts[0]!r}")


def file_of(parts):
    try:
        spec = find_spec(".".join(parts))
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def span(tree, names, text):
    """First and last line of a nested definition, decorators included; all lines without names."""
    first, last = 1, len(text.splitlines())
    for name in names:
        found = [n for n in tree.body if getattr(n, "name", None) == name]
        if not found:
            known = [n.name for n in tree.body if hasattr(n, "name")]
            raise KeyError(f"there is no {name!r}; choose from {', '.join(known)}")
        tree = found[-1]
        first = min([tree.lineno, *(d.lineno for d in tree.decorator_list)])
        last = tree.end_lineno
    return first, last


def excerpt(text, names):
    """The definitions of these names in a Python text; KeyError says which there are."""
    tree, lines = ast.parse(text), text.splitlines()
    spans = [span(tree, [name], text) for name in names]
    return "\n\n\n".join("\n".join(lines[first - 1 : last]) for first, last in spans)


class Source(SphinxDirective):
    """See the module."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {
        "target": directives.unchanged_required,
        "functions": directives.unchanged_required,
    }

    def run(self):
        names = self.arguments[0].split()
        try:
            shown = [self.generated(n) if "target" in self.options else self.written(n)
                     for n in names]  # fmt: skip
        except KeyError as error:
            raise self.error(f"source: {error.args[0]}") from None
        holder = nodes.container(classes=["course-source"])
        for note, text, lexer in shown:
            block = nodes.literal_block(text, text, language=lexer)
            self.set_source_info(block)
            holder += [nodes.paragraph("", "", *note, classes=["source-file"]), block]
        return [holder]

    def written(self, name):
        text, path, first, last = read(name)
        self.env.note_dependency(str(path))
        inside = path.relative_to(PACKAGE.parent).as_posix()
        uri = self.config.course_address.blob(f"src/{inside}", first, last)
        words = f"{inside}, lines {first}–{last}"
        return [nodes.reference("", words, refuri=uri)], text, "python"

    def generated(self, key):
        target = self.options["target"]
        for kind, value, known in (("target", target, TARGETS), ("cell", key, SPECS)):
            if value not in known:
                raise KeyError(f"there is no {kind} {value!r}; choose from {', '.join(known)}")
        self.env.note_dependency(str(Path(course_utils.specs.__file__).with_name(f"{key}.py")))
        command = f"course show-code {key} --target {target}"
        note = [nodes.Text("made from the equations by "), nodes.literal("", command)]
        text = source(key, target).rstrip()
        if "functions" in self.options:
            text = excerpt(text, self.options["functions"].split())
            note = [*note, nodes.Text(", in part")]
        return note, text, language(target)


def setup(app):
    app.add_directive("source", Source)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
