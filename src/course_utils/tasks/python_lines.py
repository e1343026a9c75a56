"""Lines of Python, and what kind of token each of their characters belongs to.

The text is the standard library's own (PSF licence) and differs between Python versions; the labels
come from the module ``tokenize``, which knows what came before a line: a tagger of lines does not.
"""

import io
import keyword
import tokenize
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

KINDS = ("other", "name", "keyword", "number", "string", "comment")
_KIND = {tokenize.NAME: 1, tokenize.NUMBER: 3, tokenize.STRING: 4, tokenize.COMMENT: 5}


def python_lines(module="argparse"):
    """Lines of a module's file that are not empty -> texts, tags: a list of str, of lists of int.

    A tag is a place in KINDS, one a character.  ValueError where the module has no source file.
    """
    spec = find_spec(module)
    if spec is None or not str(spec.origin).endswith(".py"):
        raise ValueError(f"module: expected one with a file of Python, got {module!r}")
    code = Path(spec.origin).read_text("utf-8")
    lines = code.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, lines))]
    kinds = [0] * len(code)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        (row, column), (last_row, last) = token.start, token.end
        kind = 2 if keyword.iskeyword(token.string) else _KIND.get(token.type, 0)
        if kind:
            a, b = starts[row - 1] + column, starts[last_row - 1] + last
            kinds[a:b] = [kind] * (b - a)
    kept = [(a, a + len(line.rstrip())) for a, line in zip(starts, lines, strict=False)]
    return [code[a:b] for a, b in kept if a < b], [kinds[a:b] for a, b in kept if a < b]
