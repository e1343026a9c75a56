"""Numbers and lists in words, for alt texts and labels."""

import ast
import math
import re

_MINUS = re.compile(r"(?<![\w.)\]-])-(?=\.?\d)")
_LIST = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]")  # at most two deep
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def minus(text):
    """A true minus before a number, but not in 3e-05, 1-2 or a name."""
    return _MINUS.sub("−", text)


def listed(values, pattern=""):
    """A list in words: [1, -2, 3] -> "1, −2 and 3"; {"2": 0.5, "10": 0.25} -> "2: 0.5, 10: 0.25".

    values: an iterable, or a mapping, whose keys come in the order of numbers where they are
    numbers.  pattern: a format for each value, such as ".2f".
    """
    if hasattr(values, "items"):
        pairs = sorted(values.items(), key=_numeric) if _numbers(values) else values.items()
        return ", ".join(f"{minus(str(k))}: {_one(v, pattern)}" for k, v in pairs)
    words = [_one(v, pattern) for v in values]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def spoken(value, digits=2):
    """A number of any size as a person reads it: 0.34, 1,200, 3.1 × 10⁻²⁶."""
    value = float(value)
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        whole = abs(value) >= 100
        return minus(f"{value:,.0f}" if whole else f"{value:.{digits}g}")
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return minus(mantissa) + " × 10" + str(int(exponent)).translate(_RAISED)


def power_of_ten(value):
    """0.01, 1, 1,000, 10⁴; nothing for a value that is no power of ten."""
    exponent = math.log10(value)
    whole = round(exponent)
    if abs(exponent - whole) > 1e-6:
        return ""
    return f"{10.0**whole:,g}" if -3 <= whole <= 3 else f"10{str(whole).translate(_RAISED)}"


def unlisted(text):
    """Python's lists in a text, [0, 2, 4], as words; rows of nested ones end in a semicolon."""
    return _LIST.sub(lambda found: _words(found[0]), text)


def _words(literal):
    try:
        values = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return literal  # brackets of another kind
    if values and all(isinstance(row, list) for row in values):
        return "; ".join(listed(row) for row in values)
    return listed(values)


def _one(value, pattern):
    return minus(format(value, pattern))


def _numbers(values):
    try:
        [float(k) for k in values]
    except (TypeError, ValueError):
        return False
    return True


def _numeric(pair):
    return float(pair[0])
