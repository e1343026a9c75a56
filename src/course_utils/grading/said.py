"""What ``course grade`` is told about its part, and says at the end."""

import re
from collections import Counter

from course_utils.errors import UserError

MOST_LINES = 12


def part_of(shard):
    """ "3/8" -> (3, 8); None for the whole."""
    if shard is None:
        return None
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", shard.strip())
    index, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= index <= count:
        raise UserError(f"--shard: {shard!r} is no part; say 1/8, 2/8, …, 8/8")
    return index, count


def closing_lines(klass, out, exports=()):
    """Counts, what asks for a person, what was left out, where the results and exports are."""
    counts = Counter(row.record.status for row in klass.rows)
    lines = [", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "no submissions"]
    if any(row.record.sandbox == "unsandboxed" for row in klass.rows):
        lines.append("WARNING: graded UNSANDBOXED; students' code could do whatever you can.")
    lines += few("flagged", [f"{r.called}: {f}" for r in klass.rows for f in r.flags])
    lines += few("no submission", [s.label for s in klass.missing])
    lines += few("left out", [f"{name} ({why})" for name, why in klass.left_out])
    lines += klass.complaints
    lines.append(f"{out / 'grades.csv'}, {out / 'overview.html'}; a page for each in feedback/")
    places = sorted(p.name for name in exports for p in out.glob(f"{name}*"))
    lines += [f"for import: {', '.join(places)}"] if places else []
    return [printable(line) for line in lines]


def few(title, items):
    """The first items under a title; how many more the overview has."""
    more = len(items) - MOST_LINES
    shown = [f"  {item}" for item in items[:MOST_LINES]]
    rest = [f"  and {more} more, in overview.html"] if more > 0 else []
    return [f"{title}: {len(items)}", *shown, *rest] if items else []


def printable(line):
    """A line that no terminal obeys: names are students' own."""
    line = line.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else "?" for c in line)
