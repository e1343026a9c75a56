"""The instructor's page: pictures of a class, a row per submission, what to look at, what was left.

Pictures are inline SVG without script, coloured by the style of feedback.py; what each shows stands
in its label and, as numbers, in the page.
"""

import re
from collections import Counter
from urllib.parse import quote

from course_utils.grading.explain import NOT_ANSWERED, NOT_IN_IT
from course_utils.grading.feedback import document, points, text, tone

BARS = 10
WIDTH = 420  # so that texts of 13 units are 11 pixels on a screen of 390
SHOWN_MISTAKES = 12
STYLE = """<style>
body { max-width: 72rem; } td:last-child { min-width: 20rem; } figure { margin: 1.5rem 0; }
svg { width: 100%; max-width: 34rem; }
figcaption { color: var(--soft); } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
.bar { fill: var(--soft); } .full { fill: var(--good); } .part { fill: var(--some); }
.none { fill: var(--bad); } svg .in { fill: var(--back); } .faded { opacity: .55; }
.axis { stroke: var(--line); }
</style>"""


def overview(exercise, klass):
    """The whole page as text."""
    rows, counted = klass.rows, [r for r in klass.rows if r.counts]
    scores = [r.final for r in counted if r.final is not None]
    body = [
        STYLE,
        f"<h1>{text(exercise.name)}</h1>",
        f'<p class="soft">{summary(exercise, klass, counted, scores)}</p>',
    ]
    if any(r.record.sandbox == "unsandboxed" for r in rows):
        body.append('<p class="loud">UNSANDBOXED: some rows were graded without isolation.</p>')
    if scores:
        body += [distribution(scores, exercise.max_score), difficulty(exercise, counted)]
        body.append(mistakes(exercise, counted))
    body.append(table(exercise, rows))
    body += [
        listing("On the roster, without a submission", [s.label for s in klass.missing]),
        listing("To be mended", klass.complaints),
        listing("Left out: no submissions", [f"{name}: {why}" for name, why in klass.left_out]),
    ]
    return document(f"{exercise.name}: overview", "\n".join(filter(None, body)))


def summary(exercise, klass, counted, scores):
    """One line of numbers."""
    said = [f"{len(klass.rows)} submissions", f"{points(exercise.max_score)} points"]
    if len(counted) < len(klass.rows):
        said.append(f"{len(klass.rows) - len(counted)} handed in again")
    blank = sum(r.final is None for r in counted)
    if blank:
        said.append(f"{blank} not graded")
    if scores:
        middle = sorted(scores)
        half = len(middle) // 2
        median = middle[half] if len(middle) % 2 else (middle[half - 1] + middle[half]) / 2
        said.append(f"the mean is {points(sum(scores) / len(scores))}")
        said.append(f"the median {points(median)}")
    return text(", ".join(said))


def distribution(scores, most):
    """How many reached which tenth of the points."""
    count = Counter(min(BARS - 1, max(0, int(BARS * s / most))) for s in scores)
    top, wide = max(count.values()), WIDTH / BARS
    bars = []
    for k in range(BARS):
        n, low, high = count[k], most * k / BARS, most * (k + 1) / BARS
        tall = 130 * n / top
        name = f"{points(low)} to {points(high)} points: {n}"
        bars.append(
            f'<rect class="bar" x="{k * wide + 3:.1f}" y="{150 - tall:.1f}" width="{wide - 6:.1f}" '
            f'height="{tall:.1f}"><title>{name}</title></rect>'
        )
        if n:
            bars.append(label(k * wide + wide / 2, 145 - tall, n, "middle"))
        bars.append(label(k * wide, 168, points(low), "start"))
    bars.append(label(WIDTH, 168, points(most), "end"))
    bars.append(f'<line class="axis" x1="0" x2="{WIDTH}" y1="150" y2="150"/>')
    said = ", ".join(f"{points(most * k / BARS)}: {count[k]}" for k in range(BARS))
    return figure("".join(bars), 175, f"Submissions by score, from each mark up: {said}",
                  "How the scores spread: the number of submissions in each tenth.")  # fmt: skip


def difficulty(exercise, rows):
    """For each question the share of full, some and no points."""
    rows = [r for r in rows if r.final is not None]
    bars, said = [], []
    for k, (key, rules) in enumerate(exercise.questions.items()):
        scores = [r.record.questions[key].points for r in rows]
        full = sum(p == rules.points for p in scores)
        none = sum(p == 0 for p in scores)
        mean = sum(scores) / len(scores) / rules.points
        x, y = 60.0, 8 + 30 * k
        bars.append(label(0, y + 16, key, "start"))
        for kind, n in (("full", full), ("part", len(scores) - full - none), ("none", none)):
            wide = (WIDTH - 130) * n / len(scores)
            name = {"full": "all points", "part": "some points", "none": "no points"}[kind]
            bars.append(
                f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="22">'
                f"<title>{text(key)}: {name}: {n}</title></rect>"
            )
            if wide > 24:
                bars.append(label(x + wide / 2, y + 16, n, "middle", "in"))
            x += wide
        bars.append(label(WIDTH, y + 16, f"{mean:.0%}", "end"))
        said.append(f"{key}: {full} all, {none} none, mean {mean:.0%}")
    return figure("".join(bars), 14 + 30 * len(exercise.questions), "; ".join(said),
                  "How hard each question was: submissions with all, some and none of its points, "
                  "and the mean.")  # fmt: skip


