"""What an error means, in a sentence for whoever wrote the answer; texts in, text out.

The notebook's own check, `course check` and the feedback page all say it with these words.
"""

import re

NOT_ANSWERED = "not answered yet"
NOT_IN_IT = "not in this notebook"  # which is that of another exercise

# (error, pattern of its text, what to say; {0}, {1}: what the pattern caught)
KNOWN = (
    ("NotImplementedError", r"write your answer here", NOT_ANSWERED),
    (
        "TypeError",
        r"cannot unpack non-iterable NoneType|'NoneType' object is not|NoneType.* not callable"
        r"|must be real number, not NoneType|int\(\) argument .*'NoneType'",
        "your function gives back nothing (None): is its `return` missing?",
    ),
    ("TypeError", r"unsupported operand .*'NoneType'", "a value is None: is a `return` missing?"),
    (
        "TypeError",
        r"cannot unpack non-iterable ([\w.]+)",
        "the check expects several values from your function, it gives one ({0})",
    ),
    (
        "ValueError",
        r"not enough values to unpack \(expected (?:at least )?(\d+), got (\d+)\)",
        "{0} values are expected, there are {1}: does your function return all of them?",
    ),
    (
        "ValueError",
        r"too many values to unpack \(expected (\d+)",
        "{0} values are expected, there are more: does your function return one array for several, "
        "or too many?",
    ),
    (
        "TypeError",
        r"(\w+)\(\) takes (\d+) positional arguments? but (\d+) (?:was|were) given",
        "`{0}` takes {1} arguments here, the check gives {2}: keep the line with `def` as it was",
    ),
    (
        "TypeError",
        r"(\w+)\(\) missing (\d+) required",
        "`{0}` wants more arguments than the check gives: keep the line with `def` as it was",
    ),
    (
        "TypeError",
        r"'function' object is not subscriptable",
        "a function is called, f(x), not indexed; a kernel needs its line `@triton.jit`",
    ),
    (
        "ValueError",
        r"matmul: .*size (\d+) is different from (\d+)",
        "in a product `A @ B` the last axis of A ({1}) and the first of B ({0}) must agree: rows "
        "are samples, so it is `x @ W.T`",
    ),
    (
        "ValueError",
        r"shapes (\([\d, ]*\)) and (\([\d, ]*\)) not aligned",
        "the shapes {0} and {1} do not fit in a product: rows are samples, so it is `x @ W.T`",
    ),
    (
        "ValueError",
        r"operands could not be broadcast together with shapes (\([\d, ]*\)) (\([\d, ]*\))",
        "the shapes {0} and {1} do not fit entry by entry: is an axis lost (`keepdims=True`), or "
        "an array transposed?",
    ),
    (
        "ValueError",
        r"(?:could not broadcast input array|cannot reshape|array split)",
        "an array has another shape than its place: which axis is which?",
    ),
    (
        "IndexError",
        r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)",
        "index {0} is beyond axis {1}, which has {2} entries (the last is {2} - 1)",
    ),
    ("NameError", r"name '(\w+)' is not defined", "nothing called `{0}` is defined there"),
    (
        "UnboundLocalError",
        r"'(\w+)'",
        "`{0}` is used before it gets a value in this function",
    ),
    ("ModuleNotFoundError", r"import of (\S+) halted", "`{0}` is not allowed in this exercise"),
    ("ModuleNotFoundError", r"No module named '([\w.]+)'", "`{0}` is not there when it is graded"),
    ("ImportError", r"cannot import name '(\w+)'", "`{0}` is not there when it is graded"),
    ("RecursionError", r"", "your function calls itself without an end"),
    ("IndentationError", r"(.*)", "Python cannot read it: {0}"),
    ("SyntaxError", r"(.*)", "Python cannot read it: {0}"),
    ("TabError", r"(.*)", "Python cannot read it: {0}"),
)


def sentence(text):
    """What "ValueError: ..." means, or "" for an error that is not known here."""
    name, _, message = text.partition(": ")
    for kind, pattern, words in KNOWN:
        match = re.search(pattern, message) if kind == name else None
        if match:
            return words.format(*match.groups())
    return ""


def told(text, lines=()):
    """An error as one or a few lines: its meaning, its name, the student's own line."""
    text = re.sub(r" \((?:<[^>]*>|[^()]*\.py), line \d+\)", "", text)
    meaning = sentence(text)
    if meaning == NOT_ANSWERED:
        return [meaning]
    head = f"{meaning} ({text})" if meaning and "cannot read" not in meaning else meaning or text
    return [head, *(f"  {line}" for line in lines[-2:])]
