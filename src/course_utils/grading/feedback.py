"""The page of one submission, for its student: escaped, self-contained, without a script.

Nothing a student wrote becomes markup: every text goes through `html.escape`, and the page's policy
allows no script, no image, no font and no request.
"""

from html import escape

from course_utils.grading.files import shown

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #667; --line: #d8dbe2; --back: #fff;
  --good: #17703c; --some: #8a5a00; --bad: #a3262a; --panel: #f6f7f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ee; --soft: #a2a7b5; --line: #3a404d;
  --back: #14171d; --good: #6fcf97; --some: #e5b567; --bad: #ff8f8a; --panel: #1d2129; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--back);
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 46rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 0; }
.score { font-size: 2rem; font-weight: 650; margin: .5rem 0 0; }
.soft { color: var(--soft); } .good { color: var(--good); } .some { color: var(--some); }
.bad { color: var(--bad); }
section { border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem;
  margin: 1rem 0; }
section p { margin: .5rem 0 0; }
section header { display: flex; justify-content: space-between; gap: 1rem; }
ul { margin: .5rem 0 0; padding-left: 1.2rem; } li { margin: .2rem 0; }
pre { background: var(--panel); padding: .6rem .8rem; border-radius: .4rem; white-space: pre-wrap;
  font: .85rem/1.45 ui-monospace, monospace; margin: .7rem 0 0; }
.loud { border: 2px solid var(--bad); color: var(--bad); font-weight: 650; padding: .6rem 1rem;
  border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; }
th, td { overflow-wrap: normal; vertical-align: top; }
td:first-child { min-width: 9rem; overflow-wrap: anywhere; } td:last-child { min-width: 12rem; }
a { color: inherit; }
"""


def document(title, body):
    """A whole page around a body that is already escaped."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def text(value):
    """Anything as harmless text: no markup, no control characters, no broken Unicode."""
    value = shown(str(value))
    return escape(
        "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in value)
    )


def points(value):
    """3.0 as 3, 2.25 as 2.25."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def tone(value, most):
    """The class of a score."""
    return "good" if value == most else "bad" if value == 0 else "some"


def page(record, who=""):
    """The feedback for one submission; who: the student's name, where it is known."""
    body = [
        f"<h1>{text(who or record.assignment)}</h1>",
        f'<p class="soft">{text(f"{record.assignment}, " * bool(who) + record.submission)}</p>',
        f'<p class="score {tone(record.score, record.max_score)}">'
        f"{points(record.score)} of {points(record.max_score)} points</p>",
    ]
    if record.sandbox == "unsandboxed":
        body.append('<p class="loud">UNSANDBOXED: graded without isolation; not for marks.</p>')
    if record.reason:
        body.append(f"<p><strong>{text(record.reason)}</strong></p>")
    if record.notes:
        items = "".join(f"<li>{text(note)}</li>" for note in dict.fromkeys(record.notes))
        body.append(f"<section><h2>About your file</h2><ul>{items}</ul></section>")
    if record.status != "unreadable":
        body += [question(key, result) for key, result in record.questions.items()]
        body.append(
            '<p class="soft">Points were given for other numbers and other sizes than those in '
            "your notebook. Where a message names an expected value, it is the one for the "
            "notebook's own numbers.</p>"
        )
    return document(f"{record.assignment}: {who or record.submission}", "\n".join(body))


def question(key, result):
    """One question: its points, its parts, what was said."""
    shade = tone(result.points, result.max)
    lines = [
        f'<section><header><h2>{text(key)}</h2><span class="{shade}">{points(result.points)} '
        f"of {points(result.max)}</span></header>"
    ]
    reasons = {part_text(part) for part in result.parts.values()}
    if reasons == {"right"} or len(reasons) == 1 < len(result.parts):
        lines.append(f"<p>{text(reasons.pop())}</p>")
    else:
        items = "".join(
            f'<li class="{"good" if part.ok else "bad"}">{text(name)}: {text(part_text(part))}</li>'
            for name, part in result.parts.items()
        )
        lines.append(f"<ul>{items}</ul>")
    if result.said:
        said = "\n".join(result.said)
        lines.append(f"<pre>{text(said)}</pre>")
    if result.review:
        reasons = text(listed(result.review))
        lines.append(f'<p class="some">Your instructor may look at this: it {reasons}.</p>')
    return "\n".join(lines) + "</section>"


def listed(reasons):
    """["uses a", "uses b"] as "uses a and uses b"."""
    return " and ".join([", ".join(reasons[:-1])] * (len(reasons) > 1) + reasons[-1:])


def part_text(part):
    """What to say about one part: the public run first, for it may show expected values."""
    return "right" if part.ok else part.public or part.secret or "not right"
