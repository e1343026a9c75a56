"""What the engine refuses, and how it says so: small books with one defect each."""

import json

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


@pytest.mark.parametrize(
    "text, said",
    [
        ("See {doc}`nowhere`.", "unknown document: 'nowhere'"),
        ("See {eq}`eq-nothing`.", "eq-nothing"),
        ("See {cite:t}`nobody1900`.", "nobody1900"),
        ("[there](#no-such-place)", "no-such-place"),
        ("{ours}`no-such-claim`", "no claim 'no-such-claim'"),
        ("{value}`no_such_result:path`", "no result 'no_such_result'"),
        ("```{equations} no_such_cell\n```", "there is no cell 'no_such_cell'"),
        ("A {term}`word without entry`.", "word without entry"),
        ("```{claims} no-such-claim\n```", "no claim 'no-such-claim'"),
        ("```{exercise-card} no/exercise\n```", "no exercise 'no/exercise'"),
        ("```{exercise-card} lstm/backward\n:mistakes: none_such\n```", "no wrong variant"),
    ],
)
def test_a_broken_reference_fails_and_names_the_page(tmp_path, text, said):
    root = books.write_book(tmp_path, {"part/one": chapter("1 + 1", text=text)})
    books.execute(root)
    status, printed = books.build(root)
    assert status != 0 and said in printed and "one.md" in printed


def test_a_good_book_builds_and_is_executed_once(tmp_path):
    root = books.write_book(
        tmp_path, {"part/one": chapter("print(6 * 7)"), "part/two": chapter("2")}
    )
    status, printed = books.execute(root)
    assert status == 0 and "executed part/one" in printed and "executed part/two" in printed
    status, printed = books.execute(root)
    assert status == 0 and "0 to execute" in printed
    status, printed = books.build(root)
    assert status == 0, printed
    assert "42" in (root / "_build/html/book/part/one.html").read_text("utf-8")


def test_the_address_reaches_buttons_and_notebooks_from_one_line(tmp_path):
    root = books.write_book(tmp_path, {"part/one": chapter("1")})
    config = root / "_config.yml"
    config.write_text(config.read_text().replace("OWNER/REPO", "someone/somewhere"))
    books.execute(root)
    assert books.build(root)[0] == 0
    page = (root / "_build/html/book/part/one.html").read_text("utf-8")
    notebook = "someone/somewhere/blob/main/notebooks/part/one.ipynb"
    assert f"https://colab.research.google.com/github/{notebook}" in page
    status, printed = books.lower(root, root / "notebooks")
    assert status == 0, printed
    cells = json.loads((root / "notebooks/part/one.ipynb").read_text("utf-8"))["cells"]
    assert any("someone/somewhere" in "".join(cell["source"]) for cell in cells)
