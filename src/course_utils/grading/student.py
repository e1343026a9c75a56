"""What an exercise notebook calls: `begin` and `references` once, `check` after each answer.

`check` emits its values as a bundle and shows a friendly verdict for the public seed.  Graders
compare the values outside this process; the verdict shown here is for the student alone.
"""

from functools import _lru_cache_wrapper

from course_utils.grading.bundle import MIME, decode, pack

state = {"assignment": None, "seed": None, "public": {}, "sink": None}


def begin(assignment, seed):
    """Say which exercise this is; ``check`` gives verdicts while the seed is the public one."""
    state.update(assignment=assignment, seed=seed)


def references(text):
    """Load the exercise's public numbers, which stand in the notebook itself."""
    state["public"] = decode(text)
    shell = notebook_shell()
    if shell is not None:
        from course_utils.grading.notebook_check import explain_errors

        explain_errors(shell, state["public"])


def check(question, value=None, /, **values):
    """Emit the values of one question, and show how they compare with the public reference.

        grading.check("q2", h=h, c=c)

    Values: arrays, numbers, texts or tensors; each named value counts by itself.
    """
    if value is not None:
        values = {"value": value, **values}
    if not values:
        raise ValueError(f"check({question!r}): give it at least one value")
    bundle = pack(question, values)
    show(bundle, verdict(question, bundle))


def sealed(function):
    """The same function, of which one sees only what it returns: no name, no line, no variable.

    For checks that ask what a function does.  What it raises is raised as a RuntimeError.
    """

    def call(*arguments, **named):
        try:
            return function(*arguments, **named)
        except Exception as error:
            text = str(error).replace(function.__qualname__, "the function")
            failure = RuntimeError(f"{type(error).__name__}: {text}")
        raise failure  # out here, for else it would carry the frames of the first

    return _lru_cache_wrapper(call, 0, False, tuple)  # keeps no result; shows not what it wraps


def show(bundle, text):
    """Display the bundle, then add the text to the same output; outside IPython print the text.

    In two steps, for nbval compares what is displayed and passes over what is updated: the verdict
    is seen by the student and compared by nobody.
    """
    if state["sink"] is not None:
        state["sink"](bundle)
    elif notebook_shell() is not None:
        from IPython.display import display

        handle = display({MIME: bundle}, raw=True, display_id=True)
        handle.update({MIME: bundle, "text/plain": text}, raw=True)
    else:
        print(text)


def notebook_shell():
    """The IPython shell that this runs in, or None."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def verdict(question, bundle):
    """A few kind lines: what is right, what is not, and the likely cause."""
    public = state["public"]
    rules = public.get("questions", {}).get(question)
    if rules is None or public.get("assignment") != state["assignment"]:
        return f"{question}: values noted (for a verdict run the cell `references` above first)"
    if state["seed"] != public["seed"]:
        return f"{question}: values noted (there is a verdict for the public seed only)"
    from course_utils.grading.notebook_check import verdict_here

    return "\n".join(verdict_here(question, rules, bundle, public, notebook_shell()))
