"""Lines that are IPython's and not Python's: what is run as it stands, and what is left out.

Only a logical line that IPython itself would take for a magic or a shell command counts: not a
``%`` inside an expression, not ``!pip`` inside a string.
"""

import re
import tokenize

SPACE = {tokenize.INDENT, tokenize.DEDENT}
INSTALLER = re.compile(
    r"[!%]{1,2}[ \t]*(?:sudo[ \t]+)?"
    r"(?:[\w./{}-]*(?:python[\d.]*|executable\}?)[ \t]+-m[ \t]+)?"
    r"(?:pip[\d.]*|conda|mamba|uv|poetry|apt|apt-get|easy_install)\b"
)


def without_installers(source):
    """A source whose package installers do nothing, and how many there were.

    There is no network, and the libraries are there.  Line numbers stay as they are.
    """
    if not re.search(r"^[ \t]*[!%]", source, re.MULTILINE):
        return source, 0
    lines, count = source.splitlines(keepends=True), 0
    for row, column in commands(lines):
        last = row
        while last + 1 < len(lines) and lines[last].rstrip("\r\n").endswith("\\"):
            last += 1
        if INSTALLER.match(lines[row], column):
            lines[row] = lines[row][:column] + "pass\n"
            lines[row + 1 : last + 1] = ["\n"] * (last - row)
            count += 1
    return "".join(lines) if count else source, count


def commands(lines):
    """(row, column), from 0, of each logical line that begins with ``!`` or ``%``."""
    from IPython.core.inputtransformer2 import make_tokens_by_line  # slow to import, seldom needed

    for tokens in make_tokens_by_line(lines):
        first = next((t for t in tokens if t.type not in SPACE), None)
        if first is not None and first.string[:1] in ("!", "%"):
            yield first.start[0] - 1, first.start[1]
