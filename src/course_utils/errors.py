"""The one family of errors that `course` shows as a line instead of a traceback."""

import re
from difflib import get_close_matches


class UserError(Exception):
    """A mistake of whoever called; the message says in one line what it is and how to mend it."""


def one_line(error):
    """What to print about an error: its message, or for the system's own the file and the fault."""
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def near(name, names, most=5):
    """What to say behind an unknown name: those like it, or how many there are to choose from."""
    names = sorted(names)
    like = get_close_matches(name, names, most, cutoff=0.5) if isinstance(name, str) else []
    if isinstance(name, str) and not like:
        first = re.split(r"\W|_", name)[0]
        like = [each for each in names if re.split(r"\W|_", each)[0] == first][:most]
    if like:
        return f"near it: {', '.join(like)}"
    return f"there are {len(names)}, such as {', '.join(names[:3])}" if names else "there are none"


def needs(name):
    """The line about a package that is not installed."""
    extra = "torch" if name == "torch" else "grade"
    return f"this needs {name}, which is not installed: pip install 'course-utils[{extra}]'"
