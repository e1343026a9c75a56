"""The one family of errors that `course` shows as a line instead of a traceback."""


class UserError(Exception):
    """A mistake of whoever called; the message says in one line what it is and how to mend it."""


def one_line(error):
    """What to print about an error: its message, or for the system's own the file and the fault."""
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def needs(name):
    """The line about a package that is not installed."""
    extra = "torch" if name == "torch" else "grade"
    return f"this needs {name}, which is not installed: pip install 'course-utils[{extra}]'"
