"""When the modules of a clockwork layer move, and what a step then multiplies: periods to set.

The two tables are whole without a script; ``assets/clocks.js`` computes the same with what the
sliders say, and a browser test holds it equal to the cell of ``numpy_nn``.
"""

from course_utils.figures.controls import slider
from course_utils.figures.errors import FigureError
from course_utils.figures.page import Html, embedded

LONGEST, STEPS, MOST = 16, 17, 6  # period, steps shown, modules


def clockwork_explorer(periods, *, size=8, inputs=2, step=0):
    """A schedule of modules with a slider for each period, and the blocks that a step multiplies.

    periods: 2 to 6 integers from 1 to 16, one a module, of which each has ``size`` units; inputs:
    D; step: the time step it opens at, from 0 to 16.  A module moves at steps that are multiples of
    its period and hears the modules whose period is as long as its own or longer; Koutník et al.
    2014, section 3.  FigureError names what is out of its range.
    """
    periods = _checked(periods, size, inputs, step)
    found = clockwork(periods, size, inputs, step)
    controls = "".join(
        slider(f"period of module {k}", "", 1, LONGEST, 1, period, f"period{k}")
        for k, period in enumerate(periods, start=1)
    ) + slider("time step", "u-wide", 0, STEPS - 1, 1, step, "t")
    data = {"periods": periods, "size": size, "inputs": inputs, "step": step}
    body = f"""<section class="u-widget u-clocks" aria-label="Clockwork modules over {STEPS} steps">
<div class="u-clocks-tables">
{_schedule(periods, step)}
{_blocks(found)}
</div>
<p class="u-say" aria-live="polite">{_told(found, step)}</p>
<div class="u-story" hidden><div class="u-grid">{controls}</div></div>
{embedded(data)}
</section>"""
    return Html(body, ("svg.js", "clocks.js"), f"figure: {_told(found, step)}")


def clockwork(periods, size, inputs, t):
    """What step t does: due, whether a module moves; heard[k][j], whether k hears j; now, mean and
    plain: multiplications at this step, at a step in the mean, and in a layer without clocks."""
    heard = [[other >= own for other in periods] for own in periods]
    work = [size * (size * sum(row) + inputs) for row in heard]
    due = [t % period == 0 for period in periods]
    units = size * len(periods)
    return {
        "due": due,
        "heard": heard,
        "now": sum(w for w, moves in zip(work, due, strict=True) if moves),
        "mean": sum(w / period for w, period in zip(work, periods, strict=True)),
        "plain": units * (units + inputs),
    }


def _checked(periods, size, inputs, step):
    periods = list(periods)
    if not 2 <= len(periods) <= MOST or not all(
        isinstance(p, int) and 1 <= p <= LONGEST for p in periods
    ):
        raise FigureError(
            f"periods: expected 2 to {MOST} whole numbers from 1 to {LONGEST}, got {periods}"
        )
    for name, value, low, high in (
        ("size", size, 1, 1024), ("inputs", inputs, 0, 1024), ("step", step, 0, STEPS - 1)
    ):  # fmt: skip
        if not isinstance(value, int) or not low <= value <= high:
            raise FigureError(f"{name}: expected {low} to {high}, got {value!r}")
    return periods


def _schedule(periods, step):
    head = "".join(f'<th scope="col"{_marked(t == step, "is-now")}>{t}</th>' for t in range(STEPS))
    rows = "".join(
        f'<tr><th scope="row">{k}</th>'
        + "".join(
            f"<td{_marked(t % period == 0, 'is-due', t == step, 'is-now')}>"
            f'<span class="u-sr">{"moves" if t % period == 0 else "rests"}</span></td>'
            for t in range(STEPS)
        )
        + "</tr>"
        for k, period in enumerate(periods, start=1)
    )
    return (
        '<table class="u-schedule"><caption>which module moves at which step</caption>'
        f'<thead><tr><th scope="col"><span class="u-sr">module</span></th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _blocks(found):
    modules = range(len(found["due"]))
    head = "".join(f'<th scope="col">{k + 1}</th>' for k in modules)
    rows = "".join(
        f'<tr><th scope="row">{k + 1}</th>'
        + "".join(
            f"<td{_marked(found['heard'][k][j], 'is-wired', _used(found, k, j), 'is-due')}>"
            f'<span class="u-sr">{_state(found, k, j)}</span></td>'
            for j in modules
        )
        + "</tr>"
        for k in modules
    )
    return (
        '<table class="u-blocks"><caption><i>W</i><sub>hh</sub>, row reads column</caption>'
        f'<thead><tr><th scope="col"><span class="u-sr">module</span></th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _used(found, k, j):
    return found["due"][k] and found["heard"][k][j]


def _state(found, k, j):
    if not found["heard"][k][j]:
        return "no weights"
    return "multiplied" if found["due"][k] else "rests"


def _marked(*pairs):
    """A class attribute of the names whose condition holds: (condition, name, …)."""
    names = [name for holds, name in zip(pairs[::2], pairs[1::2], strict=True) if holds]
    return f' class="{" ".join(names)}"' if names else ""


def _told(found, t):
    moving = [str(k) for k, due in enumerate(found["due"], start=1) if due]
    who = _who(moving)
    mean = round(100 * found["mean"] / found["plain"])
    return (
        f"Step {t}: {who}, {found['now']} of a plain layer’s {found['plain']} multiplications. "
        f"In the mean over all steps it is {mean} %."
    )


def _who(moving):
    if not moving:
        return "no module moves"
    if len(moving) == 1:
        return f"module {moving[0]} moves"
    return f"modules {', '.join(moving[:-1])} and {moving[-1]} move"