def mistakes(exercise, rows):
    """The commonest reasons for which answers lost points."""
    count = Counter()
    for row in rows:
        for key, question in row.record.questions.items():
            if row.final is not None and not question.full and answered(question):
                count[key, reason(question)] += 1
    common = [(c, n) for c, n in count.most_common(SHOWN_MISTAKES) if n]
    if not common:
        return ""
    top, bars, items = common[0][1], [], []
    for k, ((key, why), n) in enumerate(common):
        y, wide = 6 + 44 * k, (WIDTH - 120) * n / top
        bars.append(label(0, y + 14, f"{k + 1}.  {key}", "start"))
        bars.append(f'<rect class="bar" x="80" y="{y}" width="{wide:.1f}" height="18"/>')
        bars.append(label(86 + wide, y + 14, n, "start"))
        bars.append(label(0, y + 34, why if len(why) < 58 else why[:56] + " …", "start"))
        items.append(f"<li>{text(key)}, {n} times: {text(why)}</li>")
    said = "; ".join(f"{key}, {n} times: {why}" for (key, why), n in common)
    drawn = figure("".join(bars), 8 + 44 * len(common), said, "The commonest mistakes.")
    return f"{drawn}<details><summary>In full</summary><ol>{''.join(items)}</ol></details>"


def answered(question):
    """Whether there is an answer that could be wrong."""
    absent = (NOT_ANSWERED, NOT_IN_IT)
    return not any(p.public in absent or p.secret in absent for p in question.parts.values())


def reason(question):
    """Why a question lost points, without this student's numbers: a hint, an error, a verdict."""
    for line in question.said:
        if line.startswith("Hint: "):
            return line.removeprefix("Hint: ")
    for line in [said for said in question.said if not re.match(r"\s*line \d+", said)][:1]:
        match = re.match(r"Your cell stopped with (\w+)", line)
        return f"the cell stopped with {match[1]}" if match else shape_of(line)
    wrong = [p.public or p.secret for p in question.parts.values() if not p.ok]
    return shape_of(next(iter(wrong), "") or "not right")


def shape_of(line):
    """A message with its numbers taken out, so that the same mistake reads the same."""
    return re.sub(r"-?\d+(\.\d+)?(e[-+]?\d+)?", "#", line)[:200]


def label(x, y, value, anchor, kind=""):
    """A text in a picture."""
    shade = f' class="{kind}"' if kind else ""
    return f'<text{shade} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text(value)}</text>'


def figure(inside, tall, said, caption):
    """A picture with its label and caption."""
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {tall}" role="img" aria-label="{text(said)}">'
        f"{inside}</svg><figcaption>{text(caption)}</figcaption></figure>"
    )


def table(exercise, rows):
    """A row per submission, a column per question, links to the feedback."""
    keys = list(exercise.questions)
    named, late = any(r.who for r in rows), any(r.late for r in rows)
    changed = any(r.adjusted is not None for r in rows)
    heads = [*["student"] * named, "submission", "score", *["late"] * late]
    heads += [*["adjusted"] * changed, *keys, "remarks"]
    head = "".join(f"<th>{text(h)}</th>" for h in heads)
    body = "".join(line(r, keys, named, late, changed) for r in rows)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def line(row, keys, named, late, changed):
    """One line of the table."""
    record = row.record
    link = f"feedback/{quote(record.file)}.html"
    titles = ([row.who] if named else []) + [record.submission]
    linked = 0 if titles[0] else 1  # nobody known: the file's name leads to the page
    cells = [f'<td><a href="{text(link)}">{text(title)}</a></td>' if k == linked
             else f"<td>{text(title)}</td>" for k, title in enumerate(titles)]  # fmt: skip
    blank = row.final is None and row.adjusted is None
    cells.append(f"<td>{'–' if blank else points(record.score)}</td>")
    cells += [f"<td>{'' if row.late is None else points(row.late)}</td>"] * late
    cells += [f"<td>{'' if row.adjusted is None else points(row.adjusted)}</td>"] * changed
    for key in keys:
        result = record.questions[key]
        cells.append(f'<td class="{tone(result.points, result.max)}">{points(result.points)}</td>')
    remarks = [record.reason] if record.reason else []
    cells.append(f"<td>{text('; '.join([*remarks, *row.remarks()]))}</td>")
    shade = "" if row.counts else ' class="faded"'
    return f"<tr{shade}>{''.join(cells)}</tr>"


def listing(title, lines):
    """A list under a heading, or nothing."""
    if not lines:
        return ""
    items = "".join(f"<li>{text(item)}</li>" for item in lines)
    return f"<section><h2>{text(title)}</h2><ul>{items}</ul></section>"
