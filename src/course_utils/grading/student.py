"""What an exercise notebook calls: `begin` once, `check` after each answer.

`check` emits its values as a bundle and shows a friendly verdict for the public seed.  Graders
compare the values outside this process; the verdict shown here is for the student alone.
"""

import json
from importlib import resources

from course_utils.grading.bundle import MIME, pack, unpack
from course_utils.grading.compare import ATOL, RTOL, compare

current = {"assignment": None, "seed": None}


def begin(assignment, seed):
    """Say which exercise this is; ``check`` gives verdicts while the seed is the public one."""
    current.update(assignment=assignment, seed=seed)


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


def show(bundle, text):
    """Display the bundle, then add the text to the same output; outside IPython print the text.

    In two steps, for nbval compares what is displayed and passes over what is updated: the verdict
    is seen by the student and compared by nobody.
    """
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is not None and get_ipython() is not None:
        handle = display({MIME: bundle}, raw=True, display_id=True)
        handle.update({MIME: bundle, "text/plain": text}, raw=True)
    else:
        print(text)


def public_references(assignment):
    """The public seed's references, or {} where there are none (inside the grader)."""
    if not str(assignment).isidentifier():
        return {}
    file = resources.files("course_utils.grading") / "public" / f"{assignment}.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def verdict(question, bundle):
    """A few kind lines: what is right, what is not, and the likely cause."""
    public = public_references(current["assignment"])
    reference = public.get("questions", {}).get(question)
    if reference is None or current["seed"] != public["seed"]:
        return f"{question}: values noted (there is a verdict for the public seed only)"
    return "\n".join(judge(question, reference, bundle))


def judge(question, reference, bundle):
    """Lines of text that compare a bundle with the public reference of its question."""
    _, wanted = unpack(reference["bundle"])
    _, given = unpack(bundle)
    rtol, atol = reference.get("rtol", RTOL), reference.get("atol", ATOL)
    lines = []
    for name, part in wanted.items():
        found = compare(part, given.get(name), rtol, atol, reveal=True)
        if not found.ok:
            lines.append(f"  {name}: {found.text}")
    if not lines:
        return [f"{question}: right. Well done."]
    right = len(wanted) - len(lines)
    head = f"{question}: {right} of {len(wanted)} right." if len(wanted) > 1 else f"{question}:"
    hint = known_mistake(reference, given, rtol, atol)
    return [f"{head} Not yet:", *lines, *([f"  Hint: {hint}"] if hint else [])]


def known_mistake(reference, given, rtol=RTOL, atol=ATOL):
    """The hint of the recorded mistake that gives just these values, or None.

    With two mistakes at once no record fits as a whole; then the first wrong part decides that a
    record has in common with them, for one hint at a time is enough.
    """

    def same(name, part):
        return compare(part, given.get(name), rtol, atol).ok

    recorded = [(m["hint"], unpack(m["bundle"])[1]) for m in reference.get("mistakes", ())]
    for hint, parts in recorded:
        if all(same(name, part) for name, part in parts.items()):
            return hint
    for name, right in unpack(reference["bundle"])[1].items():
        if not same(name, right):
            for hint, parts in recorded:
                if same(name, parts[name]):
                    return hint
    return None
