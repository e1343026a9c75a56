"""What is shown of a page outside of it: description, card, icon, the page that is not there."""

import re

import browsing
import pytest
from bs4 import BeautifulSoup

import sharing_ext


@pytest.mark.parametrize(
    "tex, said",
    [
        (r"c_t = c_{t-1} + i_t \odot g_t", "cₜ = cₜ₋₁ + iₜ ⊙ gₜ"),
        (r"W_{hh}", "Wₕₕ"),
        (r"17^{3} - 5^{4} \cdot 9", "17³ − 5⁴ ⋅ 9"),
        (r"\mathrm{softmax}(s)\,v", "softmax(s) v"),
    ],
)
def test_a_formula_is_said_in_plain_letters(tex, said):
    assert sharing_ext.plain(tex) == said


@pytest.fixture(scope="module")
def heads():
    """{page: its head} of the built book's pages."""
    folder = browsing.site()
    return {
        page.relative_to(folder).as_posix(): BeautifulSoup(
            page.read_text("utf-8").partition("</head>")[0], "lxml"
        )
        for page in sorted(folder.glob("book/**/*.html"))
    }


def content(head, name):
    """What a page says under a name of the Open Graph protocol."""
    found = head.find("meta", property=name)
    return found["content"] if found else None


@pytest.mark.site
def test_every_page_has_a_description_without_tex(heads):
    for page, head in heads.items():
        said = content(head, "og:description")
        assert said and len(said) > 60, page
        assert not re.search(r"[\\{}$]|_[a-z]\b", said), (page, said)


@pytest.mark.site
def test_every_page_has_a_card_and_an_icon(heads):
    folder = browsing.site()
    for page, head in heads.items():
        card = re.sub(r"^https?://[^/]+/(?:[^_][^/]*/)?", "", content(head, "og:image"))
        assert (folder / card).is_file(), (page, card)
        icon = (folder / page).parent / head.find("link", rel="icon")["href"]
        assert icon.resolve().is_file(), page


@pytest.mark.site
def test_a_missing_page_leads_to_the_map_from_any_depth():
    page = BeautifulSoup((browsing.site() / "404.html").read_text("utf-8"), "lxml")
    assert page.find("h1", string="This page is not there")
    styles = [link["href"] for link in page.find_all("link", rel="stylesheet")]
    assert styles
    assert all(href.startswith("/") for href in styles)
