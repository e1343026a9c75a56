"""Is a tune in ABC notation well formed?  A small strict parser that says what is wrong.

``faults(tune)`` checks four things and names those that fail:

header    the fields T, M, L, K, each once, in this order, with values that mean something
symbols   every character of the music belongs to a note, a rest, a bar line, a bracket, …
brackets  slurs, grace notes and chords are opened before they are closed, and closed
bars      every bar between two plain bar lines is exactly as long as the metre says; a bar that
          begins or ends at a double or a repeat line, or at either end of the tune, is no longer;
          the tune ends with a bar line and has at least four full bars

Pitches are not looked at: a tune can be well formed and dreadful.
"""

import re
from fractions import Fraction

KINDS = ("header", "symbols", "brackets", "bars")
KEY = re.compile(r"[A-G][b#]? ?(maj|min|mix|dor|phr|lyd|loc|m|n)?[a-z]*$", re.IGNORECASE)
NOTE = r"(?:[_^=]{0,2}[A-Ga-g][,']*|[zx])(?P<length>\d*/*\d*)"
TOKEN = re.compile(
    r"(?P<line>\[\||\|\]|:\|\]|:*\|+:*|::)(?P<ending>\[?\d(?:,\d)?)?|(?P<only>\[\d)"
    r"|\((?P<tuplet>[2-9])(?::\d?)*|\[(?P<chord>[^\]|\n]*)\](?P<longer>\d*/*\d*)"
    r"|\{(?P<grace>[^}|\n]*)\}|(?P<slur>[()])|(?P<note>" + NOTE + r")"
    r"|(?P<broken>>{1,3}|<{1,3})|(?P<tie>-)|(?P<ornament>[.~H-Wuv])|(?P<space>[ \n\\])"
)
TUPLET = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # so many notes in the time of; 5, 7, 9: by the metre
FULL = 4  # bars at least


def faults(tune):
    """The kinds of fault of a tune (str), as a set: empty when it is well formed."""
    head, music = split(tune)
    kinds, metre = set(), None
    try:
        metre, unit = header(head)
    except ValueError:
        kinds.add("header")
    tokens, rest = tokenise(music)
    if rest:
        kinds.add("symbols")
    if unbalanced(tokens, music):
        kinds.add("brackets")
    if metre is not None and not rest and not full_bars(tokens, metre, unit):
        kinds.add("bars")
    return kinds


def split(tune):
    """-> the header's lines and the music."""
    lines = tune.splitlines()
    n = next((k for k, x in enumerate(lines) if not re.match(r"[A-Za-z]:(?!\|)", x)), len(lines))
    return lines[:n], "\n".join(lines[n:])


def header(lines):
    """-> length of a bar and of a plain note, as fractions of a whole note; ValueError."""
    if [line[:2] for line in lines] != ["T:", "M:", "L:", "K:"]:
        raise ValueError("header: expected the lines T, M, L, K")
    name, metre, unit, key = (line[2:].strip() for line in lines)
    if not name or not KEY.match(key):
        raise ValueError("header: expected a title and a key")
    metre = {"C": "4/4", "C|": "2/2"}.get(metre, metre)
    if not re.fullmatch(r"[1-9]\d?/(2|4|8|16)", metre) or not re.fullmatch(
        r"1/(2|4|8|16|32)", unit
    ):
        raise ValueError("header: expected a metre such as 6/8 and a length such as 1/8")
    return Fraction(metre), Fraction(unit)


def tokenise(music):
    """-> matches of TOKEN, and what no token fits (str)."""
    tokens, rest, place = [], "", 0
    while place < len(music):
        token = TOKEN.match(music, place)
        if (
            token is None
            or (token["chord"] is not None and not notes(token["chord"]))
            or (token["grace"] is not None and not notes(token["grace"]))
        ):
            rest += music[place]
            place += 1
        else:
            tokens.append(token)
            place = token.end()
    return tokens, rest


def notes(inside):
    """Whether a chord or a grace consists of notes."""
    return (
        re.fullmatch(rf"(?:{NOTE.replace('?P<length>', '?:')}|[ -]|[<>/()])+", inside) is not None
    )


def unbalanced(tokens, music):
    """Whether a bracket is open at the end, or closed and not open."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token["slur"], 0)
        if depth < 0:
            return True
    return depth > 0 or music.count("{") != music.count("}") or music.count("[") < 0


def length(text):
    """A written length such as "3", "/", "3/2" as a Fraction; ValueError where it means nothing."""
    number, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()
    if (below and (len(slashes) != 1 or not int(below))) or (number and not int(number)):
        raise ValueError(f"length: {text!r} means nothing")
    return Fraction(int(number or 1), int(below) if below else 2 ** len(slashes))


def full_bars(tokens, metre, unit):
    """Whether the bars add up (see the head of this file)."""
    measured = measure(tokens, metre, unit)
    if measured is None:
        return False
    full = 0
    for total, inner in measured:
        if total > metre or (inner and total != metre):
            return False
        full += total == metre
    return full >= FULL


def measure(tokens, metre, unit):
    """-> (length, whether between two plain bar lines) of every bar; None if it means nothing."""
    bars, plain = [], False  # the tune's start is no plain line
    total, factor, left, broken, last = Fraction(0), Fraction(1), 0, Fraction(1), None
    for token in tokens:
        if token["tuplet"]:
            if left:
                return None
            left = int(token["tuplet"])
            three = metre.numerator % 3 == 0 and metre.numerator > 3
            factor = Fraction(TUPLET.get(left, 3 if three else 2), left)
        elif token["broken"]:
            if last is None:
                return None
            short = Fraction(1, 2 ** len(token["broken"]))
            first, broken = (2 - short, short) if ">" in token["broken"] else (short, 2 - short)
            total += last * (first - 1)
            last = None
        elif token["note"] or token["chord"] is not None:
            try:
                written = length(token["length"] if token["note"] else token["longer"])
            except ValueError:
                return None
            last = written * unit * broken * (factor if left else 1)
            left, broken = max(left - 1, 0), Fraction(1)
            total += last
        elif token["line"]:
            if left or broken != 1:
                return None
            now = token["line"] == "|"
            if total:
                bars.append((total, plain and now))
            total, plain, last = Fraction(0), now, None
    return None if total or not bars else bars
