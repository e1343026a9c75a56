"""What a page weighs with everything that it loads, and that nothing needed was left out."""

import base64
import gzip
import io
import re
from functools import cache

import browsing
import pytest
from fontTools.ttLib import TTFont

import slim
import slim_plots

LIMIT, PACKED_LIMIT = 2_000_000, 600_000
HEAVIER = {}  # page: (bytes, packed bytes), with the reason beside it
LOADED = re.compile(
    r'<script[^>]*\bsrc="([^"]+)"|<link(?=[^>]*rel="(?:stylesheet|icon|preload)")[^>]*href="([^"]+)"'
    r'|<(?:img|source|object|embed)\b[^>]*\b(?:src|data)="([^"]+)"'
)


def test_a_rule_stays_if_an_element_can_match_it():
    css = """/*! theirs */ .a,.gone{color:red} .a .gone{x:y} a:not(.gone)>p{x:y} .gone:is(.a){x:y}
    :is(.a,.gone){x:y} .b[data-x=".gone,"]::after{content:"}"} #here{x:y} #gone{x:y} .bs-new{x:y}
    @media (min-width:3px){.gone{x:y}} @media print{.b{x:y} .gone{x:y}} .md\\:b{x:y}
    @font-face{font-family:F} @font-face{font-family:F} @keyframes k{from{x:y}to{x:z}}"""
    kept = slim.prune(css, {"a", "b", "here", "md:b"})
    flat = re.sub(r"\s+", "", kept)
    assert flat == re.sub(r"\s+", "", """.a{color:red} a:not(.gone)>p{x:y} :is(.a,.gone){x:y}
    .b[data-x=".gone,"]::after{content:"}"} #here{x:y} .bs-new{x:y} @media print{.b{x:y}}
    .md\\:b{x:y} @font-face{font-family:F} @keyframes k{from{x:y}to{x:z}}""")  # fmt: skip


def test_a_plot_loses_only_what_nobody_sees():
    text = '<text x="7%s" aria-label="0.123456"%s>0.123456 <tspan>a</tspan> <tspan>b</tspan></text>'
    plot = (
        '<svg class="u-figure u-plot" viewBox="0 0 9.12345 9"><g id="p1-axes_1"> <g id="p1-tick_2">'
        ' <path d="M 1.234567 -0.000001 L 0.123456 2 " style="fill: none; stroke: red"/>'
        ' <path d="M 1 2" style="fill: none"/> </g> '
        + text % (".000001", ' transform="rotate(-0 7.0 1)"')
        + ' <use href="#p1-axes_1" transform="scale(0.012345)"/></g></svg>'
    )
    assert slim_plots.lighter("<p id='x_1'>1.234567</p>" + plot) == (
        """<p id='x_1'>1.234567</p><svg class="u-figure u-plot" viewBox="0 0 9.12345 9">"""
        '<g id="p1-axes_1"><g><path d="M 1.23 0 L 0.1235 2" style="fill: none; stroke: red"/></g>'
        + text % ("", "")
        + '<use href="#p1-axes_1" transform="scale(0.0123)"/></g></svg>'
    )


def test_a_piece_of_code_is_one_element():
    name = '<span class="sig-name descname"><span class="pre">tanh</span></span>'
    assert slim.unwrapped(name) == '<span class="sig-name descname pre">tanh</span>'
    two = name.replace("</span></span>", "</span> <em>a</em></span>")
    assert slim.unwrapped(two) == two


@cache
def weight(path):
    """(bytes, bytes packed by gzip) of a file; what is packed already is not packed again."""
    data = path.read_bytes()
    done = path.suffix in (".png", ".jpg", ".webp", ".woff", ".woff2")
    return len(data), len(data) if done else len(gzip.compress(data, 6))


def loads(page):
    """Every file that a browser fetches for a page."""
    found = {page}
    for names in LOADED.findall(page.read_text("utf-8")):
        path = (page.parent / "".join(names).split("?")[0]).resolve()
        if path.is_file():
            found.add(path)
    for sheet in [path for path in found if path.suffix == ".css"]:
        for name in re.findall(r"@import url\([\"']?([^\"')]+)", sheet.read_text("utf-8")):
            found.add((sheet.parent / name).resolve())
    return found


@pytest.mark.site
def test_a_page_is_light_enough_for_a_slow_line():
    heavy = {}
    for page in browsing.site().glob("book/**/*.html"):
        sizes = [weight(path) for path in loads(page)]
        plain, packed = (sum(column) for column in zip(*sizes, strict=True))
        name = page.relative_to(browsing.site()).as_posix()
        most, most_packed = HEAVIER.get(name, (LIMIT, PACKED_LIMIT))
        if plain > most or packed > most_packed:
            heavy[name] = plain, packed
    assert not heavy


@pytest.mark.site
def test_no_page_loads_the_script_of_icons_or_the_search():
    for page in browsing.site().glob("book/**/*.html"):
        names = {path.name for path in loads(page)}
        assert "searchindex.js" not in names and not any("fontawesome" in n for n in names), page


@pytest.mark.site
def test_every_icon_has_its_outline():
    """Each icon of a page has a rule that names a character, and a font inside that draws it."""
    css = next(browsing.site().glob("_static/styles/pydata-sphinx-theme.css")).read_text("utf-8")
    fonts = [
        set(TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap())
        for data in re.findall(r"data:font/woff;base64,([\w+/=]+)", css)
    ]
    assert len(fonts) == 3 and sum(map(len, fonts)) < 100
    rules = re.findall(r"([^{}]*)\{content:\s*([^{}]*)\}", css)
    drawn = {
        name: ord(char)
        for selector, content in rules
        for name in re.findall(r"\.(fa-[\w-]+):+before", selector)
        for char in re.findall("[\uf000-\uf8ff]", content)
    }
    used = set()
    for page in browsing.site().rglob("*.html"):
        for names in re.findall(r'class="([^"]*\bfa[bsr]?(?:-(?:solid|brands|regular))? [^"]*)"',
                                page.read_text("utf-8")):  # fmt: skip
            used |= {name for name in names.split() if name.startswith("fa-")}
    icons = used - {"fa-solid", "fa-brands", "fa-regular", "fa-lg", "fa-fw"}
    assert len(icons) > 10
    missing = {i for i in icons if not any(drawn.get(i) in font for font in fonts)}
    assert not missing
