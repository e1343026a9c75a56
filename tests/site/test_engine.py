"""What the engine refuses, and how it says so: small books with one defect each."""

import json
import re

import pytest
import small_books as books

pytestmark = pytest.mark.slow
CELL = "```{{code-cell}} ipython3\n{}\n```\n"


def chapter(*cells, text=""):
    """A chapter with one heading, some text and code cells."""
    body = "\n".join(CELL.format(cell) for cell in cells)
    return f"{books.HEADER}# A chapter\n\n{text}\n\n{body}"


@pytest.mark.parametrize(
    "cells, options, said",
    [
        (("a = 1", "a / 0"), {}, ("part/one, code cell 2 (a / 0)", "ZeroDivisionError")),
        (
            ("import sys\nprint('careful', file=sys.stderr)",),
            {},
            ("part/one, code cell 1", "careful"),
        ),
        (("import time\ntime.sleep(30)",), {"timeout": 2}, ("part/one, code cell 1", "2 s")),
        (("import os\nos._exit(3)",), {}, ("part/one",)),
    ],
    ids=["raises", "stderr", "times out", "dies"],
)
def test_a_bad_cell_fails_and_is_named(tmp_path, cells, options, said):
    root = books.write_book(tmp_path, {"part/one": chapter(*cells)}, **options)
    status, printed = books.execute(root)
    assert status != 0
    for words in said:
        assert words in printed


def test_a_caption_that_is_no_yaml_is_named_with_the_remedy(tmp_path):
    text = chapter("1").replace("ipython3\n", "ipython3\n:caption: One: two.\n", 1)
    status, printed = books.execute(books.write_book(tmp_path, {"part/one": text}))
    assert status != 0 and "FAILED part/one: " in printed and ":caption: >" in printed
    assert "Code cell 1 at line" in printed and "Traceback" not in printed


BROKEN = {
    "document": ("See {doc}`nowhere`.", "unknown document: 'nowhere'"),
    "equation": ("See {eq}`eq-nothing`.", "eq-nothing"),
    "source": ("See {cite:t}`nobody1900`.", "nobody1900"),
    "place": ("[there](#no-such-place)", "no-such-place"),
    "claim": ("{ours}`no-such-claim`", "no claim 'no-such-claim'"),
    "value": ("{value}`no_such_result:path`", "no result 'no_such_result'"),
    "cell": ("```{equations} no_such_cell\n```", "there is no cell 'no_such_cell'"),
    "word": ("A {term}`word without entry`.", "word without entry"),
    "claims": ("```{claims} no-such-claim\n```", "no claim 'no-such-claim'"),
    "exercise": ("```{exercise-card} no/exercise\n```", "no exercise 'no/exercise'"),
    "variant": ("```{exercise-card} lstm/backward\n:mistakes: none_such\n```", "no wrong variant"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What a build says of a book in which every page holds one reference to nothing."""
    pages = {f"part/{name}": chapter(text=text) for name, (text, _) in BROKEN.items()}
    return books.build(books.write_book(tmp_path_factory.mktemp("broken"), pages))


@pytest.mark.parametrize("page", BROKEN)
def test_a_broken_reference_fails_and_names_the_page(broken, page):
    """Each is a warning or an error of its own page, either of which fails a build."""
    status, printed = broken
    named = [line for line in printed.splitlines() if f"part/{page}.md" in line]
    assert any(re.search("WARNING|ERROR", n) and BROKEN[page][1] in n for n in named), printed
    assert status != 0


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A book at an address of its own, executed twice and built; its folder and what was said."""
    pages = {"part/one": chapter("print(6 * 7)"), "part/two": chapter("2")}
    root = books.write_book(tmp_path_factory.mktemp("good"), pages)
    config = root / "_config.yml"
    config.write_text(config.read_text().replace("OWNER/REPO", "someone/somewhere"))
    return root, books.execute(root), books.execute(root), books.build(root)


def test_a_good_book_builds_and_is_executed_once(good):
    root, (first, said), (second, again), (built, printed) = good
    assert first == 0 and "executed part/one" in said and "executed part/two" in said
    assert second == 0 and "0 to execute" in again
    assert built == 0, printed
    assert "42" in (root / "_build/html/book/part/one.html").read_text("utf-8")


def test_the_address_reaches_buttons_and_notebooks_from_one_line(good):
    root = good[0]
    page = (root / "_build/html/book/part/one.html").read_text("utf-8")
    notebook = "someone/somewhere/blob/main/notebooks/part/one.ipynb"
    assert f"https://colab.research.google.com/github/{notebook}" in page
    status, printed = books.lower(root, root / "notebooks")
    assert status == 0, printed
    cells = json.loads((root / "notebooks/part/one.ipynb").read_text("utf-8"))["cells"]
    assert any("someone/somewhere" in "".join(cell["source"]) for cell in cells)
