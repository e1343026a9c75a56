"""The book as one PDF: a small one of three pages, printed and bound."""

import browsing
import pytest
from pypdf import PdfReader

import pdf

LONG = "<p>A line of text.</p>" * 90
PAGES = {
    "book/intro": '<h1>All of it</h1><p>See <a href="part/second.html#deep">below</a>, '
    '<a href="part/first.html">first</a> and <a href="../source.py">a file</a>.</p>',
    "book/part/first": f"<h1>One</h1>{LONG}<h2>Its end</h2><p><a href='#top'>up</a></p>",
    "book/part/second": f"<h1>Two</h1>{LONG}<h2 id='deep'>Far down</h2>"
    "<p><a href='../intro.html'>back</a> <a href='https://example.org/'>out</a></p>",
}
TOC = {
    "root": "book/intro",
    "parts": [
        {
            "caption": "The part",
            "chapters": [{"file": "book/part/first"}, {"file": "book/part/second"}],
        }
    ],
}


@pytest.fixture(scope="module")
def bound(tmp_path_factory):
    """The bound book, and how many pages were said."""
    folder = tmp_path_factory.mktemp("pdf")
    for name, body in PAGES.items():
        path = folder / "site" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<!doctype html><meta charset=utf-8><title>x</title>{body}", "utf-8")
    with browsing.chromium() as browser:
        count = pdf.make(folder / "site", TOC, folder / "book.pdf", browser, folder)
    return PdfReader(folder / "book.pdf"), count


def page_with(reader, words):
    """The number of the one page that has these words as a line."""
    (found,) = [k for k, page in enumerate(reader.pages)
                if words in page.extract_text().split("\n")]  # fmt: skip
    return found


def links(reader, page):
    """Where the links of a page lead: page numbers, or addresses outside."""
    for link in reader.pages[page].get("/Annots", ()):
        link = link.get_object()
        if "/A" in link:
            yield link["/A"]["/URI"]
        else:
            yield reader.get_page_number(link["/Dest"][0].get_object())


@pytest.mark.browser
def test_links_lead_to_their_place_in_the_file(bound):
    reader, count = bound
    first, deep = page_with(reader, "One"), page_with(reader, "Far down")
    assert deep > page_with(reader, "Two")
    assert list(links(reader, 0)) == [deep, first]  # not the file, which is not in the book
    assert list(links(reader, deep)) == [0, "https://example.org/"]
    second = page_with(reader, "Two")
    assert list(links(reader, page_with(reader, "Contents"))) == [0, first, second]
    assert len(reader.pages) == count


@pytest.mark.browser
def test_pages_are_numbered_and_marked(bound):
    reader, _ = bound
    for k, page in enumerate(reader.pages):
        assert page.extract_text().split("\n")[-1] == str(k + 1)
    titles = [o if isinstance(o, list) else o.title for o in reader.outline]
    assert titles[:3] == ["All of it", "Contents", "The part"]
    inner = [o if isinstance(o, list) else o.title for o in titles[3]]
    assert [inner[0], inner[2]] == ["One", "Two"]
    assert inner[3][0].title == "Far down"
    assert f"Two {page_with(reader, 'Two') + 1}" in reader.pages[1].extract_text().split("\n")


def test_a_page_that_is_not_built_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"intro.html is not built; run: make book"):
        list(pdf.sheets(tmp_path, TOC))
