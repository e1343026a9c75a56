"""One colour per quantity and per model, for light pages, for dark pages, and for both.

``quantities["forget"]`` and ``models["lstm"]`` are what a chart uses: an ink for both, in whose
place ``figures.show`` puts the page's own.  ``shades(name, count)`` are versions of one ink: sizes
of a model, phases of a time ("neutral").

Measured by ``tests/figures/test_palette.py``: text contrast of at least 4.5:1 (WCAG 2) in light and
dark, 3:1 in the inks for both, and, for quantities, CIEDE2000 distances between all pairs that
survive deutan and protan vision.  Importing this module imports only the standard library.
"""

from course_utils.figures.errors import FigureError
from course_utils.figures.models import ALIASES, MODELS

MEANINGS = (
    "forget", "input", "output", "candidate", "cell", "hidden", "x", "gradient", "neutral",
)  # fmt: skip


def _inks(text):
    return dict(zip(MEANINGS, text.split(), strict=True))


LIGHT = _inks("#9a2421 #1e6f48 #5f12a1 #0a7a87 #926a03 #2561db #0e1624 #c4287a #4b4f55")
DARK = _inks("#f0642a #a2eab4 #bc9be0 #6fccc4 #f2c52e #497ffd #f5f9ff #f83d84 #898e94")
BOTH = _inks("#cf0000 #308144 #9b64fe #15a1b6 #c5871c #2462b3 #5d6673 #bf006a #83868b")


class Inks(dict):
    """Name -> "#rrggbb"; a name that it does not hold is an error that lists those it does."""

    def __init__(self, kind, inks):
        super().__init__(inks)
        self.kind = kind

    def __missing__(self, name):
        raise FigureError(f"{self.kind}: {name!r} is none of {', '.join(self)}")


quantities = Inks("quantity", BOTH)
models = Inks("model", {k: ink.both for k, ink in MODELS.items()}
              | {alias: MODELS[k].both for alias, k in ALIASES.items()})  # fmt: skip

# page: the theme's own background; surface: the body of a cell; faint: what a step lets recede
# (decoration, to which no contrast is owed)
PAGE = {
    "light": {
        "page": "#ffffff", "surface": "#f7f8fa", "text": "#222832", "line": "#6b7280",
        "faint": "#d3d8df",
    },
    "dark": {
        "page": "#121212", "surface": "#1a1d22", "text": "#dbe1e7", "line": "#858d99",
        "faint": "#3a414b",
    },
}  # fmt: skip
TINT = {"light": 0.14, "dark": 0.24}  # how much ink a soft fill holds

# The letters of the equations.  A GRU's z keeps the old state as f does, and its r chooses what is
# read from it, as o does.
LETTERS = {
    "f": "forget", "i": "input", "g": "candidate", "o": "output", "c": "cell", "h": "hidden",
    "x": "x", "z": "forget", "r": "output", "n": "candidate",
}  # fmt: skip

# Where each notebook says which theme it has; the book's theme speaks through html[data-theme].
_LIGHT_ROOM = 'body[data-jp-theme-light="true"], body.vscode-light, body.notebook_app'
_DARK_ROOM = 'html[theme="dark"], body[data-jp-theme-light="false"], body.vscode-dark'


def mix(colour, background, amount):
    """``amount`` of colour over background, '#rrggbb', blended in sRGB as CSS opacity does."""
    pairs = zip(_channels(colour), _channels(background), strict=True)
    return "#" + "".join(f"{round(amount * a + (1 - amount) * b):02x}" for a, b in pairs)


def _channels(colour):
    return [int(colour[k : k + 2], 16) for k in (1, 3, 5)]


def variable(name):
    """ "forget" -> "var(--u-forget)", "lstm" -> "var(--u-model-lstm)": the page's own colour."""
    if name not in BOTH:
        models[name]  # or an error that lists them
        name = f"model-{ALIASES.get(name, name)}"
    return f"var(--u-{name})"


SHARES = (1, 0.82, 0.64, 0.46, 0.28)  # of the ink; the rest is text, so contrast only grows
MIDDLE = "#546c80"  # stands for text where a picture must sit on both


def shades(name, count):
    """Versions of the ink of a model or a quantity, from its own towards that of the text.

    count: 1 to 5.  For sizes of one model, or, of "neutral", for phases; order them, for they do
    not differ much, and label them.
    """
    if not 1 <= count <= len(SHARES):
        raise FigureError(f"count: expected 1 to {len(SHARES)} shades, got {count}")
    ink = BOTH[name] if name in BOTH else models[name]
    steps = len(SHARES) - 1
    picked = [round(k * steps / (count - 1)) for k in range(count)] if count > 1 else [0]
    return [mix(ink, MIDDLE, SHARES[k]) for k in picked]


def replacements():
    """{"#rrggbb": CSS}: what the page has in place of each ink for both, and of its shades."""
    found = {}
    for name in (*MEANINGS, *MODELS):
        own = variable(name)
        for share, ink in zip(SHARES, shades(name, len(SHARES)), strict=True):
            mixed = f"color-mix(in srgb, {own} {share:.0%}, var(--u-text))"
            found.setdefault(ink, own if share == 1 else mixed)
    return found


def tokens(theme):
    """CSS custom properties of "light" or "dark": ``--u-forget``, ``--u-forget-tint``, …"""
    page, inks = PAGE[theme], {"light": LIGHT, "dark": DARK}[theme]
    own = {f"--u-model-{name}": getattr(ink, theme) for name, ink in MODELS.items()}
    plain = {f"--u-{name}": value for name, value in (inks | page).items()}
    tints = {f"--u-{m}-tint": mix(ink, page["page"], TINT[theme]) for m, ink in inks.items()}
    return plain | tints | own | {"--u-scheme": theme}


def block(selector, theme):
    """One CSS rule that gives a selector the properties of a theme."""
    return f"{selector} {{ " + " ".join(f"{k}: {v};" for k, v in tokens(theme).items()) + " }"


def css():
    """Both themes: light; the system's wish where nothing else chose; then who chose."""
    undecided = block("html:not([data-theme]):not([theme])", "dark")
    return "\n".join(
        [
            block(f":root, {_LIGHT_ROOM}", "light"),
            f"@media (prefers-color-scheme: dark) {{ {undecided} }}",
            # a notebook on a light ground says so on <body>, below what the system wished for
            block(f'html[data-theme="dark"], {_DARK_ROOM}', "dark"),
            "",
        ]
    )
