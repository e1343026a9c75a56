"""``explore``: a picture that follows one or two values.

With a live kernel and ipywidgets the drawing is made anew for each value.  In the book, and where
ipywidgets is missing, every frame is made beforehand and a native control picks one: no kernel,
no library, and without script a list of all frames.
"""

import hashlib
from html import escape
from itertools import pairwise, product
from numbers import Real

from course_utils.figures import live as kernel
from course_utils.figures.axes import hold, together
from course_utils.figures.controls import choice, slider
from course_utils.figures.errors import FigureError
from course_utils.figures.inline import show
from course_utils.figures.labels import number
from course_utils.figures.page import Html, described, embedded
from course_utils.figures.words import minus

MOST_RANGES, MOST_FRAMES, MOST_BUTTONS = 2, 40, 5


def explore(draw, *, alt, start=None, names=None, units=None, live=None, **ranges):
    """A picture that follows one or two values.

    draw, called with the values by name -> a Matplotlib figure, SVG text, or an object with
    ``_repr_html_``.  Axes of Matplotlib figures hold still: their limits are those of all frames
    together, logarithmic where linear ones would hide a frame, and a line that leaves them is
    marked where it does.
    alt: what a frame shows, as a template ("the state after {k} steps") or a callable of the
    values.  ranges: name=iterable of values, at most two names and 40 frames in all.  Numbers are
    put in order.  Two values, or up to five that are not numbers, are buttons, others a slider.
    start: the frame to open with, one that tells something: {name: value}, or a value where there
    is one range; by default the first value that each range lists.
    names, units: {name: what a reader calls it}, {name: its unit}, said with the value.
    live: force (True) or forbid (False) the widget; None decides by where this runs.

    In a notebook with ipywidgets returns a widget, else an object with ``_repr_html_``.
    FigureError says which limit was passed, before anything is drawn.
    """
    given = {name: list(values) for name, values in ranges.items()}
    ranges = _checked(given)
    if not callable(draw):
        raise FigureError(f"draw: expected a function of {', '.join(ranges)}, got {draw!r}")
    say = _sayer(alt, ranges)
    wording = Wording(ranges, names, units)
    first = _start(start, given)
    return (_widget if kernel.wanted(live) else _frames)(draw, say, ranges, first, wording)


def _checked(ranges):
    """{name: list of values}, within the limits, numbers in order."""
    if not 1 <= len(ranges) <= MOST_RANGES:
        raise FigureError(
            f"ranges: expected one or two, name=values, got {len(ranges)} ({', '.join(ranges)}); "
            "more freedom needs an explorer in JavaScript"
        )
    count = 1
    for name, values in ranges.items():
        if not values:
            raise FigureError(f"{name}: an empty range draws nothing")
        if len(set(values)) < len(values):
            raise FigureError(f"{name}: a value stands in it twice: {values}")
        count *= len(values)
    if count > MOST_FRAMES:
        sizes = " × ".join(f"{len(v)} values of {n}" for n, v in ranges.items())
        raise FigureError(f"{sizes} make {count} frames; at most {MOST_FRAMES}: thin a range")
    return {name: _ordered(values) for name, values in ranges.items()}


def _ordered(values):
    """Numbers that run one way, up where they ran both; anything else as it is."""
    if not _numeric(values):
        return values
    falls = all(a > b for a, b in pairwise(values))
    return sorted(values, reverse=falls)


def _numeric(values):
    return all(isinstance(v, Real) and not isinstance(v, bool) for v in values)


def _start(start, given):
    """{name: value} of the first frame."""
    if start is not None and not hasattr(start, "items"):
        if len(given) > 1:
            raise FigureError(f"start: expected a value for each of {', '.join(given)}")
        start = {next(iter(given)): start}
    chosen = {name: values[0] for name, values in given.items()} | (start or {})
    for name, value in chosen.items():
        if name not in given or value not in given[name]:
            raise FigureError(f"start: {name} = {value!r} is no value of {', '.join(given)}")
    return chosen


class Wording:
    """What the controls say: names and units of the ranges, values as text."""

    def __init__(self, ranges, names, units):
        for what, words in (("names", names), ("units", units)):
            if unknown := set(words or {}) - set(ranges):
                raise FigureError(f"{what}: no range is called {', '.join(sorted(unknown))}")
        self.names = {name: name for name in ranges} | (names or {})
        self.units = dict.fromkeys(ranges, "") | (units or {})

    def value(self, name, value):
        """"20 steps"."""
        return f"{_text(value)} {self.units[name]}".strip()

    def sentence(self, values):
        """"gap: 20 steps, units: 64"."""
        return ", ".join(f"{self.names[n]}: {self.value(n, v)}" for n, v in values.items())


def buttons(values):
    """Whether a choice of buttons serves better than a slider."""
    return len(values) == 2 or (len(values) <= MOST_BUTTONS and not _numeric(values))


