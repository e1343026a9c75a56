"""The measured facts of the atlas in words: columns of its table, lines of a cell's page.

What is read comes from ``course_utils.lab.atlas_facts``.
"""

from dataclasses import dataclass

PROTOCOL = (
    "One protocol for all cells (`course_utils.lab.atlas_protocol`). "
    "Each net has one layer and a readout and learns about as many "
    "numbers as an LSTM's of 16 units, so that a cell with few weights has more units. "
    "The learning rate is the best of one grid for all, found on seeds of its own; the nets that "
    "are scored are fresh ones.",
    "A net that diverged counts as not solved and as last. Ranks are by the median; the interval "
    "of a rank is where it lies when seeds are drawn anew. Many cells cannot be told from the "
    "best, and their order among each other says nothing. Nor does it follow what a cell does in a "
    "larger net, after more updates, or with a start of its own: gates start as "
    "`init_params` gives them, and nobody tuned a bias.",
)


HEADS = {  # of narrow columns; other tasks by their title
    "adding": "adding", "copying": "copying", "reber": "Reber stream", "text": "letters",
    "text_time": "letters, equal time",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of the table: a task, or "" for what arrives over 100 steps."""

    task: str
    title: str
    about: dict

    def shown(self, facts, arrival):
        """(what to sort by, lines of Markdown, the first of them the fact)."""
        if not self.task:
            return shown_arrival(arrival)
        if self.task not in facts:
            return "", ["–"]
        row = facts[self.task]
        first = f"{row['solved']} of {row['of']}" if has(row, "solved") else number(self.about, row)
        first = f"**{first}**" if row["tied"] else first
        rest = [number(self.about, row)] if has(row, "solved") else []
        return row["rank"], [first, *rest, f"rank {interval(row, 'rank', plain)}"]


def has(row, name):
    return row.get(name) is not None


def shown_arrival(row):
    if row is None or row["start"] is None:
        return (99, ["–"]) if row is None else (98, ["nothing"])
    lines = [f"$10^{{{row['start']:.1f}}}$"]
    if has(row, "trained"):
        lines.append(f"trained $10^{{{row['trained']:.1f}}}$")
    return -row["start"], lines


def columns(tasks, arrivals):
    """The columns that are recorded."""
    found = [Column("", "arrives over 100 steps", {})] if arrivals else []
    return found + [
        Column(name, HEADS.get(name, about["title"].partition(":")[0]), about)
        for name, about in tasks.items()
    ]


def plain(value):
    return f"{value:.3g}"


def share(value):
    return f"{100 * value:{'.0f' if value >= 0.0995 else '.2g'}} %"


def number(about, row):
    """The median of a task's measure."""
    if row["median"] is None:
        return "diverged"
    return share(row["median"]) if about["percent"] else plain(row["median"])


def interval(row, name, said):
    """``5 (2 to 14)``; one number where both ends agree with it."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{said(row[name])} ({said(low)} to {said(high)})"


def about(tasks, arrivals, link):
    """A line for each column: what is measured, what is said to be solved, how to record it."""
    lines = []
    if arrivals:
        lines.append("**arrives over 100 steps**: the share of a gradient that arrives 100 steps "
                     "back, median over seeds, in fresh nets, and in nets trained on adding; "
                     "`course run atlas_arrival`")  # fmt: skip
    for task in tasks.values():
        solved = f"; solved: {task['solved']}" if task.get("solved") else ""
        guess = ""
        if task.get("guess") is not None:
            said = share(task["guess"]) if task["percent"] else plain(task["guess"])
            alone = "without memory" if task["percent"] else "by the letters' frequencies alone"
            guess = f"; {alone} {said}"
        lines.append(
            f"**{task['title']}**: {task['measure']}{solved}{guess}; {task['seeds']} seeds a cell; "
            f"{told(task, link)}; `course run {task['experiment']}`"
        )
    return lines


def told(task, link):
    """The best cell, or how many cannot be told from it."""
    if task["tied"] == 1:
        return f"{link(task['best'])} is told from all others (bold)"
    return f"{task['tied']} of {task['cells']} cells cannot be told from the best (bold)"


def sentence(task, row, link):
    """What is recorded of one cell on one task."""
    parts = []
    if has(row, "solved"):
        ends = f"{share(row['share_low'])} to {share(row['share_high'])}"
        parts.append(f"{task['solved']} in {row['solved']} of {row['of']} nets ({ends})")
    if row["median"] is None:
        parts.append("so many nets diverged that there is no median")
    else:
        said = share if task["percent"] else plain
        ends = [said(row[end]) if has(row, end) else "diverged" for end in ("low", "high")]
        parts.append(f"median {task['measure']} {said(row['median'])} ({ends[0]} to {ends[1]})")
    rank = f"rank {interval(row, 'rank', plain)} of {task['cells']}"
    best = ", told from all others" if task["tied"] == 1 else ", not to be told from the best"
    parts.append(rank + (best if row["tied"] else ""))
    if row.get("lost"):
        parts.append(f"{row['lost']} diverged")
    edge = ", an end of the grid" if row.get("edge") else ""
    parts.append(f"{row['hidden']} units, learning rate {row['rate']:g}{edge}")
    return f"**{task['title']}**: {'; '.join(parts)}."


def arrived(row):
    """What arrives over 100 steps."""
    if row["start"] is None:
        return "**over 100 steps** nothing of a gradient arrives in a fresh net."
    text = (f"**over 100 steps** $10^{{{row['start']:.1f}}}$ of a gradient arrives in a fresh net "
            f"(quartiles {power(row, 'start_low')} and {power(row, 'start_high')})")  # fmt: skip
    if has(row, "trained"):
        text += f", $10^{{{row['trained']:.1f}}}$ after training on adding"
    return f"{text}."


def power(row, name):
    return "0" if row.get(name) is None else f"$10^{{{row[name]:.1f}}}$"
