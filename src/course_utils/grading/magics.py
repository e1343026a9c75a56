"""Lines that are IPython's and not Python's: what is run as it stands, and what is left out.

Only a logical line that IPython itself would take for a magic or a shell command counts: not a
``%`` inside an expression, not ``!pip`` inside a string.
"""

import re
import tokenize

MOST_ROUNDS = 4  # a quote in a shell line hides what stands below it from the tokenizer
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
    lines, count = [line + "\n" for line in source.split("\n")], 0
    for _ in range(MOST_ROUNDS):
        skipped = left_out(lines)
        count += skipped
        if not skipped:
            break
    return ("".join(lines)[:-1], count) if count else (source, 0)


def left_out(lines):
    """Take the installers out of lines, in place; how many there were."""
    count = 0
    for row, column in commands(lines):
        last = row
        while last + 1 < len(lines) and lines[last].endswith("\\\n"):
            last += 1
        if INSTALLER.match(lines[row], column):
            lines[row : last + 1] = [lines[row][:column] + "pass\n", *["\n"] * (last - row)]
            count += 1
    return count


def commands(lines):
    """(row, column), from 0, of each logical line that begins with ``!`` or ``%``.

    None where the lines are indented so that nobody can read them: such a cell cannot run.
    """
    from IPython.core.inputtransformer2 import make_tokens_by_line  # slow to import, seldom needed

    try:
        logical_lines = make_tokens_by_line(lines)
    except SyntaxError:  # of the tokenizer: a dedent to no level that there is
        return
    for tokens in logical_lines:
        first = next((t for t in tokens if t.type not in SPACE), None)
        if first is not None and first.string[:1] in ("!", "%"):
            yield first.start[0] - 1, first.start[1]