def _sayer(alt, ranges):
    """values -> alt text of that frame; tried once, so that a wrong template fails at the door."""
    if not callable(alt) and not isinstance(alt, str):
        raise FigureError(f"alt: expected a template or a function, got {alt!r}")
    say = alt if callable(alt) else lambda **values: alt.format(**values)
    first = {name: values[0] for name, values in ranges.items()}
    try:
        described(say(**first))
    except (KeyError, IndexError) as missing:
        raise FigureError(
            f"alt: the template names {missing}, the ranges are {', '.join(ranges)}"
        ) from None
    return say


def _picture(drawn, alt, name=None):
    """HTML of whatever draw returned."""
    if hasattr(drawn, "savefig"):
        return show(drawn, alt, name).html()
    if isinstance(drawn, str) and drawn.lstrip().startswith("<svg"):
        return f'<div class="u-frame-art" role="img" aria-label="{described(alt)}">{drawn}</div>'
    if hasattr(drawn, "_repr_html_"):
        html = drawn.html() if isinstance(drawn, Html) else drawn._repr_html_()
        return f'<div role="group" aria-label="{described(alt)}">{html}</div>'
    raise FigureError(
        "draw: expected a Matplotlib figure, SVG text or an object with _repr_html_, "
        f"got {type(drawn).__name__}"
    )


def _text(value):
    return number(value, "g") if isinstance(value, float) else minus(str(value))


# -- without a kernel ------------------------------------------------------------------------------


class Frames(Html):
    """Precomputed frames behind controls; ``alts`` holds the words of each."""

    def __init__(self, body, scripts, alts):
        super().__init__(body, scripts, f"figure: {alts[0]}")
        self.alts = alts


def _frames(draw, say, ranges, first, wording):
    every = [dict(zip(ranges, c, strict=True)) for c in product(*ranges.values())]
    drawn = _drawn(draw, every)
    limits = together([one for one in drawn if hasattr(one, "savefig")])
    drawn = [hold(one, limits) if hasattr(one, "savefig") else one for one in drawn]
    alts = [say(**values) for values in every]
    scripts = {"svg.js": None, "frames.js": None}
    for one in drawn:
        scripts |= dict.fromkeys(getattr(one, "scripts", ()))
    slug = hashlib.sha256(alts[0].encode()).hexdigest()[:6]  # ids unlike another figure's
    pictures = "".join(
        f'<figure class="u-frame"><figcaption>{escape(wording.sentence(values))}</figcaption>'
        f"{_picture(one, alt, f'frame{k}-{slug}')}</figure>"
        for k, (values, one, alt) in enumerate(zip(every, drawn, alts, strict=True))
    )
    controls = "".join(
        _control(name, values, values.index(first[name]), wording, slug)
        for name, values in ranges.items()
    )
    texts = [[wording.value(n, v) for v in values] for n, values in ranges.items()]
    title = escape(" and ".join(wording.names.values()))
    body = (
        f'<section class="u-widget u-frames" aria-label="Figure that follows {title}">\n'
        f'<div class="u-stage">{pictures}</div>\n'
        f'<div class="u-story" hidden><div class="u-grid">{controls}</div></div>\n'
        f"{embedded(texts)}\n</section>"
    )
    return Frames(body, tuple(scripts), alts)


def _drawn(draw, every):
    """What draw makes of each {name: value}."""
    from matplotlib import rc_context

    with rc_context({"figure.max_open_warning": 0}):  # all frames are open until limits are known
        return [draw(**values) for values in every]


def _control(name, values, at, wording, slug):
    title, texts = escape(wording.names[name]), [wording.value(name, v) for v in values]
    if buttons(values):
        return choice(title, name, texts, at, f"{name}-{slug}")
    return slider(title, "", 0, len(values) - 1, 1, at, name, f' data-range="{name}"')


# -- with a kernel ---------------------------------------------------------------------------------


def _widget(draw, say, ranges, first, wording):
    """The same with ipywidgets, 7 or 8: controls above an HTML pane that is drawn anew."""
    import ipywidgets

    def control(name, values):
        options = [(wording.value(name, v), v) for v in values]
        say = {"value": first[name], "description": wording.names[name]}
        if buttons(values):
            return ipywidgets.ToggleButtons(options=options, **say)
        return ipywidgets.SelectionSlider(options=options, continuous_update=False, **say)

    controls = {name: control(name, values) for name, values in ranges.items()}

    limits = None

    def page():
        nonlocal limits
        values = {name: one.value for name, one in controls.items()}
        drawn = draw(**values)
        if hasattr(drawn, "savefig"):
            limits = _measured(draw, ranges) if limits is None else limits
            hold(drawn, limits)
        return Html(_picture(drawn, say(**values)))

    pane, refresh = kernel.pane(page)
    for one in controls.values():
        one.observe(refresh, names="value")
    return ipywidgets.VBox([*controls.values(), pane])


def _measured(draw, ranges):
    """Limits of all frames, which are drawn once for that and closed."""
    from matplotlib import pyplot as plt

    frames = _drawn(draw, [dict(zip(ranges, c, strict=True)) for c in product(*ranges.values())])
    limits = together(frames)
    for fig in frames:
        plt.close(fig)
    return limits
