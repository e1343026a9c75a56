"""``explore``: a slider over a drawing.

With a live kernel and ipywidgets the drawing is made anew for each value.  In the book, and where
ipywidgets is missing, every frame is made beforehand and a native range input picks one: no kernel,
no library, and without script a list of all frames.
"""

import hashlib
from html import escape
from itertools import product

from course_utils.figures import live as kernel
from course_utils.figures.inline import show
from course_utils.figures.labels import number
from course_utils.figures.page import FigureError, Html, described, embedded

MOST_RANGES, MOST_FRAMES = 2, 40


def explore(draw, *, alt, live=None, **ranges):
    """A picture that follows one or two sliders.

    draw, called with the values by name -> a Matplotlib figure, SVG text, or an object with
    ``_repr_html_``.
    alt: what a frame shows, as a template ("the state after {k} steps") or a callable of the
    values.  ranges: name=iterable of values, at most two names and 40 frames in all.
    live: force (True) or forbid (False) the widget; None decides by where this runs.

    In a notebook with ipywidgets returns a widget, else an object with ``_repr_html_``.
    FigureError says which limit was passed, before anything is drawn.
    """
    ranges = _checked(ranges)
    if not callable(draw):
        raise FigureError(f"draw: expected a function of {', '.join(ranges)}, got {draw!r}")
    say = _sayer(alt, ranges)
    return (_widget if kernel.wanted(live) else _frames)(draw, say, ranges)


def _checked(ranges):
    """{name: list of values}, within the limits."""
    ranges = {name: list(values) for name, values in ranges.items()}
    if not 1 <= len(ranges) <= MOST_RANGES:
        raise FigureError(
            f"ranges: expected one or two, name=values, got {len(ranges)} ({', '.join(ranges)}); "
            "more freedom needs an explorer in JavaScript"
        )
    count = 1
    for name, values in ranges.items():
        if not values:
            raise FigureError(f"{name}: an empty range draws nothing")
        count *= len(values)
    if count > MOST_FRAMES:
        sizes = " × ".join(f"{len(v)} values of {n}" for n, v in ranges.items())
        raise FigureError(f"{sizes} make {count} frames; at most {MOST_FRAMES}: thin a range")
    return ranges


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
    return number(value, "g") if isinstance(value, float) else str(value)


# -- without a kernel ------------------------------------------------------------------------------


class Frames(Html):
    """Precomputed frames behind sliders; ``alts`` holds the words of each."""

    def __init__(self, body, scripts, alts):
        super().__init__(body, scripts, f"figure: {alts[0]}")
        self.alts = alts


def _frames(draw, say, ranges):
    pictures, alts, scripts = [], [], {"svg.js": None, "frames.js": None}
    for k, combination in enumerate(product(*ranges.values())):
        values = dict(zip(ranges, combination, strict=True))
        drawn = draw(**values)
        scripts |= dict.fromkeys(getattr(drawn, "scripts", ()))
        alts.append(say(**values))
        label = ", ".join(f"{n} = {_text(v)}" for n, v in values.items())
        pictures.append(
            f'<figure class="u-frame"><figcaption>{escape(label)}</figcaption>'
            f"{_picture(drawn, alts[-1], f'frame{k}-{_slug(alts)}')}</figure>"
        )
    sliders = "".join(
        f'<label class="u-slider"><span class="u-label"><span>{name}</span><output></output></span>'
        f'<input type="range" name="{name}" min="0" max="{len(values) - 1}" value="0"></label>'
        for name, values in ranges.items()  # names are Python's, so they need no escape
    )
    texts = [[_text(v) for v in values] for values in ranges.values()]
    title = escape(" and ".join(ranges))
    body = (
        f'<section class="u-widget u-frames" aria-label="Figure with a slider for {title}">\n'
        f'<div class="u-stage">{"".join(pictures)}</div>\n'
        f'<div class="u-story" hidden><div class="u-grid">{sliders}</div></div>\n'
        f"{embedded(texts)}\n</section>"
    )
    return Frames(body, tuple(scripts), alts)


def _slug(alts):
    """A few letters that tell this figure's ids from those of another on the page."""
    return hashlib.sha256(alts[0].encode()).hexdigest()[:6]


# -- with a kernel ---------------------------------------------------------------------------------


def _widget(draw, say, ranges):
    """The same with ipywidgets, 7 or 8: sliders above an HTML pane that is drawn anew."""
    import ipywidgets

    sliders = {
        name: ipywidgets.SelectionSlider(
            options=[(_text(v), v) for v in values], value=values[0], description=name,
            continuous_update=False,
        )
        for name, values in ranges.items()
    }  # fmt: skip

    def page():
        values = {name: slider.value for name, slider in sliders.items()}
        return Html(_picture(draw(**values), say(**values)))

    pane, refresh = kernel.pane(page)
    for slider in sliders.values():
        slider.observe(refresh, names="value")
    return ipywidgets.VBox([*sliders.values(), pane])
