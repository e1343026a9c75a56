"""The directive ``equations``: the step of a cell, printed from its spec.

    ```{equations} lstm
    :lines: f, c
    :label: eq-lstm-forget
    ```

Below it stands a folded table of its symbols (symbols_ext).  An unknown cell or line, a symbol
without a description or a shape that does not fit is an error that names page and line.
"""

from pathlib import Path

from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.directives.patches import MathDirective

import course_utils.specs
from course_utils.equations import EquationError
from course_utils.specs import SPECS
from symbols_ext import explained, of_cell


class Equations(MathDirective):
    """Display math from ``SPECS[key].latex(lines)``; label as for the directive ``math``."""

    required_arguments = 1
    optional_arguments = 0
    has_content = False
    option_spec = MathDirective.option_spec | {"lines": directives.unchanged_required}

    def run(self):
        key, lines = self.arguments[0], self.options.pop("lines", None)
        if key not in SPECS:
            raise self.error(f"equations: there is no cell {key!r}; choose from {', '.join(SPECS)}")
        wanted = [name.strip() for name in lines.split(",")] if lines else None
        try:
            text = SPECS[key].latex(wanted)
            symbols, marked = of_cell(SPECS[key], wanted)
        except (KeyError, EquationError) as error:
            raise self.error(f"equations: {error.args[0]}") from None
        self.env.note_dependency(str(Path(course_utils.specs.__file__).with_name(f"{key}.py")))
        self.arguments, self.content = [], StringList(text.splitlines(), source=key)
        return explained(super().run(), symbols, marked)


def setup(app):
    app.add_directive("equations", Equations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
