"""Style sheets of the theme cut down to what the built pages can show, and its icons to a font.

The theme brings all of Bootstrap and two thousand icons, as a script of 1.5 MB besides.  A rule is
left out when it asks for a class or an id that no page holds and no script names; the icons that
then remain come as a font of their outlines inside the style sheet, for file:// lets no page load a
font.  Our own style sheets stay as they are.
"""

import base64
import hashlib
import io
import re

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont

from course_utils.files import write
from slim_plots import lighter

SHEETS = ("styles/pydata-sphinx-theme.css", "sphinx-design*.css", "mystnb*.css")
NO_SCRIPTS = ("searchindex.js", "search_data.js", "glossary_notes.js")  # texts, not programs
JOINED = ("bs-", "col-")  # classes that Bootstrap's script puts together from halves
GROUPING = ("media", "supports", "layer")
FONT = re.compile(r"url\([\"']?(?:\.\./)*(vendor/fontawesome/webfonts/[\w-]+)\.woff2")
ATTRIBUTES = re.compile(r"\b(?:class|id)=\"([^\"]*)\"")
NAME = re.compile(r"[.#](-?(?:[A-Za-z_]|\\.)(?:[\w-]|\\.)*)")
ICON = re.compile(r"\\(f[0-9a-f]{3})\b|([\uf000-\uf8ff])")  # a parser may have read the escape
WRAPPED = re.compile(r'<span class="([^"]+)"><span class="pre">([^<]*)</span></span>')
DIGEST = re.compile(r"(?<=_static/)([\w./-]+\.css)\?(?:digest|v)=(\w+)")


def slim(site):
    """Cut the sheets of a finished site (its folder) down; the theme's icon script goes."""
    static = site / "_static"
    words = spoken(site)
    sheets = [path for pattern in SHEETS for path in sorted(static.glob(pattern))]
    cut = {path: prune(path.read_text("utf-8"), words) for path in sheets}
    others = (p.read_text("utf-8") for p in static.rglob("*.css") if p not in cut)
    icons = named("".join([*cut.values(), *others]))
    digests = {}
    for path, css in cut.items():
        css = with_fonts(css, static, icons)
        write(path, css)
        digests[path.relative_to(static).as_posix()] = hashlib.sha256(css.encode()).hexdigest()[:8]
    for page in site.rglob("*.html"):  # a browser must not show what it kept of an earlier build
        text = page.read_text("utf-8")
        new = DIGEST.sub(lambda m: f"{m[1]}?v={digests.get(m[1], m[2])}", unwrapped(lighter(text)))
        if new != text:
            write(page, new)
    for left in static.glob("scripts/fontawesome.js*"):
        left.unlink()


def unwrapped(page):
    """HTML of a page whose pieces of code are one element each, not one in another."""
    return WRAPPED.sub(r'<span class="\1 pre">\2</span>', page)


def named(css):
    """The icons of a style sheet: numbers of characters in the fonts' private area."""
    return {int(code, 16) if code else ord(char) for code, char in ICON.findall(css)}


def spoken(site):
    """Every class and id of a page, and every word of a script."""
    words = set()
    for page in site.rglob("*.html"):
        for names in ATTRIBUTES.findall(page.read_text("utf-8")):
            words.update(names.split())
    for script in site.rglob("*.js"):
        if script.name not in NO_SCRIPTS and not script.name.startswith("fontawesome"):
            words.update(re.findall(r"[\w-]+", script.read_text("utf-8")))
    return words


def prune(css, words):
    """The style sheet without rules that no element can match, comments and doubled rules."""
    seen = set()
    return "".join(_kept(tinycss2.parse_stylesheet(css), words, seen))


def _kept(rules, words, seen):
    for rule in rules:
        if rule.type == "qualified-rule":
            selector = ",".join(
                s for s in _selectors(tinycss2.serialize(rule.prelude)) if matches(s, words)
            )
            if selector:
                yield f"{selector}{{{tinycss2.serialize(rule.content).strip()}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword in GROUPING and rule.content:
            inner = tinycss2.parse_rule_list(rule.content)
            if text := "".join(_kept(inner, words, seen)):
                head = tinycss2.serialize(rule.prelude).strip()
                yield f"@{rule.at_keyword} {head}{{{text}}}\n"
        elif rule.type in ("at-rule", "error"):
            text = rule.serialize()
            if text not in seen:  # the theme declares its fonts twice
                seen.add(text)
                yield text + "\n"


def _selectors(text):
    """Parts of a selector list; commas inside brackets do not part."""
    return [s.strip() for s in re.split(r",(?![^(]*\)|[^\[]*\])", text)]


def matches(selector, words):
    """Whether an element of the site could match; what stands in brackets is not looked at."""
    bare = re.sub(r"\[[^\]]*\]", "", selector)
    while (shorter := re.sub(r":[\w-]+\([^()]*\)", "", bare)) != bare:
        bare = shorter
    names = [name.replace("\\", "") for name in NAME.findall(bare)]
    return all(name in words or name.startswith(JOINED) for name in names)


def with_fonts(css, static, icons):
    """The style sheet with each icon font inside, cut to the icons; one without any is left out."""

    def face(match):
        found = FONT.search(match[0])
        if not found:
            return match[0]
        font = cut_font(static / f"{found[1]}.ttf", icons)
        source = f"src:url(data:font/woff;base64,{base64.b64encode(font).decode()})"
        return re.sub(r"src:[^}]*", source + ' format("woff")', match[0]) if font else ""

    return re.sub(r"@font-face\s*\{[^}]*\}", face, css)


def cut_font(path, codes):
    """WOFF of the outlines of some characters, given by number; b"" if the font has none."""
    font = TTFont(path)
    codes = codes & set(font.getBestCmap())
    if not codes:
        return b""
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
